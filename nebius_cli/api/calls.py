"""Requests on many threads at once, sent through urllib3's pools, and their ends from outside."""

import contextlib
import http.client
import math
import socket
import threading
import time
from http import HTTPStatus
from typing import Any, ClassVar

import urllib3
from urllib3.connection import HTTPConnection

from nebius_cli.api.pools import RETRIES, Pools, Target
from nebius_cli.core.errors import NetworkError

CHUNK = 65536
ERROR_BODY_SECONDS = 2.0

# Larger bodies are sent after the head: to join them would cost more than a second call does.
MOST_JOINED = 65536


class Call:
    """A request in flight. `ended` says why it was ended from outside and what helps, if it was."""

    __slots__ = ("ended", "moved_at", "sent", "sock", "started", "until")

    def __init__(self, started: float) -> None:
        self.started = started
        self.sent = False  # something of it may have reached the server
        self.moved_at: float | None = None  # when the head came, or the last piece after it
        self.until = math.inf  # on the monotonic clock, where there is less time than for others
        self.sock: socket.socket | None = None
        self.ended: tuple[str, str] | None = None

    def late(self, now: float, first_byte: float, stall: float, total: float) -> tuple[str, str] | None:
        """Return why the call is over its time and what to do, None where it is not."""
        if total and now - self.started > total:
            return f"it took longer than {total:g} s in all", "--timeout SECONDS waits longer, 0 for ever"
        limit, flag = (
            (first_byte, "--first-byte-timeout") if self.moved_at is None else (stall, "--stall-timeout")
        )
        if limit and now - (self.moved_at or self.started) > limit:
            return f"nothing came for {limit:g} s", f"{flag} SECONDS waits longer, 0 for ever"
        return ("the error's text did not come", "") if now > self.until else None

    def end(self, why: tuple[str, str]) -> None:
        """Shut the connection down: whoever waits for it reads its end."""
        sock = self.sock  # once: its thread may be taking it away
        if sock is not None:
            self.ended = why
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                sock.shutdown(socket.SHUT_RDWR)


class _Final(http.client.HTTPResponse):
    """An answer without what may be said before it, as 103 Early Hints: http.client skips only 100."""

    def begin(self) -> None:
        super().begin()
        while self.status // 100 == 1 and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # or it is taken for begun
            super().begin()
        named = ",".join(self.msg.get_all("content-length", ())).split(",")
        if not self.chunked and len(lengths := {length.strip() for length in named}) > 1:
            raise http.client.HTTPException(f"it has two lengths: {', '.join(sorted(lengths))}")


class _Watched(HTTPConnection):
    """A connection that tells the call of its thread what it waits for.

    It writes the request itself, all in one piece: urllib3 and http.client take longer over its eight
    headers, which are the same each time, than over everything else. The answer is read by both of them.
    """

    response_class = _Final
    calls: ClassVar[dict[int, Call]]
    _own = False  # whether the request that is out was written here

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **kwargs: Any) -> None:
        call = self.calls.get(threading.get_ident())
        self._own = call is not None
        if call is None:
            super().request(method, url, body, headers, **kwargs)
            return
        if self.sock is None:
            self.connect()
        # Kept: the connection forgets its socket when the server says that it will close it.
        call.sock = self.sock
        call.sent = True
        self.sock.settimeout(self.timeout)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {url} HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1")
        if len(body) > MOST_JOINED:
            self.sock.sendall(head)
            self.sock.sendall(body)
        else:
            self.sock.sendall(head + body)

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as in urllib3 itself
        if not self._own:
            return super().getresponse()
        self.sock.settimeout(self.timeout)
        answer = _Final(self.sock, method="POST")
        try:
            answer.begin()
        except BaseException:
            answer.close()
            raise
        if answer.will_close:  # the answer holds the socket as long as it needs it
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
            request_method="POST",
        )


class RoundTrips:
    """Sends requests through pools, and keeps those of `begin` that are in flight.

    `timeouts` are those of a connection and of a single wait, in seconds or None.
    """

    def __init__(self, pools: Pools, timeouts: tuple[float | None, float | None]) -> None:
        self._pools = pools
        self._timeout = urllib3.Timeout(connect=timeouts[0], read=timeouts[1])
        self._lock = threading.Lock()
        self._calls: dict[int, Call] = {}

    def begin(self) -> Call:
        """Note that this thread has a request in flight, until `finish`."""
        call = self._calls[threading.get_ident()] = Call(time.monotonic())
        return call

    def finish(self) -> None:
        """Forget the request of this thread, whose connection may be another's from now on."""
        if (call := self._calls.pop(threading.get_ident(), None)) is not None:
            call.sock = None

    def end_late(self, first_byte: float, stall: float, total: float) -> None:
        """End each request in flight that is over one of the limits, in seconds, 0 for none."""
        now = time.monotonic()
        for call in list(self._calls.values()):
            if not call.ended and (why := call.late(now, first_byte, stall, total)):
                call.end(why)

    def target(self, method: str, url: str, accept: str) -> Target:
        """Return where and how `url` is asked. Raises what `Pools.target` does."""
        target = self._pools.target(method, url, accept)
        pool = target.pool
        if not issubclass(pool.ConnectionCls, _Watched):
            with self._lock:  # one class for each kind of pool: plain, TLS, through SOCKS
                if not issubclass(pool.ConnectionCls, _Watched):
                    kinds = (_Watched, pool.ConnectionCls)
                    pool.ConnectionCls = type("WatchedConnection", kinds, {"calls": self._calls})
        return target

    def send(self, target: Target, body: bytes | None) -> urllib3.BaseHTTPResponse:
        """Return the answer as soon as its head is there. Raises what urllib3 does."""
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

    def read_error(self, call: Call, response: urllib3.BaseHTTPResponse, most: int) -> bytes:
        """Return what comes of an error's body in a moment: the status says more than it does."""
        call.until = time.monotonic() + ERROR_BODY_SECONDS
        body = bytearray()
        try:
            while piece := response.read1(CHUNK, decode_content=True):
                body += piece
                if len(body) >= most:
                    response.close()
                    break
        except (urllib3.exceptions.HTTPError, OSError):
            response.close()
        return bytes(body)


def read_whole(call: Call, response: urllib3.BaseHTTPResponse, most: int) -> tuple[bytes, Exception | None]:
    """Return the body of an answer, and what broke it off. Raises NetworkError for more than `most` bytes."""
    length = response.headers.get("content-length", "")
    if len(length) < 7 and length.isdecimal() and "content-encoding" not in response.headers:
        try:
            return response.read(), None  # the usual answer, at once
        except (urllib3.exceptions.HTTPError, OSError) as error:
            cut = error.args[-1] if error.args else None
            return (cut.partial if isinstance(cut, http.client.IncompleteRead) else b""), error
    body = bytearray()
    broken: Exception | None = None
    try:
        while piece := response.read1(CHUNK, decode_content=True):
            body += piece
            call.moved_at = time.monotonic()
            if len(body) > most:
                raise NetworkError("the answer is too large", f"nbx reads {most} bytes of one")
    except (urllib3.exceptions.HTTPError, OSError) as error:
        broken = error
    finally:
        response.close()
    return bytes(body), broken
