"""The client of the Token Factory API: sends requests, returns bytes, turns failures into NbxErrors."""

import contextlib
from collections.abc import Callable, Generator, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from nebius_cli.api.choose_pool_and_headers import Pools, Target
from nebius_cli.api.connect_during_import import EarlyConnection
from nebius_cli.api.connection_pool import CONNECTION_ERRORS
from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.endpoint import check_key
from nebius_cli.api.http_response import HttpResponse
from nebius_cli.api.large_answer_slots import MIN_LARGE_BYTES, LargeAnswers
from nebius_cli.api.network_errors import check_encoding, network_error, proxy_error
from nebius_cli.api.redaction import Redactor
from nebius_cli.api.redirects import follow, too_many
from nebius_cli.api.retry import parse_retry_after
from nebius_cli.core.errors_and_exit_codes import NbxError, NetworkError, from_status
from nebius_cli.core.secret import Secret
from nebius_cli.core.urls import endpoint_url, parse_base_url
from nebius_cli.response.error_message_in_body import body_message, is_html

# Bytes read from an error response. The message shown is much shorter, but a 422 can repeat a long prompt
# in front of it.
MAX_ERROR_BODY_BYTES = 8 * 1024 * 1024
ERROR_BODY_TIMEOUT_S = 2.0  # the status is already known, so do not wait long for the message
MAX_ANSWER_BYTES = 32 * 1024 * 1024  # of an answer that is read completely before it is used
MAX_REDIRECTS = 3


class ResponseHead(NamedTuple):
    """The status of an answer and the headers that nbx uses."""

    status: int
    request_id: str
    content_type: str
    date: str = ""  # the header Date, unparsed


class Answer(NamedTuple):
    """A complete answer; the names in `headers` are in lower case."""

    head: ResponseHead
    headers: Mapping[str, str]
    body: bytes


class Sent(NamedTuple):
    """A request that was sent, and its answer, still unread."""

    method: str
    url: str
    body: bytes | None
    accept: str
    deadline: Deadline
    target: Target
    answer: HttpResponse


class Api:
    """Requests to one base URL, with one key.

    `connect_timeout` in seconds limits each attempt to connect, 0 means no limit; the Deadline of a request
    limits everything else. `trust_env=False` ignores proxy variables; `pool` is how many connections are kept
    open; `headers` are added to each request; `redactor` removes the key, and the values of those headers,
    from text of the server. The first request uses the `early` connection if it is to the same server.
    Any number of threads may use it at once.
    """

    def __init__(  # noqa: PLR0913 - each one is a setting
        self,
        base_url: str,
        key: Secret,
        *,
        connect_timeout: float,
        now: Callable[[], float],
        log: Callable[[str], None],
        cacert: str = "",
        headers: Mapping[str, Secret] = MappingProxyType({}),
        trust_env: bool = True,
        pool: int = 10,
        early: EarlyConnection | None = None,
    ) -> None:
        self.base = parse_base_url(base_url)
        self.host = self.base.hostname or ""
        self._now = now
        key = check_key(key)
        self.redactor = Redactor(key, *headers.values())
        self.large_answers = LargeAnswers()
        self._log: Callable[[str], None] = lambda text: log(self.redactor.text(text))
        self._pools = Pools(
            key,
            cacert=cacert,
            headers=headers,
            trust_env=trust_env,
            size=pool,
            connect_timeout_s=connect_timeout or None,
            early=early,
        )
        self._early = early
        if early is not None:
            self._pools.load_authorities(self.base)

    @property
    def is_distant(self) -> bool:
        """Whether the server is known to take so long that other work can be done while waiting for it."""
        return self._early is not None and self._early.is_distant

    def close(self) -> None:
        """Close the early connection, unless a request has used it."""
        if self._early is not None:
            self._early.close()

    @property
    def proxy(self) -> str:
        """The proxy that requests go through, without its password; empty without one. Raises ConfigError."""
        proxy = self._pools.proxy(self.base)
        return proxy.shown if proxy else ""

    def post(
        self, path: str, query: str, body: bytes, *, accept: str, deadline: Deadline
    ) -> Generator[ResponseHead | bytes, None, None]:
        """Send `body` as JSON; yield the ResponseHead, then the answer's bytes as they arrive.

        Closing the iterator closes the connection, so that the server stops generating. The clock of
        `deadline` is stopped while the caller uses what was yielded. Raises StatusError for a status other
        than 2xx, TimedOutError past the deadline, NetworkError for all other failures of the connection.
        """
        with self.redactor.in_errors:
            url = endpoint_url(self.base, path, query)
            response, head = self._receive(self._send("POST", url, body, accept, deadline))
            try:
                yield head
                for chunk in _chunks(response, deadline):
                    deadline.pause()
                    yield chunk
                    deadline.resume()
            finally:
                response.release()

    def get(self, path: str, query: str = "", *, deadline: Deadline) -> Answer:
        """Request the JSON at `path`. Raises the errors of `finish`."""
        with self.redactor.in_errors:
            url = endpoint_url(self.base, path, query)
            return self.finish(self._send("GET", url, None, "application/json", deadline))

    def begin(self, path: str, query: str, body: bytes, *, accept: str, deadline: Deadline) -> Sent:
        """Send `body` as JSON; `finish` returns the answer. Raises what `post` raises before the answer."""
        with self.redactor.in_errors:
            return self._send("POST", endpoint_url(self.base, path, query), body, accept, deadline)

    def finish(self, sent: Sent) -> Answer:
        """Return the complete answer to a request.

        Raises the errors of `post`, and NetworkError for an answer of more than MAX_ANSWER_BYTES. If
        receiving fails, `received` of the error is an Answer with the part received before.
        """
        with self.redactor.in_errors, self.large_answers.turn:
            response, head = self._receive(sent)
            received = bytearray()
            try:
                self._collect(received, MAX_ANSWER_BYTES, response, sent.deadline)
            except NetworkError as error:
                error.received = Answer(head, response.fields, bytes(received))
                raise
            if len(received) > MAX_ANSWER_BYTES:
                raise NetworkError("the answer is too large", f"nbx reads at most {MAX_ANSWER_BYTES} bytes")
            return Answer(head, response.fields, bytes(received))

    def _collect(self, body: bytearray, limit: int, response: HttpResponse, deadline: Deadline) -> None:
        """Append the received bytes to `body` until the answer ends or exceeds `limit`; then close it."""
        try:
            for chunk in _chunks(response, deadline):
                body += chunk
                if len(body) > limit:
                    break
                if len(body) > MIN_LARGE_BYTES:
                    self.large_answers.take(deadline)
        finally:
            response.release()

    def _head(self, response: HttpResponse) -> ResponseHead:
        fields, line = response.fields, self.redactor.line
        request_id = fields.get("x-request-id") or fields.get("x-inference-id") or ""  # support asks for it
        words = (request_id, fields.get("content-type", ""), fields.get("date", ""))
        return ResponseHead(response.status, *map(line, words))

    def _send(self, method: str, url: str, body: bytes | None, accept: str, deadline: Deadline) -> Sent:
        target = self._pools.target(method, url, accept)
        size = f" ({len(body)} bytes)" if body is not None else ""
        self._log(f"{method} {url}{size}")
        while True:
            try:
                return Sent(method, url, body, accept, deadline, target, target.begin(body, deadline))
            except CONNECTION_ERRORS as error:
                if not deadline.is_stale:
                    raise _failure(error, target, deadline) from None

    def _receive(self, sent: Sent) -> tuple[HttpResponse, ResponseHead]:
        """Return the answer as soon as its head has arrived. Raises the errors of `post`."""
        deadline, url = sent.deadline, sent.url
        for hop in range(MAX_REDIRECTS + 1):
            if hop:
                sent = self._send(sent.method, url, sent.body, sent.accept, deadline)
            response = self._begin_answer(sent)
            status, head = response.status, self._head(response)
            self._log(f"HTTP {status} {head.request_id}".rstrip())
            if not 300 <= status < 400:
                deadline.head_received()
            if 200 <= status < 300:
                return response, head
            if status >= 400:
                retry_after = response.fields.get("retry-after", "")
                raise self._error_of(head, retry_after, self._error_body(response, deadline), sent.target)
            response.release()
            if status < 200:  # interim answers were skipped, so this is the final one
                what = f"the server sent {status} instead of an answer"
                raise NetworkError(what, "", "check base_url: does it point to the API?")
            url = follow(status, response.fields.get("location", ""), url)
        raise too_many(MAX_REDIRECTS, url)

    def _begin_answer(self, sent: Sent) -> HttpResponse:
        """Return the answer as soon as its head has arrived.

        A server may close an idle connection just as a request is sent on it. If the connection ends before
        the first byte of an answer, the request is sent again on another connection.
        """
        while True:
            answer = sent.answer
            try:
                answer.begin()
            except CONNECTION_ERRORS as error:
                answer.release()
                if not sent.deadline.is_stale:
                    raise _failure(error, sent.target, sent.deadline) from None
            except BaseException:
                answer.release()
                raise
            else:
                return answer
            sent = self._send(*sent[:5])

    def _error_of(self, head: ResponseHead, retry_after: str, body: bytes, target: Target) -> NbxError:
        status, message = head.status, body_message(body)
        if status == 407 and target.proxy:
            return proxy_error(target.proxy, f"it answered 407: {message}".removesuffix(": "))
        error = from_status(
            status,
            message,
            request_id=head.request_id,
            retry_after=parse_retry_after(retry_after, self._now()),
        )
        # If the path were right, the message would name the model.
        if status == 404 and (is_html(body) or message.lower().strip(".") in ("", "not found")):
            error.hint = f"check base_url: {target.url} was not found"
        return error

    def _error_body(self, response: HttpResponse, deadline: Deadline) -> bytes:
        """Return the part of an error's body that arrives within ERROR_BODY_TIMEOUT_S."""
        deadline.shorten(ERROR_BODY_TIMEOUT_S)
        body = bytearray()
        with contextlib.suppress(NetworkError):
            self._collect(body, MAX_ERROR_BODY_BYTES, response, deadline)
        return bytes(body[:MAX_ERROR_BODY_BYTES])


def _chunks(response: HttpResponse, deadline: Deadline) -> Iterator[bytes]:
    """Yield decoded bytes as they arrive."""
    check_encoding(response.fields.get("content-encoding", ""))
    try:
        for chunk in response.chunks():
            deadline.bytes_received()
            yield chunk
    except CONNECTION_ERRORS as error:
        raise network_error(error) from None


def _failure(error: Exception, target: Target, deadline: Deadline) -> NbxError:
    failure = network_error(error, target, sent=deadline.sent)
    if isinstance(failure, NetworkError):
        failure.unread = deadline.unread
    return failure
