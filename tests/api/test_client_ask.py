"""Answers read at once, on many threads: requests and failures are the same as those of a stream."""

import gzip
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import urllib3
from urllib3.response import HTTPResponse

from nebius_cli.api import choose_pool_and_headers
from nebius_cli.api.choose_pool_and_headers import Pools
from nebius_cli.api.http_client import ResponseHead
from nebius_cli.api.network_errors import network_error
from nebius_cli.core.errors_and_exit_codes import (
    ConfigError,
    NetworkError,
    RejectedError,
    StatusError,
    TimedOutError,
)
from nebius_cli.core.secret import Secret
from tests.conftest import CANARY
from tests.support.calls import KEPT_OPEN, TEST_TIMEOUT_S, ask, connect, failure, post, send, stream
from tests.support.server import LAST_CHUNK, FakeServer, Reply, chunk, closed_port, head, reset, status
from tests.support.service import waiting_for


@pytest.fixture
def patient(server: FakeServer) -> FakeServer:
    """A server that leaves its connections open."""
    server.keep_alive = True
    return server


def test_an_answer_has_a_head_headers_and_a_body(server: FakeServer) -> None:
    server.script(status(201, b"hi", "text/x", X_Request_Id="r", Date="today", X_RateLimit_Limit_Tokens="9"))
    answer = ask(server.url)
    assert (answer.head, answer.body) == (ResponseHead(201, "r", "text/x", "today"), b"hi")
    assert answer.headers["x-ratelimit-limit-tokens"] == "9"


@pytest.mark.parametrize("size", [0, 2, 3_000_000])
def test_the_request_is_the_same_as_that_of_a_stream(server: FakeServer, size: int) -> None:
    server.script(status(200, b"hi"), status(200, b"hi"))
    body = b"x" * size
    ask(server.url, body, "ai_project_id=a%20b")
    list(stream(connect(server.url), body, "ai_project_id=a%20b"))
    ours, theirs = server.requests
    assert (ours.method, ours.target, ours.body) == (theirs.method, theirs.target, theirs.body)
    assert ours.headers == theirs.headers
    assert ours.headers["authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize("url", ["http://127.0.0.1:80/v1", "https://127.0.0.1/v1", "http://[::1]:8080/v1"])
def test_the_host_header_omits_a_default_port(url: str) -> None:
    pools = Pools(Secret(CANARY), cacert="", trust_env=False, size=1)
    named = b"[::1]:8080" if "::1" in url else b"127.0.0.1"
    assert b"\r\nHost: %b\r\n" % named in pools.target("POST", f"{url}/completions", "*/*").head


def test_requests_reuse_open_connections(patient: FakeServer) -> None:
    ports = []

    def note(connection: socket.socket) -> None:
        ports.append(connection.getpeername()[1])

    patient.script(*[[note, *KEPT_OPEN] for _ in range(3)])
    api = connect(patient.url)
    for query in ("", "a=b", ""):
        assert send(api, query=query).body == b"{}"
    assert len(set(ports)) == 1
    assert [request.target for request in patient.requests] == [
        "/v1/completions",
        "/v1/completions?a=b",
        "/v1/completions",
    ]


def test_a_stream_reuses_the_connection_of_an_answer_and_vice_versa(patient: FakeServer) -> None:
    patient.script(*[KEPT_OPEN] * 4)
    api = connect(patient.url)
    for _ in range(2):
        assert send(api).body == b"{}"
        assert list(stream(api))[1:] == [b"{}"]
    assert len({tuple(request.headers.items()) for request in patient.requests[::2]}) == 1


def test_an_idle_connection_that_the_server_closed_is_replaced(server: FakeServer) -> None:
    closed = threading.Event()

    def close(connection: socket.socket) -> None:  # without a Connection: close header
        connection.close()
        closed.set()

    server.script([*KEPT_OPEN, close], KEPT_OPEN)
    api = connect(server.url)
    assert send(api).body == b"{}"
    assert closed.wait(TEST_TIMEOUT_S)
    assert send(api).body == b"{}"


def test_many_threads_may_send_requests_at_once(patient: FakeServer) -> None:
    together = threading.Barrier(20)
    patient.script(*[[waiting_for(together), *KEPT_OPEN] for _ in range(20)])
    api = connect(patient.url, pool=20)
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(send, api, b"%d" % i) for i in range(20)]
        assert [one.result(TEST_TIMEOUT_S).body for one in asked] == [b"{}"] * 20
    assert sorted(int(request.body) for request in patient.requests) == list(range(20))


def test_requests_succeed_for_more_urls_than_are_cached(
    patient: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose_pool_and_headers, "MAX_TARGETS", 2)
    patient.script(*[KEPT_OPEN for _ in range(5)])
    api = connect(patient.url)
    for number in range(5):
        send(api, query=f"n={number}")
    assert [request.target[-1] for request in patient.requests] == list("01234")


@pytest.mark.parametrize(
    "reply",
    [
        [head(Transfer_Encoding="chunked"), chunk(b"whole "), chunk(b"answer"), LAST_CHUNK],
        [head(Connection="close"), b"whole ", b"answer"],
        [head(Content_Encoding="gzip", Connection="close"), gzip.compress(b"whole answer")],
        [head(Content_Encoding="UTF-8, identity", Content_Length="00000000012"), b"whole answer"],
    ],
)
def test_a_body_is_read_completely_in_each_encoding(server: FakeServer, reply: Reply) -> None:
    server.script(reply)
    assert ask(server.url).body == b"whole answer"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("zstd", "pip install 'backports.zstd>=1'"),
        ("BR", "the server should use an encoding listed in Accept-Encoding"),
    ],
)
def test_an_unsupported_compression_is_named(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch, name: str, hint: str
) -> None:
    monkeypatch.setattr(HTTPResponse, "CONTENT_DECODERS", ["gzip", "deflate"])  # as if not installed
    server.script([head(Content_Encoding=name, Content_Length="4"), b"\x28\xb5\x2f\xfd"])
    with pytest.raises(NetworkError, match=f"compressed with {name.lower()}") as caught:
        ask(server.url)
    assert caught.value.hint.startswith(hint)


def bomb() -> Reply:
    packed = gzip.compress(bytes(3_000_000))
    return [head(Content_Encoding="gzip", Content_Length=str(len(packed))), packed]


@pytest.mark.parametrize(
    "reply",
    [
        bomb(),
        [head(Connection="close"), bytes(3_000_000)],
        [head(Content_Length="3000000"), bytes(3_000_000)],
    ],
)
def test_an_answer_over_the_size_limit_is_an_error(
    server: FakeServer, reply: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nebius_cli.api.http_client.MAX_ANSWER_BYTES", 2_000_000)
    server.script(reply)
    assert failure(ask, server.url).what == "the answer is too large"


FAILURES: list[Reply] = [
    status(400, b'{"detail": "no"}'),
    status(401, f'{{"detail": "what is {CANARY}"}}'.encode()),
    status(429, b"", Retry_After="7", X_Request_Id="r"),
    status(500, b"<html>"),
    status(503, gzip.compress(b'{"detail": "later"}'), Content_Encoding="gzip"),
    status(503, b"not gzip", Content_Encoding="gzip"),
    status(304, b""),
    [head(500, Content_Length="100"), b"cut"],
    [head(500, Content_Length=str(10**12)), b"x" * 100_000, reset],
    [reset],
    [head(Content_Length="100"), b"cut", reset],
    [head(Content_Length="100"), b"cut"],
    [head(Transfer_Encoding="chunked"), b"zz\r\n"],
    [head(Content_Encoding="gzip", Content_Length="8"), b"not gzip"],
    [b"HTTP/1.1 99999 odd\r\n\r\n"],
    [b"SSH-2.0-OpenSSH\r\n"],
    [b""],
]


@pytest.mark.parametrize("reply", FAILURES)
def test_failures_are_the_same_as_those_of_a_stream(server: FakeServer, reply: Reply) -> None:
    server.script(reply, reply)
    ours, theirs = failure(ask, server.url), failure(post, server.url)
    assert (type(ours), ours.what, ours.why, ours.hint) == (
        type(theirs),
        theirs.what,
        theirs.why,
        theirs.hint,
    )
    assert CANARY not in ours.why
    if isinstance(ours, StatusError) and isinstance(theirs, StatusError):
        assert (ours.status, ours.retry_after) == (theirs.status, theirs.retry_after)
    if isinstance(ours, NetworkError) and isinstance(theirs, NetworkError):
        assert (ours.retryable, ours.sent) == (theirs.retryable, True)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{}/v1", "http://nowhere.invalid/v1", "http://255.255.255.255:1/v1"]
)
def test_a_failure_to_connect_is_marked_as_not_sent(url: str) -> None:
    url = url.format(closed_port())
    ours, theirs = failure(ask, url), failure(post, url)
    assert (ours.what, ours.why, ours.hint) == (theirs.what, theirs.why, theirs.hint)
    assert isinstance(ours, NetworkError)
    assert not ours.sent


def test_a_missing_cacert_file_is_a_configuration_error(tmp_path: Path) -> None:
    error = failure(ask, "https://127.0.0.1:1/v1", cacert=str(tmp_path / "none.pem"))
    assert isinstance(error, ConfigError)
    assert error.what == f"cannot read the certificate authorities in {tmp_path / 'none.pem'}"


def test_a_urllib3_connect_timeout_becomes_a_timed_out_error() -> None:
    error = network_error(urllib3.exceptions.ConnectTimeoutError("late"))
    assert (type(error), error.hint) == (TimedOutError, "use --connect-timeout SECONDS to wait longer")


def test_a_server_that_sends_nothing_times_out(server: FakeServer) -> None:
    server.script([server.hold])
    error = failure(send, connect(server.url), first_byte=0.2)
    assert (type(error), error.what, error.why) == (TimedOutError, "timed out", "no data arrived for 0.2 s")


def test_a_redirect_on_the_same_host_gets_the_same_request(server: FakeServer) -> None:
    log: list[str] = []
    server.script(status(307, b"", Location="/v1/x"), status(200, b"hi", X_Request_Id="r"))
    assert ask(server.url, log=log.append).body == b"hi"
    first, second = server.requests
    assert (first.body, first.headers, second.target) == (second.body, second.headers, "/v1/x")
    host = f"http://127.0.0.1:{server.port}"
    assert log == [
        f"POST {host}/v1/completions (2 bytes)",
        "HTTP 307",
        f"POST {host}/v1/x (2 bytes)",
        "HTTP 200 r",
    ]


def test_redirects_to_other_hosts_and_redirect_loops_are_refused(server: FakeServer) -> None:
    server.script(status(307, b"", Location="http://elsewhere.example/"))
    assert isinstance(failure(ask, server.url), RejectedError)
    server.script(*[status(307, b"", Location="/v1/x") for _ in range(4)])
    assert failure(ask, server.url).what == "more than 3 redirects"
    assert len(server.requests) == 5


def test_a_proxy_receives_its_password_and_the_full_url(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://user:word@127.0.0.1:{server.port}")
    server.script(status(200, b"hi"), status(200, b"hi"))
    assert ask("http://api.invalid/v1").body == b"hi"
    post("http://api.invalid/v1")
    ours, theirs = server.requests
    assert (ours.target, ours.headers) == (theirs.target, theirs.headers)
    assert ours.target == "http://api.invalid/v1/completions"
    assert "proxy-authorization" in ours.headers


def test_a_proxy_that_refuses_the_connection_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = f"http://127.0.0.1:{closed_port()}"
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    error = failure(ask, "https://api.invalid/v1")
    assert error.what == f"the proxy {proxy} did not forward the request"
    assert isinstance(error, NetworkError)
    assert not error.sent
