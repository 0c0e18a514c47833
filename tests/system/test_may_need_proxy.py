"""Whether a proxy may be set: the environment, and systems that have settings of their own."""

import pytest

from nebius_cli.system import may_need_proxy

PROXY = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HTTPS_PROXY", PROXY, True),
        ("http_proxy", PROXY, True),
        ("All_Proxy", PROXY, True),
        ("HTTPS_PROXY", "", False),
        ("NO_PROXY", "example.com", False),
        ("no_proxy", "example.com", False),
        ("PROXY", PROXY, False),
    ],
)
def test_a_proxy_may_be_set_by_any_scheme(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, *, expected: bool
) -> None:
    monkeypatch.setenv(name, value)
    assert may_need_proxy.may_be_set() is expected


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_a_system_with_settings_of_its_own_is_asked(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    found: dict[str, str] = {}
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr("urllib.request.getproxies", lambda: found)
    assert not may_need_proxy.may_be_set()
    found["https"] = PROXY
    assert may_need_proxy.may_be_set()
