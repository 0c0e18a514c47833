"""What the machine is set up for: proxies are used, a netrc cannot replace the key."""

from pathlib import Path

import pytest

from tests.conftest import CANARY
from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, closed_port, status


def test_a_netrc_cannot_replace_the_key(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    netrc = tmp_path / "home" / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\ndefault login a password b\n")
    netrc.chmod(0o600)
    server.script(status(307, b"", Location="/v1/x"), answer("hi"))
    assert nbx("complete", "x").out == "hi\n"
    assert [request.headers["authorization"] for request in server.requests] == [f"Bearer {CANARY}"] * 2


def test_a_proxy_that_refuses_is_named_as_the_culprit(
    nbx: Runner, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    result = nbx("complete", "x")
    assert (result.code, result.out, server.requests) == (7, "", [])
    assert "the proxy refused or failed\n  Connection refused\n  check HTTPS_PROXY and NO_PROXY" in result.err
    check_message(result.err)


def test_a_proxy_that_does_not_exist_is_named_as_the_culprit(
    nbx: Runner, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    assert "the proxy refused or failed" in nbx("complete", "x").err


def test_a_proxy_is_used_except_where_no_proxy_says_so(
    nbx: Runner, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
    server.script(answer("hi"), answer("hi"))
    assert nbx("complete", "x", "--base-url", "http://api.invalid/v1", "-q").out == "hi\n"
    assert server.requests[0].target == "http://api.invalid/v1/completions"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert nbx("complete", "x").out == "hi\n"
    assert server.requests[1].target == "/v1/completions"


def test_a_proxy_setting_that_is_no_url_is_a_configuration_error(
    nbx: Runner, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://")
    result = nbx("complete", "x")
    assert (result.code, server.requests) == (78, [])
    check_message(result.err)
