"""Several choices, however their frames interleave → whole choices, one after another.

The choice whose turn it is passes straight through; those after it are held.
"""

from collections.abc import Iterator

from nebius_cli.core.events import Event, Finished, Token

NEXT = None  # stands between the text of one choice and that of the next


class Turns:
    """Feed it the events of an answer with so many `choices`; it yields their text in index order."""

    def __init__(self, choices: int) -> None:
        self._last = choices - 1
        self._held: dict[int, list[str]] = {}
        self._finished: set[int] = set()
        self.current = 0

    def take(self, event: Event) -> Iterator[str | None]:
        """Yield the text that may be shown now, and NEXT wherever the turn passes on."""
        match event:
            case Token(index, text):
                self._held.setdefault(index, []).append(text)
            case Finished(index):
                self._finished.add(index)
            case _:
                return
        yield from self._text()
        while self.current in self._finished and self.current < self._last:
            yield from self._pass_on()
            yield from self._text()

    def rest(self) -> Iterator[str | None]:
        """Yield what is held: all of it belongs to choices that were cut, or follow one that was."""
        yield from self._text(final=True)
        while any(index > self.current for index in self._held):
            yield from self._pass_on()
            yield from self._text(final=True)

    def _pass_on(self) -> Iterator[str | None]:
        yield from self._text(final=True)
        self.current += 1
        yield NEXT

    def _text(self, *, final: bool = False) -> Iterator[str]:
        text = "".join(self._held.pop(self.current, ()))
        if not final and "\ud800" <= text[-1:] <= "\udbff":
            # The first half of a surrogate pair: its second half comes with the next token.
            self._held[self.current] = [text[-1]]
            text = text[:-1]
        if text:
            yield text
