"""The events of an answer as it arrives: text, finish reasons, usage, problems. The decoder yields them."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Frame(NamedTuple):
    """One JSON object of the answer as the server sent it; the events after it are decoded from it."""

    payload: Mapping[str, Any]


class Repeats(NamedTuple):
    """Frames that arrived together, one for each text: `frame` with this text in its only choice.

    The TextDeltas that follow contain the same text.
    """

    frame: Mapping[str, Any]
    texts: list[str]


class TextDelta(NamedTuple):
    """Text to append to a choice: one token, several, or a whole answer that was not streamed."""

    index: int  # type: ignore[assignment]  # tuple has a method of that name
    text: str
    logprobs: Mapping[str, Any] | None = None


class Finished(NamedTuple):
    """A choice ended; `reason` is the server's `finish_reason`, such as `stop` or `length`."""

    index: int  # type: ignore[assignment]  # tuple has a method of that name
    reason: str


class Usage(NamedTuple):
    """Token counts reported by the server; None for those it did not report."""

    prompt: int | None
    completion: int | None
    total: int | None
    cached: int | None = None
    reasoning: int | None = None


class Problem(NamedTuple):
    """The server reported an error inside the answer, or sent something that is not a completion.

    `cut`: only the end of the answer is missing, which is harmless if every choice has a finish reason.
    `status` is the HTTP status that the error names, 0 if it names none.
    """

    message: str
    cut: bool = False
    status: int = 0


Event = Frame | Repeats | TextDelta | Finished | Usage | Problem
