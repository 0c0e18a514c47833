"""Shows `--view heat` on a terminal: text as it arrives, each token in the colour of its probability.

As with plain text, each character is written once and never redrawn. Without colour, a mark follows each
token whose probability is below 50 %.
"""

from rich.cells import cell_len

from nebius_cli.render.logprob_view_base import TokenView
from nebius_cli.render.output_options import OutputOptions
from nebius_cli.render.probability_colors import legend, mark, painted, step_of
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.response.token_spans import TokenSpan
from nebius_cli.system.streams import Streams, Write
from nebius_cli.terminal.sanitize import to_bytes, visible

_ERASE = "\x1b[K"  # erases to the end of the row
TAB_WIDTH = 8  # cells


class Heat(TokenView):
    """Writes the choices in colour, with a legend below them."""

    def __init__(self, streams: Streams, write: Write, options: OutputOptions) -> None:
        super().__init__(streams, write, options)
        self._has_summary = False
        self._column = 0  # column of the cursor, in cells

    def finish(self, completion: Completion) -> None:
        """Write the held text, the last summary, and the legend."""
        super().finish(completion)
        if self._has_summary:
            self.line(legend(color=self.color, columns=self.streams.width))

    def line(self, text: str, style: str = "") -> None:
        """Write a line that is not part of a choice."""
        super().line(text, style)
        self._column = 0

    def summarize(self, text: str) -> None:
        """Write the summary below the text."""
        if self._column:
            self.line("")
        self._has_summary |= bool(text)
        super().summarize(text)

    def draw(self, span: TokenSpan) -> None:
        """Write a span in its colour, or with its mark."""
        text = visible(to_bytes(span.text).decode())
        if self.color:
            self._paint(text, span)
            return
        bare = text.rstrip("\n")
        suffix = mark(span.logprob) if text and span.tokens else ""
        self.write(f"{bare}{suffix}{text[len(bare) :]}".encode())
        self._column = 0 if text.endswith("\n") else self._column + len(text)

    def _paint(self, text: str, span: TokenSpan) -> None:
        step = step_of(span.logprob)
        out = []
        for piece in text.splitlines(keepends=True):
            row = piece.removesuffix("\n")
            if step and not row and piece and self._column < self.streams.width:
                out.append(painted(" ", step))  # a newline has a colour too
            elif row:
                out.append(painted(row, step) if step else row)
                if self._advance(row) and step:
                    # A terminal that scrolls fills the new row with the current background colour.
                    out.append(_ERASE)
            if piece.endswith("\n"):
                out.append("\n")
                self._column = 0
        self.write("".join(out).encode())

    def _advance(self, text: str) -> bool:
        """Move the column as the terminal does; return whether it is on a new row but not at the edge."""
        width, wrapped = self.streams.width, False
        for number, run in enumerate(text.split("\t")):
            if number:
                self._column = min(width, (self._column // TAB_WIDTH + 1) * TAB_WIDTH)
            cells = cell_len(run)
            if self._column + cells <= width:
                self._column += cells
                continue
            wrapped = True
            for size in map(cell_len, run):
                self._column = size if self._column + size > width else self._column + size
        return wrapped and self._column < width
