"""What can happen while an answer arrives. Everything downstream of the decoder eats these."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Frame:
    """One JSON object as the server sent it; the events below say what is in it."""

    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Token:
    """Text of one choice: a token, several, or a whole answer that was not streamed."""

    index: int
    text: str
    logprobs: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The server says why it stopped writing this choice: `stop`, `length`, or a word of its own."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as the server gives them; None where it does not."""

    prompt: int | None
    completion: int | None
    total: int | None
    cached: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """The server reported an error inside the answer, or sent what is no completion.

    `cut`: only the end of the answer is missing, which matters where a choice has no finish reason yet.
    """

    message: str
    cut: bool = False


Event = Frame | Token | Finished | Usage | Problem
