"""Puts the interleaved tokens of several choices in order: complete choices, one after another.

The current choice is passed on at once; the choices after it are held until it has finished.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from nebius_cli.response.answer_events import Event, Finished, TextDelta
from nebius_cli.response.events_to_answer import Completion

NEXT_CHOICE = None  # yielded between the last piece of a choice and the first of the next one

Output = TypeVar("Output")
Output_co = TypeVar("Output_co", covariant=True)


class ChoiceFormatter(Protocol[Output_co]):
    """Turns the tokens of one choice into pieces of output."""

    def feed(self, tokens: Sequence[TextDelta]) -> Iterator[Output_co]:
        """Yield what can be written now, given the next tokens."""

    def close(self) -> Iterator[Output_co]:
        """Yield the rest; no more tokens will follow."""


class ChoiceOrder(Generic[Output]):
    """Takes the events of an answer with `choices` choices and yields their pieces in index order."""

    def __init__(self, choices: int, new_pieces: Callable[[], ChoiceFormatter[Output]]) -> None:
        self._last = choices - 1
        self._new_pieces = new_pieces
        self._pieces = new_pieces()
        self._held: dict[int, list[TextDelta]] = {}
        self._finished: set[int] = set()
        self.current = 0  # index of the choice whose pieces are yielded

    def add(self, event: Event) -> Iterator[Output | None]:
        """Yield the pieces that can be written now, with NEXT_CHOICE between two choices."""
        match event:
            case TextDelta(index):
                self._held.setdefault(index, []).append(event)
            case Finished(index):
                self._finished.add(index)
            case _:
                return
        yield from self._feed()
        while self.current in self._finished and self.current < self._last:
            yield from self._next_choice()
            yield from self._feed()

    def flush(self) -> Iterator[Output | None]:
        """Yield everything held: choices that were cut off, and those after a choice that was cut off."""
        yield from self._feed()
        while any(index > self.current for index in self._held):
            yield from self._next_choice()
            yield from self._feed()
        yield from self._pieces.close()

    def _next_choice(self) -> Iterator[Output | None]:
        yield from self._pieces.close()
        self._pieces = self._new_pieces()
        self.current += 1
        yield NEXT_CHOICE

    def _feed(self) -> Iterator[Output]:
        if held := self._held.pop(self.current, None):
            yield from self._pieces.feed(held)


class OrderedRenderer(ABC, Generic[Output]):
    """Passes events to `order`, and its output to `put`."""

    def __init__(self, order: ChoiceOrder[Output]) -> None:
        self.order = order

    def event(self, event: Event) -> None:
        """Write everything that can be written after this event."""
        self.put(self.order.add(event))

    def finish(self, completion: Completion) -> None:
        """Write everything held."""
        del completion
        self.put(self.order.flush())

    @abstractmethod
    def put(self, outputs: Iterable[Output | None]) -> None:
        """Write outputs of the current choice; None (NEXT_CHOICE) separates two choices."""


class TextOrder(ChoiceOrder[str]):
    """Yields the text of the choices."""

    def __init__(self, choices: int) -> None:
        super().__init__(choices, _TextPieces)


class _TextPieces:
    def __init__(self) -> None:
        self._half = ""  # the first half of a surrogate pair, whose second half is in the next token

    def feed(self, tokens: Sequence[TextDelta]) -> Iterator[str]:
        text = "".join([self._half, *(token.text for token in tokens)])
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        if text := text.removesuffix(self._half):
            yield text

    def close(self) -> Iterator[str]:
        if self._half:
            yield self._half
            self._half = ""
