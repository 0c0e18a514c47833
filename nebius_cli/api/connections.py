"""Connections that keep the deadline of a request in each wait: name lookup, TLS, upload, answer.

urllib3 makes the connections, pools them and reads the answers. This module sets the timeout of the socket
to the time that is left before each wait. A connection finds the deadline by the thread that uses it.
"""

import http.client
import io
import re
import socket
import sys
import threading
from http import HTTPStatus
from typing import Any, ClassVar

import urllib3
import urllib3.exceptions
from urllib3.connection import HTTPConnection

from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.pools import RETRIES, Pools, Target
from nebius_cli.core.errors import TimedOutError
from nebius_cli.system.timeout import run_with_timeout

BUFFER_BYTES = 65536
MAX_JOINED_BYTES = 65536  # a larger body is sent after the head: joining them costs more than it saves
# Of one wait for a socket. The shorter it is, the better is known how long the process was suspended; and on
# Windows, Ctrl-C has no effect before a wait ends.
MAX_WAIT_S = 0.5 if sys.platform == "win32" else 5.0
MAX_UPLOAD_S = 86_400.0
# The end of a chunk, the size of the next one, and the first byte in it.
NEXT_CHUNK = re.compile(rb"\r\n0*[1-9A-Fa-f][0-9A-Fa-f]*\r\n[\s\S]")


class _TimedReader(io.RawIOBase):
    """Reads from a socket and waits no longer than the deadline allows. Raises TimedOutError.

    While `paused` it reads nothing, so that a peek at the buffer above it never waits.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)  # the socket stays open until this is closed
        self._deadline = deadline
        self.paused = False

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return what http.client reads from."""
        del mode
        return io.BufferedReader(self, BUFFER_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.paused:
            return None
        sock, deadline = self._sock, self._deadline
        while True:
            sock.settimeout(deadline.start_wait(MAX_WAIT_S))
            try:
                count = sock.recv_into(buffer)
            except TimeoutError:
                continue  # the deadline raises if no time is left
            finally:
                deadline.end_wait()
            if count:
                deadline.unread = False
            if deadline.in_body:
                deadline.bytes_came()
            return count

    def close(self) -> None:
        self._file.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """The final answer to a request. http.client skips interim answers with status 100, this one also 103."""

    _reader: _TimedReader | None = None
    _joins = False

    @classmethod
    def within(cls, deadline: Deadline, sock: socket.socket, method: str) -> "_Response":
        """Return an answer that is read from a socket within `deadline`."""
        reader = _TimedReader(sock, deadline)
        response = cls(reader, method=method)  # type: ignore[arg-type]  # of the socket, only makefile is called
        response._reader = reader
        return response

    def begin(self) -> None:
        super().begin()
        while self.status // 100 == 1 and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # else http.client reads no second head
            super().begin()
        named = ",".join(self.msg.get_all("content-length", ())).split(",")
        if not self.chunked and len(lengths := {length.strip() for length in named}) > 1:
            raise http.client.HTTPException(f"it has two lengths: {', '.join(sorted(lengths))}")
        self._joins = bool(self.chunked) and "content-encoding" not in self.msg

    def read1(self, n: int = -1) -> bytes:
        """Return up to `n` bytes: one chunk, and those after it that are in the buffer already.

        Compressed chunks stay apart: where one cannot be decompressed, those before it still can.
        """
        data = super().read1(n)
        if not (self._joins and data) or self._next_chunk_waits():
            return data
        pieces, size = [data], len(data)
        while size < n and not self._next_chunk_waits():
            pieces.append(super().read1(n - size))
            size += len(pieces[-1])
        return b"".join(pieces)

    def _next_chunk_waits(self) -> bool:
        """Return whether reading the next byte of the body may have to wait."""
        if self._reader is None or self.fp is None:
            return True
        self._reader.paused = True
        ahead = self.fp.peek(1)
        self._reader.paused = False
        return not (ahead if self.chunk_left else NEXT_CHUNK.match(ahead))


class _TimedConnection(HTTPConnection):
    """A connection that keeps the deadline of the request that its thread sends."""

    response_class = _Response
    in_flight: ClassVar[threading.local]
    _is_new = False  # no request has been sent on it since it was made; for TLS, urllib3 connects beforehand

    def connect(self) -> None:
        """Connect within the deadline. A name lookup cannot be ended, so another thread does it."""
        deadline: Deadline = self.in_flight.deadline
        given_up = False

        def work() -> None:
            super(_TimedConnection, self).connect()
            if given_up:
                self.close()

        try:
            run_with_timeout(deadline.left(), work)
        except TimedOutError:
            given_up = True
            self.close()
            raise deadline.error() from None
        except BaseException:
            given_up = True
            raise
        self._is_new = True

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **_: Any) -> None:
        """Send a request within the deadline, in one piece.

        The head is written here, because its lines are the same each time: urllib3 checks each of them anew
        and sends them apart from the body, which takes 0.04 ms longer, a seventh of all that bulk does for a
        row.
        """
        deadline: Deadline = self.in_flight.deadline
        if self.sock is None:
            self.connect()
        deadline.sent, deadline.unread = True, not self._is_new
        self._is_new = False
        lines = [f"{method} {url} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        pieces = ["\r\n".join((*lines, "\r\n")).encode("latin-1"), body or b""]
        if len(pieces[1]) <= MAX_JOINED_BYTES:
            pieces = [b"".join(pieces)]
        self._method = method
        self.sock.settimeout(min(deadline.left(), MAX_UPLOAD_S))
        try:
            for piece in pieces:
                self.sock.sendall(piece)
        except TimeoutError:
            raise deadline.error() from None

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as in urllib3 itself
        """Return the answer as soon as its head has come."""
        deadline: Deadline = self.in_flight.deadline
        answer = _Response.within(deadline, self.sock, self._method)
        try:
            answer.begin()
        except BaseException:
            answer.close()
            raise
        if answer.will_close:  # the socket stays open until the answer is closed
            self.close()
        return urllib3.HTTPResponse(
            body=answer,
            headers=urllib3.HTTPHeaderDict(answer.msg.items()),
            status=answer.status,
            version=answer.version,
            reason=answer.reason,
            preload_content=False,
            decode_content=False,
            original_response=answer,
            request_method=self._method,
        )


class Connections:
    """Sends requests through pools. Any number of threads may send at once.

    `connect_timeout_s` bounds each try to connect, to one address of a host; None is no limit.
    """

    def __init__(self, pools: Pools, connect_timeout_s: float | None) -> None:
        self._pools = pools
        self._timeout = urllib3.Timeout(connect=connect_timeout_s, read=None)
        self._lock = threading.Lock()
        self._in_flight = threading.local()

    def target(self, method: str, url: str, accept: str) -> Target:
        """Return the target for requests to `url`. Raises what `Pools.target` does."""
        target = self._pools.target(method, url, accept)
        pool = target.pool
        if not issubclass(pool.ConnectionCls, _TimedConnection):
            with self._lock:  # one class for each kind of pool: plain, TLS, through SOCKS
                if not issubclass(pool.ConnectionCls, _TimedConnection):
                    kinds = (_TimedConnection, pool.ConnectionCls)
                    pool.ConnectionCls = type("TimedConnection", kinds, {"in_flight": self._in_flight})
        return target

    def send(self, target: Target, body: bytes | None, deadline: Deadline) -> urllib3.BaseHTTPResponse:
        """Return the answer as soon as its head has come. Raises what urllib3 does, and TimedOutError.

        A server may close a connection that was idle just as a request is sent on it. If that connection
        ends before any byte of an answer, the request is sent again: urllib3 connects anew then.
        """
        self._in_flight.deadline = deadline
        while True:
            deadline.unread = False
            try:
                return self._send(target, body)
            except (urllib3.exceptions.HTTPError, OSError):
                if not (deadline.unread and deadline.resends):
                    raise

    def _send(self, target: Target, body: bytes | None) -> urllib3.BaseHTTPResponse:
        return target.pool.urlopen(
            target.method,
            target.line,
            body,
            target.headers,
            retries=RETRIES,
            redirect=False,
            assert_same_host=False,
            timeout=self._timeout,
            preload_content=False,
            decode_content=False,
        )
