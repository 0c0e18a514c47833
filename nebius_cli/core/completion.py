"""Fold the events of an answer into the answer: texts, finish reasons, logprobs, usage."""

from collections.abc import Mapping
from typing import Any, assert_never

from nebius_cli.core.decode import choice_index
from nebius_cli.core.events import Event, Finished, Frame, Problem, Token, Usage

# Members of a choice that the fold builds itself.
_FOLDED = ("index", "text", "finish_reason", "logprobs")


class Choice:
    """One choice as far as it has come."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.finish_reason: str | None = None
        self._texts: list[str] = []
        self._logprobs: dict[str, Any] = {}
        self._extra: dict[str, Any] = {}

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._texts)

    @property
    def started(self) -> bool:
        """Whether anything of this choice has come."""
        return bool(self._texts or self.finish_reason)

    def add(self, token: Token) -> None:
        """Append a token's text and log probabilities."""
        self._texts.append(token.text)
        _join(self._logprobs, token.logprobs or {})

    def keep(self, members: Mapping[str, Any]) -> None:
        """Keep the members of a frame's choice that the fold does not build itself."""
        _join(self._extra, {name: value for name, value in members.items() if name not in _FOLDED})

    def to_json(self) -> dict[str, Any]:
        """Return the choice as the API writes it."""
        own = {"index": self.index, "text": self.text}
        return {**own, "logprobs": self._logprobs or None, "finish_reason": self.finish_reason, **self._extra}


class Completion:
    """The answer so far. Complete only when each of the `expected` choices has a finish reason."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.choices: dict[int, Choice] = {}
        self.usage: Usage | None = None
        self.problem: str = ""
        self._members: dict[str, Any] = {}

    def add(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case Token(index, text):
                choice = self._choice(index)
                if text and choice.finish_reason:
                    self.problem = self.problem or f"choice {index + 1} went on after its finish_reason"
                choice.add(event)
            case Finished(index, reason):
                self._choice(index).finish_reason = reason
            case Usage():
                self.usage = event
            case Problem(message, cut):
                if self.unfinished or not cut:
                    self.problem = self.problem or message
            case Frame(payload):
                self._keep_members(payload)
            case _:
                assert_never(event)

    @property
    def started(self) -> bool:
        """Whether any part of an answer has come."""
        return any(choice.started for choice in self.choices.values())

    @property
    def unfinished(self) -> list[int]:
        """Indexes of the choices without a finish reason, those never seen among them."""
        indexes = set(range(self.expected)) | set(self.choices)
        return sorted(i for i in indexes if i not in self.choices or not self.choices[i].finish_reason)

    def member(self, name: str) -> Any:
        """Return a top-level member of the response, such as `model` or `service_tier`."""
        return self._members.get(name)

    def reasons(self) -> list[str]:
        """Return the distinct finish reasons, in index order."""
        ordered = (self.choices[i].finish_reason for i in sorted(self.choices))
        return list(dict.fromkeys(reason for reason in ordered if reason))

    def to_json(self) -> dict[str, Any]:
        """Return one response object in the API's own shape."""
        choices = [self.choices[i].to_json() for i in sorted(self.choices)]
        return {**self._members, "choices": choices}

    def _choice(self, index: int) -> Choice:
        return self.choices.setdefault(index, Choice(index))

    def _keep_members(self, payload: Mapping[str, Any]) -> None:
        for name, value in payload.items():
            if value is not None or name not in self._members:
                self._members[name] = value
        choices = payload.get("choices")
        for place, raw in enumerate(choices if isinstance(choices, list) else ()):
            if isinstance(raw, dict):
                self._choice(choice_index(raw, place)).keep(raw)


def _join(whole: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Take the members of one frame into `whole`: lists grow, a null changes nothing, else the last counts.

    That joins log probabilities in both wire shapes (four parallel lists, or one list `content`).
    """
    for name, value in part.items():
        if isinstance(value, list):
            before = whole.setdefault(name, [])
            whole[name] = before if isinstance(before, list) else []
            whole[name].extend(value)
        elif value is not None or name not in whole:
            whole[name] = value
