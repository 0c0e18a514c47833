"""Text onto a terminal, as it comes: each character is written once and never drawn again.

There is nothing to redraw in text that only grows, so the terminal wraps it itself, scrollback and copied
text stay exact, and a 20,000-token answer costs no more a token than a short one.
"""

from collections.abc import Iterable

from nebius_cli.render.choice_order import ChoiceOrder
from nebius_cli.render.output_options import label
from nebius_cli.response.completion import Completion
from nebius_cli.response.events import Event
from nebius_cli.terminal.capabilities import Write
from nebius_cli.terminal.sanitize import to_bytes, visible


class TerminalText:
    """One choice streams straight through; several, on a terminal that cannot draw, take turns."""

    def __init__(self, write: Write, *, choices: int, prompts: int) -> None:
        self._write = write
        self._choices = choices
        self._prompts = prompts
        self._turns = ChoiceOrder(choices)
        self._headed = 0 if choices > 1 else 1  # choices that have their heading
        self._at_line_start = True

    def event(self, event: Event) -> None:
        """Write what this event lets through."""
        self._put(self._turns.take(event))

    def finish(self, completion: Completion) -> None:
        """Write what is held and end the last line, so that the shell's prompt starts on its own."""
        del completion
        self._put(self._turns.rest())
        self._end_line()

    def _put(self, pieces: Iterable[str | None]) -> None:
        for piece in pieces:
            if self._headed <= self._turns.current:
                self._end_line()
                name = label(self._turns.current, self._choices, self._prompts)
                self._write(f"--- {name} ---\n".encode())
                self._headed = self._turns.current + 1
            if piece is not None:
                self._at_line_start = piece.endswith("\n")
                self._write(to_bytes(visible(piece)))

    def _end_line(self) -> None:
        if not self._at_line_start:
            self._at_line_start = True
            self._write(b"\n")
