"""Several choices, however their frames interleave → whole choices, one after another.

The choice whose turn it is passes straight through; those after it are held.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from nebius_cli.response.events import Event, Finished, Token

NEXT = None  # stands between the pieces of one choice and those of the next

Piece = TypeVar("Piece")
Made_co = TypeVar("Made_co", covariant=True)


class Part(Protocol[Made_co]):
    """Makes the pieces of one choice from its tokens."""

    def feed(self, tokens: Sequence[Token]) -> Iterator[Made_co]:
        """Yield what may be shown now; `tokens` have come since it was asked last."""

    def close(self) -> Iterator[Made_co]:
        """Yield what is left: nothing more comes."""


class InTurn(Generic[Piece]):
    """Feed it the events of an answer with so many `choices`; it yields their pieces in index order."""

    def __init__(self, choices: int, part: Callable[[], Part[Piece]]) -> None:
        self._last = choices - 1
        self._new_part = part
        self._part = part()
        self._held: dict[int, list[Token]] = {}
        self._finished: set[int] = set()
        self.current = 0

    def take(self, event: Event) -> Iterator[Piece | None]:
        """Yield the pieces that may be shown now, and NEXT wherever the turn passes on."""
        match event:
            case Token(index):
                self._held.setdefault(index, []).append(event)
            case Finished(index):
                self._finished.add(index)
            case _:
                return
        yield from self._pieces()
        while self.current in self._finished and self.current < self._last:
            yield from self._pass_on()
            yield from self._pieces()

    def rest(self) -> Iterator[Piece | None]:
        """Yield what is held: all of it belongs to choices that were cut, or follow one that was."""
        yield from self._pieces()
        while any(index > self.current for index in self._held):
            yield from self._pass_on()
            yield from self._pieces()
        yield from self._part.close()

    def _pass_on(self) -> Iterator[Piece | None]:
        yield from self._part.close()
        self._part = self._new_part()
        self.current += 1
        yield NEXT

    def _pieces(self) -> Iterator[Piece]:
        if held := self._held.pop(self.current, None):
            yield from self._part.feed(held)


class ChoiceOrder(InTurn[str]):
    """The texts of the choices."""

    def __init__(self, choices: int) -> None:
        super().__init__(choices, _Text)


class _Text:
    def __init__(self) -> None:
        self._half = ""

    def feed(self, tokens: Sequence[Token]) -> Iterator[str]:
        text = "".join([self._half, *(token.text for token in tokens)])
        # The first half of a surrogate pair: its second half comes with the next token.
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        if text := text.removesuffix(self._half):
            yield text

    def close(self) -> Iterator[str]:
        if self._half:
            yield self._half
            self._half = ""
