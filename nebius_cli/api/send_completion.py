"""Sends one completion request, retries it if necessary, and checks that the answer is complete."""

import contextlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from nebius_cli.api import retry
from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.http_client import Api, ResponseHead
from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.core.errors_and_exit_codes import IncompleteError, NbxError, NetworkError, TimedOutError
from nebius_cli.request.request_body import CompletionRequest
from nebius_cli.response.answer_decoder import AnswerDecoder
from nebius_cli.response.answer_events import Event, Finished, Frame, Problem, Repeats, TextDelta
from nebius_cli.response.check_complete import incomplete_error
from nebius_cli.response.events_to_answer import Completion, failure
from nebius_cli.system.streams import Streams

# How many copies of an answer that is not streamed are in memory at once: as bytes, as text, as objects.
COPIES = 4


class Hooks(NamedTuple):
    """Callbacks for the answer and the attempts of one request.

    `event` receives each event, `attempt` is called before each attempt, `retry` shows why there will be
    another one. `nothing_written` returns whether nothing has been shown yet. `every_frame`: the caller
    needs each frame of a stream, not only the text in it.
    """

    event: Callable[[Event], None]
    attempt: Callable[[], None]
    retry: Callable[[str], None]
    nothing_written: Callable[[], bool]
    every_frame: bool = True


class Sent:
    """One attempt and its result; times are in seconds on the monotonic clock."""

    def __init__(self, at: float, completion: Completion) -> None:
        self.at = at
        self.completion = completion
        self.request_id = ""
        self.first_token_at: float | None = None
        self.ended_at: float | None = None
        self.error: NbxError | None = None


class Exchange:
    """Sends one request until it is answered or another attempt would be useless.

    After `run`, also when it raises: `completion` is what was received; `sent` has all attempts in order;
    times are in seconds on the monotonic clock.
    """

    def __init__(
        self, api: Api, request: CompletionRequest, limits: Limits, streams: Streams, hooks: Hooks
    ) -> None:
        self._api = api
        self.request = request
        self._limits = limits
        self._streams = streams
        self._hooks = hooks
        self.completion = Completion(request.choices)
        self.sent: list[Sent] = []
        self.sent_at = 0.0
        self.first_token_at: float | None = None
        self._decoder = AnswerDecoder("")
        self._received_at = 0.0  # when the last bytes arrived, which can be long before they are shown

    def run(self) -> Completion:
        """Return the complete answer. Raises NbxError; never retries after part of an answer was received."""
        started = self._streams.monotonic()
        attempt = 1
        while True:
            self.completion = Completion(self.request.choices)
            try:
                self._attempt(started)
            except NbxError as error:
                self._note_end(error)
                wait = self._wait(error, attempt, started)
                if wait is None:
                    raise self._final(error) from None
                self._hooks.retry(retry.announcement(error, wait, attempt, self._limits.retries))
                self._streams.sleep(wait)
                attempt += 1
            else:
                self._note_end(None)
                return self.completion

    @property
    def host(self) -> str:
        """The name of the host that receives the request."""
        return self._api.host

    def shows_key(self, text: str) -> bool:
        """Return whether a text contains the key."""
        return self._api.redactor.text(text) != text

    def _note_end(self, error: NbxError | None) -> None:
        attempt = self.sent[-1]
        attempt.ended_at, attempt.error = self._streams.monotonic(), error

    def _attempt(self, started: float) -> None:
        self.sent_at = self._streams.monotonic()
        self.sent.append(Sent(self.sent_at, self.completion))
        self._hooks.attempt()
        accept = "text/event-stream" if self.request.streamed else "application/json"
        deadline = Deadline(self._limits, self._streams.monotonic, started)
        query, body = self.request.query(), self.request.encode()
        answer = self._api.post("/completions", query, body, accept=accept, deadline=deadline)
        self._decoder = AnswerDecoder("")
        try:
            with contextlib.closing(answer):
                self._receive(answer, deadline)
            for event in self._decoder.close():
                self._take(event)
        except NetworkError:
            for event in self._decoder.close():
                if not isinstance(event, Problem):
                    self._take(event)
            if self.completion.unfinished and not self.completion.problem:
                raise
            # Each choice has its finish_reason: the answer was complete before the connection broke.
        if fault := self.completion.fault:
            if self.completion.error_status:
                with self._api.redactor.in_errors:
                    raise failure(self.completion, self.sent[-1].request_id)
            raise self._incomplete(fault, self._hint())

    def _receive(self, answer: Iterator[ResponseHead | bytes], deadline: Deadline) -> None:
        """Process the events of an answer until it ends or its end marker arrives."""
        for item in answer:
            self._received_at = self._streams.monotonic()
            if isinstance(item, ResponseHead):
                self._decoder = AnswerDecoder(
                    item.content_type,
                    every_frame=self._hooks.every_frame,
                    max_bytes=self._limits.memory // COPIES,
                )
                self.sent[-1].request_id = item.request_id
                continue
            for event in self._decoder.feed(item):
                self._take(event)
                if isinstance(event, TextDelta | Finished):
                    deadline.text_received()
            if self._decoder.done:
                return

    def _take(self, event: Event) -> None:
        if isinstance(event, Frame):
            event = Frame(self._api.redactor.value(event.payload))
        elif isinstance(event, Repeats):
            event = Repeats(self._api.redactor.value(event.frame), event.texts)
        elif isinstance(event, Finished):
            event = Finished(event.index, self._api.redactor.text(event.reason))
        event = self.completion.check(event)
        if self.first_token_at is None and isinstance(event, TextDelta):
            self.first_token_at = self.sent[-1].first_token_at = self._received_at
        self.completion.add(event)
        self._hooks.event(event)
        if self.completion.memory_bytes > self._limits.memory:
            what = f"it takes more than {self._limits.memory >> 20} MiB of memory"
            raise self._incomplete(what, "text received so far is kept; --max-memory MIB allows more")

    def _wait(self, error: NbxError, attempt: int, started: float) -> float | None:
        if self.completion.started or not self._hooks.nothing_written():
            return None
        total, retries = self._limits.total, self._limits.retries
        left = started + total - self._streams.monotonic()
        return retry.delay(error, attempt, retries, self._streams.random(), total=total, left=left)

    def _final(self, error: NbxError) -> NbxError:
        if isinstance(error, NetworkError):
            if self.completion.started and not isinstance(error, TimedOutError):
                return self._incomplete(error.line)
            if request_id := self.sent[-1].request_id:
                error.what += f" (request {request_id})"
        return error

    def _incomplete(self, why: str, hint: str = "") -> IncompleteError:
        if not hint:
            again = "repeat the request, or check base_url: does it point to the API?"
            hint = "text received so far is kept; repeat the request" if self.completion.started else again
        return incomplete_error(self._api.redactor.line(why), self.sent[-1].request_id, hint)

    def _hint(self) -> str:
        """Return a hint if the server has mixed up the choices of a stream, otherwise an empty string."""
        mixed = self.request.streamed and self.request.choices > 1 and [*self.completion.choices] == [0]
        return "the server mixes up the choices of a stream; use --no-stream" if mixed else ""
