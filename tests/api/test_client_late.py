"""Requests that take too long are ended from outside, whatever the server drips meanwhile; TLS among them."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme

from nebius_cli.api import calls
from nebius_cli.api.client import Api
from nebius_cli.core.errors import (
    NbxError,
    ServerError,
    TimedOutError,
)
from tests.support.calls import KEPT_OPEN, PATIENCE, ask, connect, failure
from tests.support.server import FakeServer, Reply, chunk, head, status


def ended(api: Api, **limits: float) -> NbxError:
    """Return how a request ends that is ended for being late."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(api.ask, "/completions", "", b"{}", accept="*/*")
        until = time.monotonic() + PATIENCE
        while not asked.done() and time.monotonic() < until:
            api.end_late(**{"first_byte": 0.0, "stall": 0.0, "total": 0.0, **limits})
            time.sleep(0.01)
        error = asked.exception(0)
    assert isinstance(error, NbxError)
    return error


def drip(piece: bytes) -> Callable[[socket.socket], None]:
    def step(connection: socket.socket) -> None:
        for _ in range(PATIENCE * 50):
            connection.sendall(piece)
            time.sleep(0.02)

    return step


@pytest.mark.parametrize(
    ("reply", "limits", "why"),
    [
        ([drip(b"H")], {"first_byte": 0.3}, "nothing came for 0.3 s"),
        ([b"HTTP/1.1 200 OK\r\n", drip(b"a: b\r\n")], {"first_byte": 0.3}, "nothing came for 0.3 s"),
        ([head(), drip(b" ")], {"first_byte": 0.1, "total": 0.3}, "it took longer than 0.3 s in all"),
    ],
)
def test_a_dripping_server_is_ended_from_outside(
    server: FakeServer, reply: Reply, limits: dict[str, float], why: str
) -> None:
    server.script(reply)
    error = ended(connect(server.url), **limits)
    assert (type(error), error.what, error.why) == (TimedOutError, "timed out", why)
    assert "SECONDS waits longer" in error.hint
    assert server.hung_up.wait(PATIENCE)


@pytest.mark.parametrize(
    "start", [head(Content_Length="100"), head(Transfer_Encoding="chunked") + chunk(b"a")]
)
def test_a_body_that_stops_coming_is_ended_from_outside(server: FakeServer, start: bytes) -> None:
    server.script([start, server.until_hung_up])
    error = ended(connect(server.url), stall=0.2)
    assert (error.why, error.hint[:15]) == ("nothing came for 0.2 s", "--stall-timeout")


def test_an_errors_text_that_does_not_come_is_not_waited_for(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "ERROR_BODY_SECONDS", 0.1)
    server.script([head(500, Content_Length="100"), b"begun", server.until_hung_up])
    error = ended(connect(server.url))
    assert isinstance(error, ServerError)
    assert error.why == "begun"


def test_a_request_in_time_is_left_alone(server: FakeServer) -> None:
    api = connect(server.url)
    api.end_late(first_byte=1, stall=1, total=1)
    server.script([lambda _: api.end_late(first_byte=PATIENCE, stall=0, total=0), *KEPT_OPEN])
    assert api.ask("/completions", "", b"{}", accept="*/*").body == b"{}"


def test_a_call_without_a_connection_cannot_be_ended() -> None:
    call = calls.Call(0.0)
    call.end(("why", "hint"))
    assert call.ended is None


@pytest.fixture
def secure() -> Iterator[FakeServer]:
    """A server that speaks TLS with a certificate of an authority of its own."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    served = FakeServer(tls=context)
    served.authority = authority  # type: ignore[attr-defined]
    yield served
    served.close()


def test_tls_is_checked_and_used(secure: FakeServer, tmp_path: Path) -> None:
    path = tmp_path / "authority.pem"
    secure.authority.cert_pem.write_to_path(str(path))  # type: ignore[attr-defined]
    assert failure(ask, secure.url).what == "no TLS connection to 127.0.0.1"
    secure.script(status(200, b"hi"), [head(), drip(b" ")])
    assert ask(secure.url, cacert=str(path)).body == b"hi"
    error = ended(connect(secure.url, cacert=str(path)), total=0.3)
    assert error.why == "it took longer than 0.3 s in all"


def test_a_request_that_has_come_back_leaves_its_connection_to_others(server: FakeServer) -> None:
    trips = connect(server.url)._trips
    call = trips.begin()
    call.sock, theirs = socket.socketpair()
    with call.sock as ours, theirs:
        trips.finish()
        call.end(("it took too long", ""))
        ours.sendall(b"x")
        assert (theirs.recv(1), call.ended) == (b"x", None)
