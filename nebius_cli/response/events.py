"""What can happen while an answer arrives. Everything downstream of the decoder eats these."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Frame(NamedTuple):
    """One JSON object as the server sent it; the events below say what is in it."""

    payload: Mapping[str, Any]


class TextDelta(NamedTuple):
    """Text of one choice: a token, several, or a whole answer that was not streamed."""

    index: int  # type: ignore[assignment]  # tuple has a method of that name
    text: str
    logprobs: Mapping[str, Any] | None = None


class Finished(NamedTuple):
    """The server says why it stopped writing this choice: `stop`, `length`, or a word of its own."""

    index: int  # type: ignore[assignment]  # tuple has a method of that name
    reason: str


class Usage(NamedTuple):
    """Token counts as the server gives them; None where it does not."""

    prompt: int | None
    completion: int | None
    total: int | None
    cached: int | None = None
    reasoning: int | None = None


class Problem(NamedTuple):
    """The server reported an error inside the answer, or sent what is no completion.

    `cut`: only the end of the answer is missing, which matters where a choice has no finish reason yet.
    """

    message: str
    cut: bool = False


Event = Frame | TextDelta | Finished | Usage | Problem
