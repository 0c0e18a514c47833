"""Rows of the fault matrix: connections that fail, at every stage of an answer."""

import socket
import time

from tests.faults import faulty_servers
from tests.faults.matrix import Fault, Good, Seen, completing, differs, everywhere, unreached
from tests.support.server import Reply, Step, chunk, head, reset

TEST_TIMEOUT_S = 30  # seconds; only a failing test waits this long
BROKE = "the connection broke"
ENDED = "it ended in the middle of the answer"
FIRST, STALL, TOTAL = ("--first-byte-timeout", "0.3"), ("--stall-timeout", "0.4"), ("--timeout", "0.6")
NO_PROGRESS, NO_DATA = "the answer made no progress for 0.4 s", "no data arrived for 0.3 s"
WAIT = "use --first-byte-timeout SECONDS to wait longer"

WAIT_FOR_MORE = "use --stall-timeout SECONDS to wait longer"  # where --stall-timeout is the larger limit


def hold(connection: socket.socket) -> None:
    """Placeholder for the server's own `hold`: send nothing until the test ends."""


def drip(text: bytes) -> Step:
    """Return a step that sends the same few bytes over and over, slowly."""

    def step(connection: socket.socket) -> None:
        over = time.monotonic() + TEST_TIMEOUT_S
        while time.monotonic() < over:  # until nbx hangs up, which makes sending fail
            connection.sendall(text)
            time.sleep(0.02)

    return step


def flood(text: bytes) -> Step:
    """Return a step that sends the same bytes over and over, as fast as they are read."""

    def step(connection: socket.socket) -> None:
        over = time.monotonic() + TEST_TIMEOUT_S
        while time.monotonic() < over:
            connection.sendall(text)

    return step


def _cut_first(good: Good) -> Reply:
    return [good.head(Transfer_Encoding="chunked"), chunk(good.first)[:-30], reset]


def _two_lengths(good: Good, first: int, second: int) -> bytes:
    return good.head(Content_Length=str(first))[:-2] + f"Content-Length: {second}\r\n\r\n".encode()


def _broken_halfway(says: str) -> dict[str, Seen]:
    """Return the outcome of a break after the first half: a stream keeps its text, others are retried."""
    return differs(Seen(8, "half\n", says), Seen(7, "", says, True), Seen(7, "", says, True))


# The answer is complete, but the connection breaks after it: only the list of models is requested again.
BROKEN_AFTER = differs(
    Seen(0, "half\n"),
    Seen(0, "half\n"),
    Seen(7, "", BROKE, True),
)

TO = "the connection to 127.0.0.1 broke"
NO_TLS = "cannot establish a TLS connection to 127.0.0.1:"

FAULTS = (
    Fault("refused", [], unreached(" refused", retried=True), (), faulty_servers.nothing_listens),
    Fault(
        "no such host",
        [],
        unreached("the host name does not resolve", retried=True),
        (),
        faulty_servers.no_name,
    ),
    Fault("an unknown authority", [], unreached(NO_TLS), (), faulty_servers.unknown_authority),
    Fault("an expired certificate", [], unreached("has expired"), (), faulty_servers.expired),
    Fault("a certificate of another host", [], unreached("mismatch"), (), faulty_servers.another_host),
    Fault("only TLS 1.0", [], unreached(NO_TLS), (), faulty_servers.old_tls),
    Fault("no TLS at all", [], unreached(NO_TLS), (), faulty_servers.no_tls),
    Fault("a handshake that never ends", [], unreached("timed out"), (), faulty_servers.mute),
    Fault("an unreachable proxy", [], unreached("did not forward the request"), (), faulty_servers.no_proxy),
    Fault("a proxy that requires a password", [], unreached("407"), (), faulty_servers.proxy_of(407)),
    Fault("a proxy that cannot reach the server", [], unreached("502"), (), faulty_servers.proxy_of(502)),
    Fault("reset before headers", [reset], everywhere(7, "", f"{TO}\n  Connection reset", retried=True)),
    Fault("closed before headers", [b""], everywhere(7, "", "closed connection without", retried=True)),
    Fault("an answer that is not HTTP", [b"220 mail.example ESMTP\r\n"], everywhere(7, "", TO, retried=True)),
    Fault("reset in the status line", [b"HTTP/1.1 2", reset], everywhere(7, "", TO, retried=True)),
    Fault("reset in headers", [b"HTTP/1.1 200 OK\r\nContent-Ty", reset], everywhere(7, "", TO, retried=True)),
    Fault("a status that is not a number", [b"HTTP/1.1 OK\r\n\r\n"], everywhere(7, "", TO, retried=True)),
    Fault("a thousand headers", [head()[:-2] + b"x: y\r\n" * 1000], everywhere(7, "", TO, retried=True)),
    Fault(
        "an endless header", [head()[:-2] + b"x: ", flood(b"y" * 9999)], everywhere(7, "", TO, retried=True)
    ),
    Fault(
        "headers that arrive slowly",
        [b"HTTP/1.1 200 OK\r\nx: ", drip(b"y")],
        everywhere(7, "", NO_DATA, hint=WAIT),
        FIRST,
    ),
    Fault("a slow series of 100 Continue", [drip(head(100))], everywhere(7, "", NO_DATA, hint=WAIT), FIRST),
    Fault("100 Continue in a flood", [flood(head(100))], everywhere(7, "", NO_DATA, hint=WAIT), FIRST),
    Fault("103 Early Hints in a flood", [flood(head(103))], everywhere(7, "", NO_DATA, hint=WAIT), FIRST),
    Fault("silence before headers", [hold], everywhere(7, "", NO_DATA, hint=WAIT), FIRST),
    Fault(
        "silence after headers",
        lambda good: [good.head(), hold],
        everywhere(7, "", NO_DATA, hint=WAIT),
        FIRST + STALL,
    ),
    Fault("reset after headers", lambda good: [good.head(), reset], everywhere(7, "", BROKE, retried=True)),
    Fault("reset in the first event", _cut_first, everywhere(7, "", BROKE, retried=True)),
    Fault("reset between events", lambda good: good.chunked(reset), _broken_halfway(BROKE)),
    Fault("closed in a chunk", lambda good: good.chunked(b"ff\r\ndata"), _broken_halfway(ENDED)),
    Fault("closed between chunks", lambda good: good.chunked(), _broken_halfway(ENDED)),
    Fault("reset after the last event", lambda good: good.chunked(chunk(good.rest), reset), BROKEN_AFTER),
    Fault("closed without a last chunk", lambda good: good.chunked(chunk(good.rest)), BROKEN_AFTER),
    Fault("an invalid chunk size", lambda good: good.chunked(b"zz\r\nxx"), _broken_halfway(ENDED)),
    Fault("a negative chunk size", lambda good: good.chunked(b"-5\r\nxx"), _broken_halfway(ENDED)),
    Fault("a huge chunk size", lambda good: good.chunked(b"f" * 40 + b"\r\nxx"), _broken_halfway(ENDED)),
    Fault("an endless chunk size", lambda good: good.chunked(flood(b"f" * 9999)), _broken_halfway("broke")),
    Fault(
        "a length too long",
        lambda good: [good.head(Content_Length="9999"), good.first],
        _broken_halfway(ENDED),
    ),
    Fault(
        "a complete body with a length too long",
        lambda good: [good.head(Content_Length="9999"), good.body],
        BROKEN_AFTER,
    ),
    Fault(
        "a length too short",
        lambda good: [good.head(Content_Length="45"), good.body],
        differs(
            Seen(8, "", "in the middle of an event"),
            Seen(8, "", "is not a complete JSON object"),
            Seen(6, "", "is not JSON"),
        ),
    ),
    Fault(
        "a length that is not a number",
        lambda good: [good.head(Content_Length="lots"), good.body],
        everywhere(0, "half\n"),
    ),
    Fault(
        "two lengths, the first too short",
        lambda good: [_two_lengths(good, 45, len(good.body)), good.body],
        everywhere(7, "", "several Content-Length values", retried=True),
    ),
    Fault(
        "two lengths, the second too short",
        lambda good: [_two_lengths(good, len(good.body), 45), good.body],
        everywhere(7, "", "several Content-Length values", retried=True),
    ),
    Fault(
        "the same length twice",
        lambda good: [_two_lengths(good, len(good.body), len(good.body)), good.body],
        everywhere(0, "half\n"),
    ),
    Fault(
        "a stall",
        lambda good: good.chunked(hold),
        differs(
            *[Seen(7, keeps, "0.4 s", hint="use --stall-timeout SECONDS") for keeps in ("half\n", "", "")]
        ),
        STALL,
    ),
    Fault(
        "a stall after the finish",
        lambda good: good.chunked(chunk(good.rest), hold),
        completing(0, "half\n"),
        STALL,
    ),
    Fault(
        "an answer over the total time limit",
        lambda good: good.chunked(hold),
        differs(
            *[Seen(7, keeps, "0.6 s in total", hint="use --timeout SECONDS") for keeps in ("half\n", "", "")]
        ),
        TOTAL,
    ),
    Fault(
        "endless comments with a total time limit",
        [head(), drip(b": still here\n\n")],
        completing(7, "", "0.6 s in total", hint="use --timeout SECONDS"),
        TOTAL,
    ),
    Fault(
        "endless comments",
        [head(), drip(b": still here\n\n")],
        completing(7, "", NO_PROGRESS, hint=WAIT_FOR_MORE),
        FIRST + STALL,
    ),
    Fault(
        "endless empty frames",
        [head(), drip(b"data: {}\n\n")],
        completing(7, "", NO_PROGRESS, hint=WAIT_FOR_MORE),
        FIRST + STALL,
    ),
    Fault(
        "endless whitespace",
        lambda good: [good.head(), drip(b" ")],
        everywhere(7, "", NO_PROGRESS, hint=WAIT_FOR_MORE),
        FIRST + STALL,
    ),
    Fault(
        "endless comments after text",
        lambda good: good.chunked(drip(chunk(b": still here\n\n"))),
        differs(Seen(7, "half\n", NO_PROGRESS, hint=WAIT_FOR_MORE), None, None),
        FIRST + STALL,
    ),
)
