"""Where an answer ends: ambiguous lengths and encodings, and bytes that follow an answer."""

import contextlib
import time

import pytest

from nebius_cli.core.errors_and_exit_codes import NetworkError, RejectedError
from tests.support.calls import connect, failure, send
from tests.support.server import LAST_CHUNK, FakeServer, Reply, chunk, head

ANSWER = head(200, "application/json", Content_Length="2") + b"{}"
KEPT: Reply = [ANSWER]
CHUNKED = head(Transfer_Encoding="chunked")


def patient(*replies: Reply) -> FakeServer:
    """Return a server that keeps its connections open."""
    return FakeServer(keep_alive=True).script(*replies)


def with_lines(*lines: str, code: int = 200) -> bytes:
    return head(code).removesuffix(b"\r\n") + "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["Content-Length: 2, 3"], "several Content-Length values: 2, 3"),
        (["Transfer-Encoding: gzip, chunked"], "unknown transfer encoding: gzip, chunked"),
        (["no header", "Content-Length: 2"], "an invalid header line"),
        (["X : 1", "Transfer-Encoding: chunked"], "an invalid header line"),
        (["X\0: 1", "Content-Length: 2"], "an invalid header line"),
    ],
)
def test_an_answer_of_ambiguous_length_is_an_error(lines: list[str], why: str) -> None:
    with contextlib.closing(patient([with_lines(*lines) + b"{}"])) as server:
        error = failure(send, connect(server.url))
    assert isinstance(error, NetworkError)
    assert why in error.why


def test_an_error_status_is_reported_even_if_the_length_is_ambiguous() -> None:
    reply = [with_lines("no header", "Content-Length: 22", code=400) + b'{"detail":"no prompt"}']
    with contextlib.closing(patient(reply, KEPT)) as server:
        api = connect(server.url)
        error = failure(send, api)
        assert send(api).body == b"{}"
    assert isinstance(error, RejectedError)
    assert error.why == "no prompt"
    assert server.connections == 2


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        ([with_lines("Content-Length: 2, 2") + b"{}"], b"{}"),
        ([with_lines("Content-Length: 2", "no header", "X: 1") + b"{}"], b"{}"),
        ([with_lines("Transfer-Encoding: chunked ") + chunk(b"{}") + LAST_CHUNK], b"{}"),
        ([with_lines("Transfer-Encoding: chunked, chunked") + chunk(b"{}") + LAST_CHUNK], b"{}"),
        ([with_lines("Content-Length: 2", "Content-Length: 2") + b"{}"], b"{}"),
        ([with_lines("Transfer-Encoding: identity", "Content-Length: 2") + b"{}"], b"{}"),
        ([with_lines("Content-Length: 7", "Transfer-Encoding: chunked") + chunk(b"{}") + LAST_CHUNK], b"{}"),
        ([with_lines("Transfer-Encoding: chunked", code=204)], b""),
    ],
    ids=[
        "twice in a line",
        "before an invalid line",
        "a blank after chunked",
        "chunked twice",
        "in two lines",
        "identity",
        "both",
        "204",
    ],
)
def test_an_answer_of_unambiguous_length_is_accepted(reply: Reply, body: bytes) -> None:
    with contextlib.closing(patient(reply)) as server:
        assert send(connect(server.url)).body == body


@pytest.mark.parametrize(
    "answer", [ANSWER, CHUNKED + chunk(b"{}") + LAST_CHUNK, head(204)], ids=["length", "chunked", "204"]
)
def test_bytes_after_an_answer_are_not_taken_for_the_next_one(answer: bytes) -> None:
    evil = head(200, "application/json", Content_Length="6") + b'"evil"'
    # The rest arrives while the connection is idle: only the buffered bytes show that something is wrong.
    with contextlib.closing(
        patient([answer + evil[:20], lambda _: time.sleep(0.2), evil[20:]], KEPT)
    ) as server:
        api = connect(server.url)
        assert send(api).body != b'"evil"'
        assert send(api).body == b"{}"
    assert server.connections == 2


def test_a_connection_is_closed_if_any_connection_header_says_close() -> None:
    closed = with_lines("Connection: keep-alive", "Connection: close", "Content-Length: 2") + b"{}"
    with contextlib.closing(patient([closed], KEPT)) as server:
        api = connect(server.url)
        assert [send(api).body, send(api).body] == [b"{}", b"{}"]
    assert server.connections == 2
