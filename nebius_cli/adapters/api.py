"""The Token Factory API over requests: a request goes out, bytes come back, failures become ours."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import requests
import urllib3.exceptions

from nebius_cli.adapters.deadline import Deadlines
from nebius_cli.adapters.failures import network_error
from nebius_cli.adapters.redirect import follow, too_many
from nebius_cli.adapters.roundtrip import CHUNK, ERROR_BODY_SECONDS, Call, RoundTrips, Target, read_whole
from nebius_cli.adapters.session import Session, check_key
from nebius_cli.core import jsontext
from nebius_cli.core.decode import body_message, shorten
from nebius_cli.core.errors import (
    ConfigError,
    NbxError,
    NetworkError,
    TimedOutError,
    from_status,
)
from nebius_cli.core.retry import parse_retry_after
from nebius_cli.core.secret import Secret
from nebius_cli.core.urls import parse_base_url, redacted, url_of

# Bytes read of an error response. The message shown is far shorter, but a 422 can repeat a long prompt
# before it comes to the point.
MAX_ERROR_BODY = 8 * 1024 * 1024  # bytes
MAX_BODY = 32 * 1024 * 1024  # of an answer that is read whole
MAX_REDIRECTS = 3


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
    """One HTTP session to one base URL.

    Timeouts are in seconds, 0 is none; `read_timeout` bounds each single wait of the socket, the
    deadlines over a whole answer are adapters/deadline.py. `trust_env=False` ignores proxy variables;
    `pool` is how many connections are kept open.
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
        self._root = self.base.geturl()
        self._timeouts = (connect_timeout or None, read_timeout or None)
        self._now = now
        self._log: Callable[[str], None] = lambda text: log(self.without_key(text))
        self._verify: str | None = cacert or None
        self._response: requests.Response | None = None
        self._key = check_key(key)
        self._session = Session(self._key, trust_env=trust_env)
        self._trips = RoundTrips(self._session, self._verify, self._timeouts, pool)

    def post(self, path: str, query: str, body: bytes, *, accept: str) -> Iterator[Head | bytes]:
        """Send `body` as JSON; yield the Head, then the answer's bytes as they arrive.

        Closing the iterator closes the connection, so that the server stops generating.
        Raises StatusError for a status other than 2xx, NetworkError for everything below HTTP.
        """
        with self._no_key_in_errors():
            yield from self._answer(self._send("POST", url_of(self.base, path, query), body, accept))

    def get(self, path: str, query: str = "") -> Iterator[Head | bytes]:
        """Ask for what is at `path`; yield the Head, then the JSON's bytes as they arrive.

        Raises what `post` does, and NetworkError for an answer larger than anything that is wanted.
        """
        left, url = MAX_BODY, url_of(self.base, path, query)
        with self._no_key_in_errors():
            for item in self._answer(self._send("GET", url, None, "application/json")):
                left -= len(item) if isinstance(item, bytes) else 0
                if left < 0:
                    raise NetworkError("the answer is too large", f"nbx reads {MAX_BODY} bytes of {path}")
                yield item

    def ask(self, path: str, query: str, body: bytes, *, accept: str) -> Answer:
        """Send `body` as JSON and return the whole answer. Any number of threads may ask at once.

        Raises what `post` does, TimedOutError where `end_late` ended it, and NetworkError for an answer
        of more than MAX_BODY bytes.
        """
        call = self._trips.begin()
        try:
            with self._no_key_in_errors():
                answer = self._ask(call, f"{self._root}{path}?{query}".removesuffix("?"), body, accept)
        except NetworkError as error:
            failure = error
        else:
            if not call.ended:
                return answer
        finally:
            self._trips.finish()
        if call.ended:  # a cut body can look whole
            failure = TimedOutError("timed out", *call.ended)
        failure.sent = call.sent
        raise failure

    def end_late(self, *, first_byte: float, stall: float, total: float) -> None:
        """End each `ask` that waits longer for the head of its answer, a piece, or all; 0 is no limit."""
        self._trips.end_late(first_byte, stall, total)

    def _ask(self, call: Call, url: str, body: bytes, accept: str) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            target = self._target(url, accept)
            self._log(f"POST {target.shown} ({len(body)} bytes)")
            try:
                response = self._trips.send(target, body)
                headers, status = response.headers, response.status
                call.moved_at = time.monotonic()
                self._log(f"HTTP {status} {request_id(headers)}".rstrip())
                if status < 300:
                    return self._whole(status, headers, read_whole(call, response, MAX_BODY))
            except (urllib3.exceptions.LocationValueError, UnicodeError) as error:
                raise _uncallable(url, error) from None
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise network_error(error, "" if call.moved_at else self.host) from None
            if status >= 400:
                raise self._error_of(status, headers, self._trips.read_error(call, response, MAX_ERROR_BODY))
            response.close()
            url = follow(status, headers.get("location", ""), url)
        raise too_many(MAX_REDIRECTS, url)

    def _whole(self, status: int, headers: Mapping[str, str], body: bytes) -> Answer:
        if status < 200:
            raise _no_answer(status)
        key = self._key.reveal().encode()
        return Answer(
            self._head(status, headers), headers, body.replace(key, b"***") if key in body else body
        )

    def _head(self, status: int, headers: Mapping[str, str]) -> Head:
        words = (request_id(headers), headers.get("content-type", ""), headers.get("date", ""))
        return Head(status, *map(self.without_key, words))

    def _target(self, url: str, accept: str) -> Target:
        try:
            return self._trips.target(url, accept)
        except requests.RequestException as error:
            raise network_error(error, self.host) from None
        except (OSError, urllib3.exceptions.HTTPError, ValueError, TypeError) as error:
            raise _uncallable(url, error) from None

    def _answer(self, response: requests.Response) -> Iterator[Head | bytes]:
        self._response = response
        headers = response.headers
        try:
            yield self._head(response.status_code, headers)
            yield from _chunks(response)
        finally:
            self._response = None
            response.close()

    def abort(self) -> None:
        """End the answer that another thread waits for: its next read comes back at once."""
        response = self._response  # once: the other thread may be taking it away
        if response is not None:
            self._end(response)

    def without_key(self, text: str) -> str:
        """Return a server's words without the key, should it have repeated it."""
        return text.replace(self._key.reveal(), "***")

    @contextlib.contextmanager
    def _no_key_in_errors(self) -> Iterator[None]:
        """A server can repeat the key anywhere: in a header, a redirect, what is no HTTP at all."""
        try:
            yield
        except NbxError as error:
            error.what, error.why = self.without_key(error.what), self.without_key(error.why)
            raise

    def without_key_in(self, value: Any) -> Any:
        """Return a server's JSON value without the key, should it have repeated it."""
        return jsontext.without(value, self._key.reveal())

    def _end(self, response: requests.Response) -> None:
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            response.raw.shutdown()

    def _send(self, method: str, url: str, body: bytes | None, accept: str) -> requests.Response:
        headers = {"Accept": accept} | ({"Content-Type": "application/json"} if body is not None else {})
        sent = f" ({len(body)} bytes)" if body is not None else ""
        for _ in range(MAX_REDIRECTS + 1):
            self._log(f"{method} {redacted(url)}{sent}")
            try:
                response = self._session.request(
                    method,
                    url,
                    data=body,
                    headers=headers,
                    stream=True,
                    allow_redirects=False,
                    timeout=self._timeouts,
                    verify=self._verify,
                )
            except requests.RequestException as error:
                raise network_error(error, self.host) from None
            except (OSError, urllib3.exceptions.HTTPError, ValueError, TypeError) as error:
                raise _uncallable(url, error) from None
            self._log(f"HTTP {response.status_code} {request_id(response.headers)}".rstrip())
            if response.status_code < 200:  # only 100 may come before the answer, and requests skips it
                response.close()
                raise _no_answer(response.status_code)
            if response.status_code < 300:
                return response
            if response.status_code >= 400:
                raise self._status_error(response)
            response.close()
            url = follow(response.status_code, response.headers.get("location", ""), url)
        raise too_many(MAX_REDIRECTS, url)

    def _status_error(self, response: requests.Response) -> NbxError:
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
            self._end(response)
        return self._error_of(response.status_code, response.headers, body)

    def _error_of(self, status: int, headers: Mapping[str, str], body: bytes) -> NbxError:
        return from_status(
            status,
            body_message(body[:MAX_ERROR_BODY]),
            request_id=request_id(headers),
            retry_after=parse_retry_after(headers.get("retry-after", ""), self._now()),
        )


def _uncallable(url: str, error: Exception) -> ConfigError:
    # requests lets a few through: a CA bundle that is no file, a proxy URL without a host.
    return ConfigError(f"cannot call {redacted(url)}", shorten(str(error)))


def _no_answer(status: int) -> NetworkError:
    what = f"the server answered {status} and not the request"
    return NetworkError(what, "", "check base_url: is it the API?")


def _chunks(response: requests.Response, *, close: bool = False) -> Iterator[bytes]:
    """Yield decoded bytes as they arrive: `read1` is what holds nothing back."""
    try:
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            yield chunk
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise network_error(error, "") from None
    finally:
        if close:
            response.close()


def request_id(headers: Mapping[str, str]) -> str:
    """Return the id that support asks for, empty where the server gave none."""
    return shorten(headers.get("x-request-id") or headers.get("x-inference-id") or "")
