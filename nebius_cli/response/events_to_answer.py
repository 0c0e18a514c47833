"""Builds an answer from its events: texts, finish reasons, logprobs, usage."""

from collections.abc import Collection, Mapping
from typing import Any, assert_never

from nebius_cli.core.errors_and_exit_codes import IncompleteError, NbxError, from_status
from nebius_cli.response.answer_decoder import choice_index, choice_text
from nebius_cli.response.answer_events import Event, Finished, Frame, Problem, Repeats, TextDelta, Usage
from nebius_cli.response.check_complete import incomplete_error, missing_reason, unfinished_indexes
from nebius_cli.response.merge_stream_objects import OBJECT_BYTES, merge_members, put_member

# Members of a choice that `Choice.to_json` writes itself.
_BUILT = ("index", "text", "finish_reason", "logprobs")


class Choice:
    """One choice, as received so far."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.finish_reason: str | None = None
        self.has_text = False  # a text was received, which may be empty
        self._texts: list[str] = []
        self.logprobs: dict[str, Any] = {}  # in the format of the server
        self._extra: dict[str, Any] = {}

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._texts)

    @property
    def started(self) -> bool:
        """Whether any part of this choice has been received."""
        return bool(self._texts or self.finish_reason)

    def add(self, token: TextDelta) -> int:
        """Append a token's text and log probabilities; return roughly how many bytes they take."""
        self.has_text = True
        self._texts.append(token.text)
        logprobs = merge_members(self.logprobs, token.logprobs) if token.logprobs else 0
        return OBJECT_BYTES + len(token.text) + logprobs

    def keep(self, members: Mapping[str, Any]) -> int:
        """Keep the members of a frame's choice that are not in _BUILT; return roughly the bytes they take."""
        return merge_members(
            self._extra, {name: value for name, value in members.items() if name not in _BUILT}
        )

    def to_json(self) -> dict[str, Any]:
        """Return the choice as the API writes it."""
        own = {"index": self.index, "text": self.text}
        return {**own, "logprobs": self.logprobs or None, "finish_reason": self.finish_reason, **self._extra}


class Completion:
    """The answer so far. Complete only when each of the `expected` choices has a finish reason."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.choices: dict[int, Choice] = {}
        self.usage: Usage | None = None
        self.problem: str = ""
        self.error_status = 0  # the HTTP status that an error named before any text was received
        self.chat_shaped = False  # the text was in a member that the chat endpoint uses
        self.memory_bytes = 0  # roughly, of the answer so far
        self._members: dict[str, Any] = {}

    def add(self, event: Event) -> None:
        """Add one event."""
        match event:
            case TextDelta(index, text):
                choice = self._choice(index)
                if text and choice.finish_reason:
                    self.problem = self.problem or f"choice {index + 1} continued after its finish_reason"
                self.memory_bytes += choice.add(event)
            case Finished(index, reason):
                self._choice(index).finish_reason = reason
            case Usage():
                self.usage = event
            case Problem(message, cut, status):
                if not self.problem and (self.unfinished or not cut):
                    self.problem = message
                    self.error_status = 0 if self.started else status
            case Frame(payload):
                self._keep_members(payload)
            case Repeats():
                pass
            case _:
                assert_never(event)

    @property
    def started(self) -> bool:
        """Whether any part of the answer has been received."""
        return any(choice.started for choice in self.choices.values())

    @property
    def has_logprobs(self) -> bool:
        """Whether any choice has log probabilities."""
        return any(choice.logprobs for choice in self.choices.values())

    @property
    def unfinished(self) -> list[int]:
        """The first indexes of choices without a finish reason, including choices that never arrived."""
        return unfinished_indexes(self._reasons, self.expected)

    @property
    def _reasons(self) -> dict[int, str | None]:
        return {index: choice.finish_reason for index, choice in self.choices.items()}

    @property
    def fault(self) -> str:
        """Why the answer is not complete, empty if it is."""
        silent = [index for index, choice in self.choices.items() if not choice.has_text]
        missing = missing_reason(self._reasons, self.expected)
        return self.problem or missing or (f"choice {silent[0] + 1} has no text" if silent else "")

    def check(self, event: Event) -> Event:
        """Return the event, or a Problem if it belongs to a choice that was not requested."""
        if isinstance(event, TextDelta | Finished) and event.index >= self.expected:
            return Problem(
                f"the server sent choice {event.index + 1}, but the request asked for {self.expected}"
            )
        return event

    def member(self, name: str) -> Any:
        """Return a top-level member of the response, such as `model` or `service_tier`."""
        return self._members.get(name)

    def reasons(self) -> list[str]:
        """Return the distinct finish reasons, in index order."""
        ordered = (self.choices[i].finish_reason for i in sorted(self.choices))
        return list(dict.fromkeys(reason for reason in ordered if reason))

    def check_reasons(self, refused: Collection[str]) -> None:
        """Raise IncompleteError if a choice has one of these finish reasons."""
        for reason in self.reasons():
            if reason in refused:
                cut = reason == "length"
                what = "the token limit cut off the answer" if cut else f"the finish reason is {reason}"
                hint = "--max-tokens N allows a longer answer" if cut else ""
                raise IncompleteError(what, f"--fail-on {reason} makes this an error", hint)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as one response object of the API."""
        choices = [self.choices[i].to_json() for i in sorted(self.choices)]
        return {**self._members, "choices": choices}

    def _choice(self, index: int) -> Choice:
        return self.choices.setdefault(index, Choice(index))

    def _keep_members(self, payload: Mapping[str, Any]) -> None:
        for name, value in payload.items():
            if value is None or name == "choices":  # keep its position among the members
                self._members.setdefault(name, None)
            elif value != self._members.get(name):
                self.memory_bytes += put_member(self._members, name, value)
        choices = payload.get("choices")
        for place, raw in enumerate(choices if isinstance(choices, list) else ()):
            # A choice that was not requested is an error only if it has text; see `check`.
            if isinstance(raw, dict) and (index := choice_index(raw, place)) < self.expected:
                choice = self._choice(index)
                self.memory_bytes += choice.keep(raw)
                if "text" not in raw and choice_text(raw) is not None:
                    self.chat_shaped = True
                choice.has_text = choice.has_text or "text" in raw or choice_text(raw) is not None


def failure(completion: Completion, request_id: str) -> NbxError:
    """Return the error for an incomplete completion; a refusal gives the same error as without streaming."""
    if completion.error_status:
        return from_status(completion.error_status, completion.fault, request_id=request_id)
    return incomplete_error(completion.fault, request_id)
