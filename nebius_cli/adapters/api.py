"""The Token Factory API over requests: a request goes out, bytes come back, failures become ours."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions
from requests.auth import AuthBase

from nebius_cli import __version__
from nebius_cli.adapters.deadline import Deadlines
from nebius_cli.adapters.failures import network_error
from nebius_cli.core.decode import body_message, shorten
from nebius_cli.core.errors import (
    AuthError,
    ConfigError,
    NbxError,
    NetworkError,
    RejectedError,
    from_status,
)
from nebius_cli.core.retry import parse_retry_after
from nebius_cli.core.secret import Secret
from nebius_cli.core.urls import parse_base_url, redacted, url_of

CHUNK = 65536
# Bytes read of an error response. The message shown is far shorter, but a 422 can repeat a long prompt
# before it comes to the point.
MAX_ERROR_BODY = 8 * 1024 * 1024
ERROR_BODY_SECONDS = 2.0
MAX_BODY = 32 * 1024 * 1024  # of an answer that is read whole
MAX_REDIRECTS = 3


@dataclass(frozen=True, slots=True)
class Head:
    """The start of an answer: status and headers have come."""

    status: int
    request_id: str
    content_type: str
    date: str = ""  # the server's clock, in its own words


class _Bearer(AuthBase):
    """Puts the key on a request. An AuthBase, because requests lets ~/.netrc replace a plain header."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key.reveal()}"
        return request


class _Session(requests.Session):
    """A session that leaves redirects alone; requests reads and follows one in its head even unasked."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return that there is none: `_redirect` decides."""


class Api:
    """One HTTP session to one base URL.

    Timeouts are in seconds, 0 is none; `read_timeout` bounds each single wait of the socket, the
    deadlines over a whole answer are adapters/deadline.py. `trust_env=False` ignores proxy variables.
    """

    def __init__(
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
    ) -> None:
        self.base = parse_base_url(base_url)
        self._timeouts = (connect_timeout or None, read_timeout or None)
        self._now = now
        self._log = log
        self._verify: str | None = cacert or None
        self._response: requests.Response | None = None
        self._session = _Session()
        self._session.trust_env = trust_env
        self._key = check_key(key)
        self._session.auth = _Bearer(self._key)
        self._session.headers["User-Agent"] = f"nbx/{__version__}"

    def post(self, path: str, query: str, body: bytes, *, accept: str) -> Iterator[Head | bytes]:
        """Send `body` as JSON; yield the Head, then the answer's bytes as they arrive.

        Closing the iterator closes the connection, so that the server stops generating.
        Raises StatusError for a status other than 2xx, NetworkError for everything below HTTP.
        """
        yield from self._answer(self._send("POST", url_of(self.base, path, query), body, accept))

    def get(self, path: str, query: str = "") -> Iterator[Head | bytes]:
        """Ask for what is at `path`; yield the Head, then the JSON's bytes as they arrive.

        Raises what `post` does, and NetworkError for an answer larger than anything that is wanted.
        """
        left = MAX_BODY
        for item in self._answer(self._send("GET", url_of(self.base, path, query), None, "application/json")):
            left -= len(item) if isinstance(item, bytes) else 0
            if left < 0:
                raise NetworkError("the answer is too large", f"nbx reads {MAX_BODY} bytes of {path}")
            yield item

    def _answer(self, response: requests.Response) -> Iterator[Head | bytes]:
        self._response = response
        headers = response.headers
        try:
            yield Head(
                response.status_code,
                request_id(headers),
                headers.get("content-type", ""),
                headers.get("date", ""),
            )
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
                raise network_error(error, self.base.hostname or "") from None
            except (OSError, urllib3.exceptions.HTTPError, ValueError, TypeError) as error:
                # requests lets a few through: a CA bundle that is no file, a proxy URL without a host.
                raise ConfigError(f"cannot call {redacted(url)}", shorten(str(error))) from None
            self._log(f"HTTP {response.status_code} {request_id(response.headers)}".rstrip())
            if response.status_code < 300:
                return response
            if response.status_code >= 400:
                raise self._status_error(response)
            response.close()
            url = _redirect(response, url)
        last = shorten(redacted(url))
        raise RejectedError(f"more than {MAX_REDIRECTS} redirects", f"the last one went to {last}")

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
        return from_status(
            response.status_code,
            self.without_key(body_message(body[:MAX_ERROR_BODY])),
            request_id=request_id(response.headers),
            retry_after=parse_retry_after(response.headers.get("retry-after", ""), self._now()),
        )


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


def check_key(key: Secret) -> Secret:
    """Return a key that can stand in a header. Raises AuthError, without showing it."""
    value = key.reveal().strip()
    if not value.isascii() or not value.isprintable() or not value:
        why = "it holds characters that no key has" if value else "it is empty"
        raise AuthError("the API key cannot be sent", why, "copy it once more")
    return Secret(value)


def request_id(headers: Mapping[str, str]) -> str:
    """Return the id that support asks for, empty where the server gave none."""
    return shorten(headers.get("x-request-id") or headers.get("x-inference-id") or "")


def _redirect(response: requests.Response, url: str) -> str:
    """Return where a redirect leads. Raises RejectedError for one that must not be followed.

    Only the same host may get the key, never unencrypted after encrypted, and 303 would drop the body.
    """
    location = response.headers.get("location", "")
    try:
        target = urljoin(url, location)
        old, new = urlsplit(url), urlsplit(target)
        same = (new.scheme, new.hostname, new.port) == (old.scheme, old.hostname, old.port)
        upgrade = new.hostname == old.hostname and (old.scheme, new.scheme) == ("http", "https")
    except ValueError:  # what stands there is no URL
        target, same, upgrade = location, False, False
    if response.status_code in (301, 302, 307, 308) and location and (same or upgrade):
        return target
    to = f"to {shorten(redacted(target))}" if location else "to nowhere"
    what = f"the server answered {response.status_code}, a redirect {to}"
    raise RejectedError(what, "nbx does not carry the key and the prompt there", "check base_url")
