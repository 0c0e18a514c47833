"""The Token Factory API: a request goes out, bytes come back, failures become ours."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import urllib3
import urllib3.exceptions

from nebius_cli.api.calls import CHUNK, ERROR_BODY_SECONDS, Call, RoundTrips, read_whole
from nebius_cli.api.deadlines import Deadlines
from nebius_cli.api.failures import network_error
from nebius_cli.api.pools import Pools, Target, check_key
from nebius_cli.api.redaction import Redactor
from nebius_cli.api.redirects import follow, too_many
from nebius_cli.api.retry import parse_retry_after
from nebius_cli.core.errors import (
    ConfigError,
    NbxError,
    NetworkError,
    TimedOutError,
    from_status,
)
from nebius_cli.core.format import shorten
from nebius_cli.core.secret import Secret
from nebius_cli.core.urls import endpoint_url, parse_base_url, strip_credentials
from nebius_cli.response.error_body import body_message

# Bytes read of an error response. The message shown is far shorter, but a 422 can repeat a long prompt
# before it comes to the point.
MAX_ERROR_BODY = 8 * 1024 * 1024
MAX_BODY = 32 * 1024 * 1024  # of an answer that is read whole
MAX_REDIRECTS = 3


ErrorBody = Callable[[urllib3.BaseHTTPResponse], bytes]  # what comes of it in a moment


class Head(NamedTuple):
    """The start of an answer: status and headers have come."""

    status: int
    request_id: str
    content_type: str
    date: str = ""  # the server's clock, in its own words


class Answer(NamedTuple):
    """A whole answer; names in `headers` are found in any case."""

    head: Head
    headers: Mapping[str, str]
    body: bytes


class Api:
    """Requests to one base URL, with one key.

    Timeouts are in seconds, 0 is none; `read_timeout` bounds each single wait of the socket, the
    deadlines over a whole answer are api/deadlines.py. `trust_env=False` ignores proxy variables;
    `pool` is how many connections are kept open; `hiding` takes the key out of a server's words.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of its own
        self,
        base_url: str,
        key: Secret,
        *,
        connect_timeout: float,
        read_timeout: float,
        now: Callable[[], float],
        log: Callable[[str], None],
        cacert: str = "",
        trust_env: bool = True,
        pool: int = 10,
    ) -> None:
        self.base = parse_base_url(base_url)
        self.host = self.base.hostname or ""
        self._now = now
        key = check_key(key)
        self.hiding = Redactor(key)
        self._log: Callable[[str], None] = lambda text: log(self.hiding.text(text))
        self._response: urllib3.BaseHTTPResponse | None = None
        pools = Pools(key, cacert=cacert, trust_env=trust_env, size=pool)
        self._trips = RoundTrips(pools, (connect_timeout or None, read_timeout or None))

    def post(self, path: str, query: str, body: bytes, *, accept: str) -> Iterator[Head | bytes]:
        """Send `body` as JSON; yield the Head, then the answer's bytes as they arrive.

        Closing the iterator closes the connection, so that the server stops generating.
        Raises StatusError for a status other than 2xx, NetworkError for everything below HTTP.
        """
        with self.hiding.in_errors():
            url = endpoint_url(self.base, path, query)
            yield from self._answer(self._send("POST", url, body, accept, _error_body))

    def get(self, path: str, query: str = "") -> Iterator[Head | bytes]:
        """Ask for what is at `path`; yield the Head, then the JSON's bytes as they arrive.

        Raises what `post` does, and NetworkError for an answer larger than anything that is wanted.
        """
        left, url = MAX_BODY, endpoint_url(self.base, path, query)
        with self.hiding.in_errors():
            for item in self._answer(self._send("GET", url, None, "application/json", _error_body)):
                left -= len(item) if isinstance(item, bytes) else 0
                if left < 0:
                    raise NetworkError("the answer is too large", f"nbx reads {MAX_BODY} bytes of {path}")
                yield item

    def ask(self, path: str, query: str, body: bytes, *, accept: str) -> Answer:
        """Send `body` as JSON and return the whole answer. Any number of threads may ask at once.

        Raises what `post` does, TimedOutError where `end_late` ended it, and NetworkError for an answer
        of more than MAX_BODY bytes. What an answer had when it broke off is the error's `came`, an Answer.
        """
        answer: Answer | None = None
        call = self._trips.begin()
        try:
            with self.hiding.in_errors():
                answer, broken = self._ask(call, endpoint_url(self.base, path, query), body, accept)
                if broken is not None:
                    raise network_error(broken, "") from None
        except NetworkError as error:
            failure = error
        else:
            if not call.ended:
                return answer
        finally:
            self._trips.finish()
        if call.ended:  # a cut body can look whole
            failure = TimedOutError("timed out", *call.ended)
        failure.sent, failure.came = call.sent, answer
        raise failure

    def end_late(self, *, first_byte: float, stall: float, total: float) -> None:
        """End each `ask` that waits longer for the head of its answer, a piece, or all; 0 is no limit."""
        self._trips.end_late(first_byte, stall, total)

    def _ask(self, call: Call, url: str, body: bytes, accept: str) -> tuple[Answer, Exception | None]:
        def error_body(response: urllib3.BaseHTTPResponse) -> bytes:
            call.moved_at = time.monotonic()
            return self._trips.read_error(call, response, MAX_ERROR_BODY)

        response = self._send("POST", url, body, accept, error_body)
        call.moved_at = time.monotonic()
        came, broken = read_whole(call, response, MAX_BODY)
        return Answer(self._head(response), response.headers, came), broken

    def _head(self, response: urllib3.BaseHTTPResponse) -> Head:
        headers = response.headers
        words = (request_id(headers), headers.get("content-type", ""), headers.get("date", ""))
        return Head(response.status, *map(self.hiding.text, words))

    def _target(self, method: str, url: str, accept: str) -> Target:
        try:
            return self._trips.target(method, url, accept)
        except (OSError, urllib3.exceptions.HTTPError, ValueError, TypeError) as error:
            raise _uncallable(url, error) from None

    def _answer(self, response: urllib3.BaseHTTPResponse) -> Iterator[Head | bytes]:
        self._response = response
        try:
            yield self._head(response)
            yield from _chunks(response)
        finally:
            self._response = None
            _let_go(response)

    def abort(self) -> None:
        """End the answer that another thread waits for: its next read comes back at once."""
        response = self._response  # once: the other thread may be taking it away
        if response is not None:
            _end(response)

    def _send(
        self, method: str, url: str, body: bytes | None, accept: str, error_body: ErrorBody
    ) -> urllib3.BaseHTTPResponse:
        """Return the answer as soon as its head is there. Raises what `post` does."""
        sent = f" ({len(body)} bytes)" if body is not None else ""
        for _ in range(MAX_REDIRECTS + 1):
            target = self._target(method, url, accept)
            self._log(f"{method} {target.shown}{sent}")
            try:
                response = self._trips.send(target, body)
            except (urllib3.exceptions.LocationValueError, UnicodeError) as error:
                raise _uncallable(url, error) from None
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise network_error(error, self.host) from None
            except (ValueError, TypeError) as error:
                raise _uncallable(url, error) from None
            status, headers = response.status, response.headers
            self._log(f"HTTP {status} {request_id(headers)}".rstrip())
            if 200 <= status < 300:
                return response
            if status >= 400:
                raise self._error_of(status, headers, error_body(response))
            _let_go(response)
            if status < 200:  # what may come before an answer was skipped
                raise _no_answer(status)
            url = follow(status, headers.get("location", ""), url)
        raise too_many(MAX_REDIRECTS, url)

    def _error_of(self, status: int, headers: Mapping[str, str], body: bytes) -> NbxError:
        return from_status(
            status,
            body_message(body[:MAX_ERROR_BODY]),
            request_id=request_id(headers),
            retry_after=parse_retry_after(headers.get("retry-after", ""), self._now()),
        )


def _error_body(response: urllib3.BaseHTTPResponse) -> bytes:
    body = b""
    # The status says more than its body: a server that is stuck in it must not hold the message back.
    chunks = Deadlines(
        _chunks(response, close=True),
        time.monotonic,
        first_byte=ERROR_BODY_SECONDS,
        stall=ERROR_BODY_SECONDS,
        total=ERROR_BODY_SECONDS,
        started=time.monotonic(),
    )
    try:
        for chunk in chunks:
            body += chunk
            if len(body) >= MAX_ERROR_BODY:
                break
    except NetworkError:
        _end(response)
    return body


def _let_go(response: urllib3.BaseHTTPResponse) -> None:
    """Close an answer: its connection is kept only where the answer was read to its end."""
    response.close()
    response.release_conn()


def _end(response: urllib3.BaseHTTPResponse) -> None:
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        response.shutdown()


def _uncallable(url: str, error: Exception) -> ConfigError:
    return ConfigError(f"cannot call {strip_credentials(url)}", shorten(str(error)))


def _no_answer(status: int) -> NetworkError:
    what = f"the server answered {status} and not the request"
    return NetworkError(what, "", "check base_url: is it the API?")


def _chunks(response: urllib3.BaseHTTPResponse, *, close: bool = False) -> Iterator[bytes]:
    """Yield decoded bytes as they arrive: `read1` is what holds nothing back."""
    try:
        while chunk := response.read1(CHUNK, decode_content=True):
            yield chunk
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise network_error(error, "") from None
    finally:
        if close:
            _let_go(response)


def request_id(headers: Mapping[str, str]) -> str:
    """Return the id that support asks for, empty where the server gave none."""
    return shorten(headers.get("x-request-id") or headers.get("x-inference-id") or "")
