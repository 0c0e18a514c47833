"""Whether a proxy may be set, in the environment or in the settings of the system."""

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
def test_a_proxy_variable_of_any_scheme_may_set_a_proxy(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, *, expected: bool
) -> None:
    monkeypatch.setenv(name, value)
    assert may_need_proxy.proxy_may_be_set() is expected


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_windows_and_macos_settings_are_checked(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    found: dict[str, str] = {}
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr("urllib.request.getproxies", lambda: found)
    assert not may_need_proxy.proxy_may_be_set()
    found["https"] = PROXY
    assert may_need_proxy.proxy_may_be_set()
