"""Network settings of the machine: proxies are used, but a netrc file cannot replace the key."""

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


def test_a_proxy_that_refuses_the_connection_is_named_in_the_error(
    nbx: Runner, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = f"http://127.0.0.1:{closed_port()}"
    monkeypatch.setenv("HTTP_PROXY", proxy)
    result = nbx("complete", "x", "--base-url", "http://api.invalid")
    assert (result.code, result.out, server.requests) == (7, "", [])
    said = "did not forward the request\n  Connection refused\n  check HTTP_PROXY and NO_PROXY\n"
    assert f"nbx: the proxy {proxy} {said}" in result.err
    check_message(result.err)


def test_a_proxy_that_does_not_exist_is_named_in_the_error(
    nbx: Runner, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    result = nbx("complete", "x", "--base-url", "http://api.invalid")
    assert "the proxy http://proxy.invalid:3128 did not forward the request" in result.err


def test_a_proxy_is_used_except_for_hosts_in_no_proxy(
    nbx: Runner, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
    server.script(answer("hi"), answer("hi"))
    assert nbx("complete", "x", "--base-url", "http://api.invalid/v1", "-q").out == "hi\n"
    assert server.requests[0].target == "http://api.invalid/v1/completions"
    assert nbx("complete", "x").out == "hi\n"
    assert server.requests[1].target == "/v1/completions"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "LOCALHOST", "api.localhost", "[::ffff:127.0.0.1]"]
)
def test_no_request_to_this_machine_goes_through_a_proxy(
    nbx: Runner, server: FakeServer, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    proxy = FakeServer()
    for name in ("http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    server.script(*([answer("hi")] if host in ("127.0.0.1", "LOCALHOST") else []))  # others may not resolve
    result = nbx("complete", "x", "--retries", "0", "--base-url", f"http://{host}:{server.port}")
    assert (proxy.requests, "proxy" in result.err) == ([], False)
    proxy.close()


@pytest.mark.parametrize("shown", ["http://127.0.0.1", "http://u:hush@127.0.0.1"])
def test_plain_http_through_a_proxy_warns_that_the_proxy_can_read_the_key(
    nbx: Runner, server: FakeServer, monkeypatch: pytest.MonkeyPatch, shown: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"{shown}:{server.port}")
    server.script(answer("hi"))
    err = nbx("complete", "x", "--base-url", "http://127.evil.invalid").err
    proxy = f"http://127.0.0.1:{server.port}"
    assert f"through the proxy {proxy}, which can read the key and the prompt" in err
    assert "hush" not in err


@pytest.mark.parametrize(
    ("proxy", "why"),
    [
        ("http://", "HTTPS_PROXY is not a proxy URL"),
        ("http://proxy corp:3128", "HTTPS_PROXY is not a proxy URL"),
        ("ftp://u:hush@127.0.0.1:9", "HTTPS_PROXY is not a supported proxy URL: ftp://127.0.0.1:9"),
        ("socks5h://127.0.0.1:9", "needs the package PySocks\n"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_a_configuration_error(
    nbx: Runner, monkeypatch: pytest.MonkeyPatch, proxy: str, why: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    result = nbx("complete", "x", "--base-url", "https://api.invalid")
    assert (result.code, result.slept) == (78, [])
    assert why in result.err
    assert "hush" not in result.err
    check_message(result.err)
