"""Writes an answer's text to a pipe or file: exact bytes as they arrive, choices in index order."""

from collections.abc import Iterable

from nebius_cli.render.order_choices import OrderedRenderer, TextOrder
from nebius_cli.render.output_options import Layout
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.system.streams import Write
from nebius_cli.terminal.sanitize import to_bytes


class PlainText(OrderedRenderer[str]):
    """Writes the current choice as it arrives and holds those after it until it has finished."""

    def __init__(self, write: Write, layout: Layout, choices: int) -> None:
        super().__init__(TextOrder(choices))
        self._write = write
        self._layout = layout

    def finish(self, completion: Completion) -> None:
        """Write everything held, and the ending of the last choice."""
        super().finish(completion)
        if self._layout.final:
            self._write(self._layout.separator)

    def put(self, pieces: Iterable[str | None]) -> None:
        """Write text, and the separator between two choices."""
        for piece in pieces:
            self._write(self._layout.separator if piece is None else to_bytes(piece))
