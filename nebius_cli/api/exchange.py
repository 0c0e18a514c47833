"""One request and its answer: attempts, deadlines, and the judgement whether the answer is whole."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

from nebius_cli.api import retry
from nebius_cli.api.client import Api, Head
from nebius_cli.api.deadlines import Deadlines
from nebius_cli.api.limits import Limits
from nebius_cli.core.errors import IncompleteError, NbxError, NetworkError, StatusError, TimedOutError
from nebius_cli.request.request import CompletionRequest
from nebius_cli.response.completion import Completion
from nebius_cli.response.decode import AnswerDecoder
from nebius_cli.response.events import Event, Finished, Frame, Problem, TextDelta
from nebius_cli.system.streams import Streams

# An answer in one piece is held as bytes, as text and as objects, before it is shown.
COPIES = 4


class Hooks(NamedTuple):
    """What the caller wants to know, and `untouched`: whether nothing has been put out yet.

    `every_frame`: it wants each frame of a stream, not only the text in them.
    """

    event: Callable[[Event], None]
    attempt: Callable[[], None]
    retry: Callable[[str], None]
    untouched: Callable[[], bool]
    every_frame: bool = True


@dataclasses.dataclass(slots=True)
class Sent:
    """One time that the request went out, and what came of it; times are on the monotonic clock."""

    at: float
    completion: Completion
    request_id: str = ""
    first_token_at: float | None = None
    ended_at: float | None = None
    error: NbxError | None = None


class Exchange:
    """Sends one request until there is an answer or a reason why not.

    After `run`, or when it raises: `completion` is what came; `sent` has every attempt, the last one last;
    the times are on the monotonic clock.
    """

    def __init__(
        self, api: Api, request: CompletionRequest, limits: Limits, streams: Streams, hooks: Hooks
    ) -> None:
        self._api = api
        self._request = request
        self._limits = limits
        self._streams = streams
        self._hooks = hooks
        self.completion = Completion(request.choices)
        self.sent: list[Sent] = []
        self.sent_at = 0.0
        self.first_token_at: float | None = None
        self._text_at = 0.0
        self._came_at = 0.0  # the last bytes; what is made of them may take its time

    def run(self) -> Completion:
        """Return the whole answer. Raises NbxError; never tries again once any of an answer has come."""
        started = self._streams.monotonic()
        attempt = 1
        while True:
            self.completion = Completion(self._request.choices)
            try:
                self._attempt(started)
            except NbxError as error:
                self._note_end(error)
                wait = self._wait(error, attempt, started)
                if wait is None:
                    raise self._final(error) from None
                tries = f"{attempt} of {self._limits.retries}"
                self._hooks.retry(f"{error.line}; trying again in {wait:.1f} s ({tries})")
                self._streams.sleep(wait)
                attempt += 1
            else:
                self._note_end(None)
                return self.completion

    @property
    def request(self) -> CompletionRequest:
        """The request."""
        return self._request

    @property
    def host(self) -> str:
        """The name of the host that it goes to."""
        return self._api.host

    def shows_key(self, text: str) -> bool:
        """Return whether the key is in a text."""
        return self._api.hiding.text(text) != text

    def _note_end(self, error: NbxError | None) -> None:
        attempt = self.sent[-1]
        attempt.ended_at, attempt.error = self._streams.monotonic(), error

    def _attempt(self, started: float) -> None:
        self.sent_at = self._streams.monotonic()
        self.sent.append(Sent(self.sent_at, self.completion))
        self._hooks.attempt()
        accept = "text/event-stream" if self._request.streamed else "application/json"
        limits = self._limits
        answer = Deadlines(
            self._api.post("/completions", self._request.query(), self._request.encode(), accept=accept),
            self._streams.monotonic,
            first_byte=limits.first_byte,
            stall=limits.stall,
            total=limits.total,
            started=started,
        )
        decoder = AnswerDecoder("")
        self._text_at = self._came_at = self._streams.monotonic()
        try:
            for item in answer:
                self._came_at = self._streams.monotonic()
                if isinstance(item, Head):
                    decoder = self._decoder(item.content_type)
                    self.sent[-1].request_id = item.request_id
                    continue
                for event in decoder.feed(item):
                    self._take(event)
                if decoder.done:
                    break
                self._check_signs_of_life()
            for event in decoder.close():
                self._take(event)
        except NetworkError:
            for event in decoder.close():
                if not isinstance(event, Problem):
                    self._take(event)
            if self.completion.unfinished and not self.completion.problem:
                raise
            # Each choice has its finish_reason: what broke after that was not the answer.
        finally:
            self._api.abort()
        self._judge()

    def _decoder(self, content_type: str) -> AnswerDecoder:
        largest = self._limits.memory // COPIES
        return AnswerDecoder(content_type, every_frame=self._hooks.every_frame, max_bytes=largest)

    def _check_signs_of_life(self) -> None:
        """Raise TimedOutError where an answer goes on and on without any text."""
        if self._streams.monotonic() - self._text_at > self._limits.patience:
            why = f"no text came for {self._limits.patience:g} s, only signs of life"
            hint = "--first-byte-timeout SECONDS waits longer, 0 for ever"
            raise TimedOutError("timed out", why, hint)

    def _take(self, event: Event) -> None:
        if isinstance(event, Frame):
            event = Frame(self._api.hiding.value(event.payload))
        elif isinstance(event, Finished):
            event = Finished(event.index, self._api.hiding.text(event.reason))
        if isinstance(event, TextDelta | Finished):
            self._text_at = self._came_at
        event = self.completion.check(event)
        if self.first_token_at is None and isinstance(event, TextDelta):
            self.first_token_at = self.sent[-1].first_token_at = self._text_at
        self.completion.add(event)
        self._hooks.event(event)
        if self.completion.held > self._limits.memory:
            what = f"it takes more than {self._limits.memory >> 20} MiB of memory"
            raise self._incomplete(what, "what came is kept; --max-memory MIB takes more")

    def _judge(self) -> None:
        if fault := self.completion.fault:
            raise self._incomplete(fault)

    def _wait(self, error: NbxError, attempt: int, started: float) -> float | None:
        if self.completion.started or not self._hooks.untouched():
            return None
        wait = retry.delay(error, attempt, self._limits.retries, self._streams.random())
        asked = (error.retry_after or 0.0) if isinstance(error, StatusError) else 0.0
        if asked > retry.LONGEST_WAIT:
            error.hint = f"it asks to wait {asked:g} s; nbx waits for {retry.LONGEST_WAIT:g} s at most"
        left = started + self._limits.total - self._streams.monotonic()
        if wait is not None and self._limits.total and wait > left:
            error.hint = f"no time is left to try again: --timeout is {self._limits.total:g} s"
            return None
        return wait

    def _final(self, error: NbxError) -> NbxError:
        if isinstance(error, NetworkError):
            if self.completion.started and not isinstance(error, TimedOutError):
                return self._incomplete(error.line)
            error.what += self._request_note()
        return error

    def _incomplete(self, why: str, hint: str = "") -> IncompleteError:
        if not hint:
            again = "send it again, or check base_url: is it the API?"
            hint = "what came is kept; send it again" if self.completion.started else again
        what = f"the answer is incomplete{self._request_note()}"
        return IncompleteError(what, self._api.hiding.text(why), hint)

    def _request_note(self) -> str:
        request_id = self.sent[-1].request_id
        return f" (request {request_id})" if request_id else ""
