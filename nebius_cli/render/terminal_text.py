"""Writes the text of an answer to a terminal as it arrives."""

from collections.abc import Iterable

from nebius_cli.render.choice_heading import heading
from nebius_cli.render.order_choices import OrderedRenderer, TextOrder
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.system.streams import Write
from nebius_cli.terminal.sanitize import to_bytes, visible


class TerminalText(OrderedRenderer[str]):
    """Writes a single choice as it arrives, or several, on a dumb terminal, one after another."""

    def __init__(self, write: Write, *, choices: int, prompts: int) -> None:
        super().__init__(TextOrder(choices))
        self._write = write
        self._choices = choices
        self._prompts = prompts
        self._begun = 0 if choices > 1 else 1  # choices that have their heading, or need none
        self._at_line_start = True

    def finish(self, completion: Completion) -> None:
        """Write everything held and end the last line, so that the shell's prompt starts on a new line."""
        super().finish(completion)
        self._end_line()

    def put(self, pieces: Iterable[str | None]) -> None:
        """Write text, with a heading above each choice."""
        for piece in pieces:
            current = self.order.current
            if self._begun <= current:
                self._end_line()
                self._write(f"{heading(current, self._choices, self._prompts)}\n".encode())
                self._begun = current + 1
            if piece is not None:
                self._at_line_start = piece.endswith("\n")
                self._write(to_bytes(visible(piece)))

    def _end_line(self) -> None:
        if not self._at_line_start:
            self._at_line_start = True
            self._write(b"\n")
