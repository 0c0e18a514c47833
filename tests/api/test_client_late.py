"""Requests that take too long time out, even if the server sends a byte now and then; also with TLS."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import urllib3.util.connection

from nebius_cli.api import http_client
from nebius_cli.core.errors_and_exit_codes import NetworkError, ServerError, TimedOutError
from tests.support.calls import KEPT_OPEN, TEST_TIMEOUT_S, ask, connect, failure, send, stream
from tests.support.server import FakeServer, Reply, chunk, head, status


def drip(piece: bytes) -> Callable[[socket.socket], None]:
    def step(connection: socket.socket) -> None:
        for _ in range(TEST_TIMEOUT_S * 50):
            connection.sendall(piece)
            time.sleep(0.02)

    return step


@pytest.mark.parametrize(
    ("reply", "limits", "why"),
    [
        ([drip(b"H")], {"first_byte": 0.3}, "no data arrived for 0.3 s"),
        ([b"HTTP/1.1 200 OK\r\n", drip(b"a: b\r\n")], {"first_byte": 0.3}, "no data arrived for 0.3 s"),
        ([head(100), drip(head(103))], {"first_byte": 0.3}, "no data arrived for 0.3 s"),
        ([head(), drip(b" ")], {"first_byte": 0.1, "total": 0.3}, "it took longer than 0.3 s in total"),
        (
            [head(), drip(b" ")],
            {"first_byte": 0.2, "stall": 0.3},
            "data arrived, but the answer made no progress for 0.3 s",
        ),
        (
            [head(Transfer_Encoding="chunked"), drip(b"0")],
            {"first_byte": 0.2, "stall": 0.3},
            "data arrived, but the answer made no progress for 0.3 s",
        ),
    ],
)
def test_a_server_that_sends_bytes_without_progress_times_out(
    server: FakeServer, reply: Reply, limits: dict[str, float], why: str
) -> None:
    server.script(reply)
    error = failure(send, connect(server.url), **limits)
    assert (type(error), error.what, error.why) == (TimedOutError, "timed out", why)
    assert "SECONDS to wait longer" in error.hint
    assert server.hung_up.wait(TEST_TIMEOUT_S)


@pytest.mark.parametrize(
    "start", [head(Content_Length="100") + b"a", head(Transfer_Encoding="chunked") + chunk(b"a")]
)
def test_a_body_that_stops_arriving_times_out(server: FakeServer, start: bytes) -> None:
    server.script([start, server.until_hung_up])
    error = failure(send, connect(server.url), stall=0.2)
    assert (error.why, error.hint[4:19]) == ("no data arrived for 0.2 s", "--stall-timeout")


def test_the_rest_of_an_error_body_is_not_waited_for_long(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "ERROR_BODY_TIMEOUT_S", 0.1)
    server.script([head(500, Content_Length="100"), b"begun", server.until_hung_up])
    error = failure(send, connect(server.url))
    assert isinstance(error, ServerError)
    assert error.why == "begun"


def test_a_server_that_does_not_read_the_request_times_out(server: FakeServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # it never accepts
        api = connect(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        error = failure(send, api, bytes(50_000_000), first_byte=0.3)
    assert (type(error), error.why) == (TimedOutError, "no data arrived for 0.3 s")


def test_a_dns_lookup_that_never_ends_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def look_up(*_: object, **__: object) -> None:
        over.wait(TEST_TIMEOUT_S)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    error = failure(send, connect("http://api.invalid/v1"), first_byte=0.3)
    over.set()
    assert isinstance(error, NetworkError)
    assert (error.why, error.sent) == ("no data arrived for 0.3 s", False)


def test_a_connection_established_after_the_timeout_is_closed(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, made = threading.Event(), threading.Event()
    create = urllib3.util.connection.create_connection
    late: list[socket.socket] = []

    def slowly(*args: Any, **more: Any) -> socket.socket:
        over.wait(TEST_TIMEOUT_S)
        late.append(create(*args, **more))
        made.set()
        return late[0]

    monkeypatch.setattr("urllib3.util.connection.create_connection", slowly)
    failure(send, connect(server.url), first_byte=0.2)
    over.set()
    assert made.wait(TEST_TIMEOUT_S)
    until = time.monotonic() + TEST_TIMEOUT_S
    while late[0].fileno() != -1 and time.monotonic() < until:
        time.sleep(0.01)
    assert late[0].fileno() == -1


def test_a_time_limit_applies_to_its_own_request_only(server: FakeServer) -> None:
    server.keep_alive = True

    def pause(_: object) -> None:
        time.sleep(0.4)

    server.script(KEPT_OPEN, [pause, *KEPT_OPEN])
    api = connect(server.url)
    assert send(api, first_byte=0.3, stall=0.3, total=0.3).body == b"{}"
    assert send(api).body == b"{}"  # over the same connection


def test_time_spent_by_a_slow_consumer_counts_toward_no_limit(server: FakeServer) -> None:
    server.script([head(), b"a", b"b"])
    answer = stream(connect(server.url), first_byte=0.2, stall=0.2, total=0.3)
    next(answer)
    received = b""
    for item in answer:
        assert isinstance(item, bytes)
        received += item
        time.sleep(0.4)
    assert received == b"ab"


@pytest.fixture
def secure() -> Iterator[FakeServer]:
    """A TLS server with a certificate issued by its own authority."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    served = FakeServer(tls=context)
    served.authority = authority  # type: ignore[attr-defined]
    yield served
    served.close()


def test_the_certificate_of_the_server_is_verified(secure: FakeServer, tmp_path: Path) -> None:
    path = tmp_path / "authority.pem"
    secure.authority.cert_pem.write_to_path(str(path))  # type: ignore[attr-defined]
    assert failure(ask, secure.url).what == f"cannot establish a TLS connection to 127.0.0.1:{secure.port}"
    secure.script(status(200, b"hi"), [head(), drip(b" ")])
    assert ask(secure.url, cacert=str(path)).body == b"hi"
    error = failure(send, connect(secure.url, cacert=str(path)), total=0.3)
    assert error.why == "it took longer than 0.3 s in total"
