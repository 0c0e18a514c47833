"""The HTTP client over real sockets: what it sends, when it yields bytes, and how a call ends."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nebius_cli import __version__
from nebius_cli.api.endpoint import check_key
from nebius_cli.api.http_client import MAX_ERROR_BODY_BYTES, ResponseHead
from nebius_cli.core.errors_and_exit_codes import (
    AuthError,
    ConfigError,
    NetworkError,
    RejectedError,
    ServerError,
    TimedOutError,
)
from nebius_cli.core.secret import Secret
from tests.conftest import CANARY
from tests.support.calls import TEST_TIMEOUT_S, connect, stream
from tests.support.gate import Gate
from tests.support.server import FakeServer, chunk, closed_port, head, status

CHUNKED = head(Transfer_Encoding="chunked")

Post = Callable[..., Iterator[ResponseHead | bytes]]


@pytest.fixture
def post(server: FakeServer) -> Post:
    """Return a function that posts a body, to the scripted server unless stated otherwise."""

    def call(body: bytes = b"{}", url: str = "", **more: Any) -> Iterator[ResponseHead | bytes]:
        return stream(connect(url or server.url, **more), body, "a=b")

    return call


def test_a_request_is_sent_unchanged(post: Post, server: FakeServer) -> None:
    server.script(status(200, b"hi"))
    body = '{"prompt": "é\\u0000\U0001f30d"}'.encode() * 1000
    assert list(post(body)) == [ResponseHead(200, "", "application/json"), b"hi"]
    request = server.requests[0]
    assert (request.method, request.target, request.body) == ("POST", "/v1/completions?a=b", body)
    assert {
        name: request.headers[name] for name in ("accept", "authorization", "content-type", "user-agent")
    } == {
        "accept": "application/json",
        "authorization": f"Bearer {CANARY}",
        "content-type": "application/json",
        "user-agent": f"nbx/{__version__}",
    }


def test_the_head_has_the_request_id_from_the_server(post: Post, server: FakeServer) -> None:
    server.script(
        status(201, b"", "text/x", x_request_id="r", x_inference_id="i"), status(200, b"", x_inference_id="i")
    )
    assert next(iter(post())) == ResponseHead(201, "r", "text/x")
    assert next(iter(post())) == ResponseHead(200, "i", "application/json")


@pytest.mark.parametrize("encoding", ["chunked", "plain"])
def test_bytes_are_yielded_as_they_arrive(post: Post, server: FakeServer, encoding: str) -> None:
    gates = [Gate(), Gate()]
    pieces = [
        chunk(b"a") if encoding == "chunked" else b"a",
        chunk(b"bc") if encoding == "chunked" else b"bc",
    ]
    start = CHUNKED if encoding == "chunked" else head()
    server.script(
        [start, gates[0], pieces[0], gates[1], pieces[1], *([chunk(b"")] if encoding == "chunked" else [])]
    )
    answer = post()
    assert isinstance(next(answer), ResponseHead)
    gates[0].open()
    assert next(answer) == b"a"
    gates[1].open()
    assert next(answer) == b"bc"
    assert list(answer) == []


def test_closing_a_stream_closes_the_connection(post: Post, server: FakeServer) -> None:
    server.script([CHUNKED, chunk(b"a"), server.until_hung_up])
    answer = post()
    assert [isinstance(next(answer), ResponseHead), next(answer)] == [True, b"a"]
    answer.close()  # type: ignore[attr-defined]  # it is a generator
    assert server.hung_up.wait(TEST_TIMEOUT_S)


def test_a_retry_after_date_is_counted_from_now(post: Post, server: FakeServer) -> None:
    server.script(status(503, b"", Retry_After="Thu, 01 Jan 1970 00:02:00 GMT"))
    with pytest.raises(ServerError) as caught:
        list(post(now=lambda: 90.0))
    assert caught.value.retry_after == 30


def test_only_the_start_of_a_large_error_body_is_read(post: Post, server: FakeServer) -> None:
    server.script([head(500, Content_Length=str(10**12)), b"x" * (MAX_ERROR_BODY_BYTES + 1), server.hold])
    with pytest.raises(ServerError) as caught:
        list(post())
    assert caught.value.why.startswith("xxx")


def test_a_refused_connection_may_be_retried(post: Post) -> None:
    port = closed_port()
    with pytest.raises(NetworkError) as caught:
        list(post(url=f"http://127.0.0.1:{port}"))
    assert (caught.value.what, caught.value.retryable) == (f"connection to 127.0.0.1:{port} refused", True)


def test_an_unreachable_host_may_be_retried(post: Post) -> None:
    with pytest.raises(NetworkError) as caught:
        list(post(url="http://255.255.255.255:1"))
    assert (caught.value.what, caught.value.retryable) == ("cannot connect to 255.255.255.255", True)
    assert caught.value.why


def test_a_connect_timeout_may_be_retried(post: Post) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        # A backlog of 0 holds one connection; the handshakes of later ones are not answered.
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        with pytest.raises(TimedOutError) as caught:
            list(post(url=f"http://127.0.0.1:{port}", connect_timeout=0.3))
        for one in waiting:
            one.close()
    assert caught.value.what == f"cannot connect to 127.0.0.1:{port} within the connect timeout"
    assert (caught.value.retryable, caught.value.hint) == (
        True,
        "use --connect-timeout SECONDS to wait longer",
    )


@pytest.mark.parametrize(
    "url", ["http://ho st/v1", "http://\u2026\u2026/v1", "http://.example/v1", "http://a..b/v1"]
)
def test_an_invalid_host_name_is_a_configuration_error(post: Post, url: str) -> None:
    with pytest.raises(ConfigError):
        list(post(url=url))


def test_proxies_can_be_turned_off(post: Post, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    server.script(status(200, b"hi"))
    assert list(post(trust_env=False))[1:] == [b"hi"]


def test_a_redirect_to_another_host_on_the_same_port_is_refused(post: Post, server: FakeServer) -> None:
    server.script(status(307, b"", Location=f"http://localhost:{server.port}/v1/completions"))
    with pytest.raises(RejectedError, match="a redirect to http://localhost"):
        list(post())
    assert len(server.requests) == 1


def test_a_password_in_a_redirect_is_not_shown(post: Post, server: FakeServer) -> None:
    server.script(status(307, b"", Location="http://user:canary@elsewhere.example/"))
    with pytest.raises(RejectedError) as caught:
        list(post())
    assert caught.value.what == "the server answered 307, a redirect to http://elsewhere.example/"


@pytest.mark.parametrize(("key", "sent"), [("k", "k"), (" k\r\n", "k"), ("v1.a-b_c=", "v1.a-b_c=")])
def test_only_white_space_around_a_key_is_removed(key: str, sent: str) -> None:
    assert check_key(Secret(key)).reveal() == sent


@pytest.mark.parametrize("key", ["", " ", "canary\nx", "canary\u00e9", "canary\x7f", "canary\0"])
def test_a_key_that_is_invalid_in_a_header_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(AuthError) as caught:
        check_key(Secret(key))
    assert "canary" not in caught.value.what + caught.value.why + caught.value.hint
