"""Requests straight through the urllib3 pool that a requests session owns, and their ends from outside.

requests takes five times as long over a request as its own pool does, so only the first request of a kind
is prepared by it: address, headers, key, proxy and trust are then those of every other one.
"""

import contextlib
import http.client
import math
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from nebius_cli.core.errors import NetworkError
from nebius_cli.core.urls import redacted

CHUNK = 65536
ERROR_BODY_SECONDS = 2.0
MOST_TARGETS = 100  # addresses remembered; queries can differ from row to row

# Larger bodies are sent after the head: to join them would cost more than a second call does.
MOST_JOINED = 65536


@dataclass(frozen=True, slots=True)
class Target:
    """An address as requests prepares it: the pool, what stands in the request line, headers, proxies."""

    shown: str  # without a password
    pool: urllib3.HTTPConnectionPool
    line: str
    headers: Mapping[str, str]
    retries: urllib3.Retry


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
        if self.sock is not None:
            self.ended = why
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                self.sock.shutdown(socket.SHUT_RDWR)


class _Watched(HTTPConnection):
    """A connection that tells the call of its thread what it waits for.

    It writes the request itself, all in one piece: urllib3 and http.client take longer over its eight
    headers, which are the same each time, than over everything else. The answer is read by both of them.
    """

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
        answer = http.client.HTTPResponse(self.sock, method="POST")
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


class _Adapter(HTTPAdapter):
    """The adapter of a session, which also hands out the pool behind it."""

    def target(self, request: requests.PreparedRequest, verify: Any, cert: Any, proxies: Any) -> Target:
        """Return where and how `request` would be sent."""
        # The stubs say a little less than is so.
        pool: Any = self.get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
        url = str(request.url)
        self.cert_verify(pool, url, verify, cert)  # type: ignore[no-untyped-call]
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        if parts.port not in (None, pool.ConnectionCls.default_port):
            host += f":{parts.port}"
        # A length is that of one body only.
        headers = {"Host": host, **request.headers}
        headers.pop("Content-Length", None)
        return Target(redacted(url), pool, self.request_url(request, proxies), headers, self.max_retries)


class RoundTrips:
    """Sends requests of a session on many threads at once, and keeps those that are in flight.

    `pool` is how many connections are kept open; `timeouts` those of requests, in seconds or None.
    """

    def __init__(
        self,
        session: requests.Session,
        verify: str | None,
        timeouts: tuple[float | None, float | None],
        pool: int,
    ) -> None:
        self._session = session
        self._verify = verify
        self._timeout = urllib3.Timeout(connect=timeouts[0], read=timeouts[1])
        self._targets: dict[tuple[str, str], Target] = {}
        self._lock = threading.Lock()
        self._calls: dict[int, Call] = {}
        self._adapter = _Adapter(pool_maxsize=pool)
        session.mount("https://", self._adapter)
        session.mount("http://", self._adapter)

    def begin(self) -> Call:
        """Note that this thread has a request in flight, until `finish`."""
        call = self._calls[threading.get_ident()] = Call(time.monotonic())
        return call

    def finish(self) -> None:
        """Forget the request of this thread."""
        self._calls.pop(threading.get_ident(), None)

    def end_late(self, first_byte: float, stall: float, total: float) -> None:
        """End each request in flight that is over one of the limits, in seconds, 0 for none."""
        now = time.monotonic()
        for call in list(self._calls.values()):
            if not call.ended and (why := call.late(now, first_byte, stall, total)):
                call.end(why)

    def target(self, url: str, accept: str) -> Target:
        """Return how a JSON body is posted to `url`. Raises what requests does for what cannot be called."""
        target = self._targets.get((url, accept))
        if target is None:
            with self._lock:
                if len(self._targets) >= MOST_TARGETS:
                    self._targets.clear()
                target = self._targets[url, accept] = self._prepare(url, accept)
        return target

    def send(self, target: Target, body: bytes) -> urllib3.BaseHTTPResponse:
        """Return the answer to `body` as soon as its head is there. Raises what urllib3 does."""
        return target.pool.urlopen(
            "POST",
            target.line,
            body,
            target.headers,
            retries=target.retries,
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

    def _prepare(self, url: str, accept: str) -> Target:
        headers = {"Accept": accept, "Content-Type": "application/json"}
        request = self._session.prepare_request(requests.Request("POST", url, data=b"", headers=headers))
        # As requests.Session.request does it: proxies of the environment, and whom to trust.
        settings = self._session.merge_environment_settings(str(request.url), {}, None, self._verify, None)
        target = self._adapter.target(request, settings["verify"], settings["cert"], settings["proxies"])
        if not issubclass(target.pool.ConnectionCls, _Watched):
            # One class for each kind of pool: plain, TLS, through SOCKS.
            members = {"calls": self._calls}
            kinds = (_Watched, target.pool.ConnectionCls)
            target.pool.ConnectionCls = type("WatchedConnection", kinds, members)
        return target


def read_whole(call: Call, response: urllib3.BaseHTTPResponse, most: int) -> bytes:
    """Return the body of an answer. Raises NetworkError for more than `most` bytes, and what urllib3 does."""
    length = response.headers.get("content-length", "")
    if len(length) < 7 and length.isdecimal() and "content-encoding" not in response.headers:
        return response.read()  # the usual answer, at once
    body = bytearray()
    try:
        while piece := response.read1(CHUNK, decode_content=True):
            body += piece
            call.moved_at = time.monotonic()
            if len(body) > most:
                raise NetworkError("the answer is too large", f"nbx reads {most} bytes of one")
    finally:
        response.close()
    return bytes(body)
