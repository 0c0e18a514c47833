"""One request and its answer: attempts, deadlines, and the judgement whether the answer is whole."""

from collections.abc import Callable
from dataclasses import dataclass

from nebius_cli.adapters.api import Api, Head
from nebius_cli.adapters.deadline import Deadlines
from nebius_cli.adapters.streams import Streams
from nebius_cli.core import retry
from nebius_cli.core.completion import Completion
from nebius_cli.core.decode import AnswerDecoder
from nebius_cli.core.errors import IncompleteError, NbxError, NetworkError, StatusError, TimedOutError
from nebius_cli.core.events import Event, Finished, Problem, Token
from nebius_cli.core.request import CompletionRequest


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits in seconds, 0 for none, and how often to try again."""

    first_byte: float
    stall: float
    total: float
    retries: int


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the caller wants to know, and `untouched`: whether nothing has been put out yet."""

    event: Callable[[Event], None]
    attempt: Callable[[], None]
    retry: Callable[[str], None]
    untouched: Callable[[], bool]


class Exchange:
    """Sends one request until there is an answer or a reason why not.

    After `run`, or when it raises: `completion` is what came; the times are on the monotonic clock.
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
        self.request_id = ""
        self.sent_at = 0.0
        self.first_token_at: float | None = None

    def run(self) -> Completion:
        """Return the whole answer. Raises NbxError; never tries again once any of an answer has come."""
        started = self._streams.monotonic()
        attempt = 1
        while True:
            self.completion, self.request_id = Completion(self._request.choices), ""
            try:
                self._attempt(started)
            except NbxError as error:
                wait = self._wait(error, attempt, started)
                if wait is None:
                    raise self._final(error) from None
                why = f"{error.what}: {error.why}" if error.why else error.what
                tries = f"{attempt} of {self._limits.retries}"
                self._hooks.retry(f"{why}; trying again in {wait:.1f} s ({tries})")
                self._streams.sleep(wait)
                attempt += 1
            else:
                return self.completion

    def _attempt(self, started: float) -> None:
        self.sent_at = self._streams.monotonic()
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
        try:
            for item in answer:
                if isinstance(item, Head):
                    decoder, self.request_id = AnswerDecoder(item.content_type), item.request_id
                    continue
                for event in decoder.feed(item):
                    self._take(event)
                if decoder.done:
                    break
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

    def _take(self, event: Event) -> None:
        if isinstance(event, Token | Finished) and event.index >= self._request.choices:
            event = Problem(f"the server sent choice {event.index + 1} of {self._request.choices}")
        if self.first_token_at is None and isinstance(event, Token):
            self.first_token_at = self._streams.monotonic()
        self.completion.add(event)
        self._hooks.event(event)

    def _judge(self) -> None:
        completion = self.completion
        if completion.problem:
            raise self._incomplete(completion.problem)
        if completion.unfinished:
            one = completion.unfinished[0] + 1
            what = f"choice {one} of {completion.expected}" if completion.expected > 1 else "it"
            raise self._incomplete(f"{what} ended without a finish_reason")

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
                return self._incomplete(f"{error.what}: {error.why}")
            error.what += self._request_note()
        return error

    def _incomplete(self, why: str) -> IncompleteError:
        started = self.completion.started
        hint = (
            "what came is kept; send it again"
            if started
            else "send it again, or check base_url: is it the API?"
        )
        what = f"the answer is incomplete{self._request_note()}"
        return IncompleteError(what, self._api.without_key(why), hint)

    def _request_note(self) -> str:
        return f" (request {self.request_id})" if self.request_id else ""
