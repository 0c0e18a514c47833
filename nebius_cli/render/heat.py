"""`--view heat` on a terminal: the text as it comes, each token in the colour of its probability.

As with plain text each character is written once and never drawn again. Without colour a mark follows
each token that was less likely than not.
"""

from collections.abc import Iterable

from rich.cells import cell_len

from nebius_cli.render.output_options import OutputOptions, label
from nebius_cli.render.probability_scale import DIM, RESET, legend, mark, painted, step_of, summary
from nebius_cli.render.span_order import SpanOrder
from nebius_cli.response.completion import Completion
from nebius_cli.response.events import Event
from nebius_cli.response.logprobs import TokenLogprob
from nebius_cli.response.token_spans import TokenSpan
from nebius_cli.system.streams import Streams
from nebius_cli.terminal.capabilities import Write
from nebius_cli.terminal.sanitize import to_bytes, visible

_ERASE = "\x1b[K"  # to the end of the row
_TAB = 8


class Heat:
    """Writes the choices one after another, and below them what the colours mean."""

    def __init__(self, streams: Streams, write: Write, show: OutputOptions) -> None:
        self._streams = streams
        self._write = write
        self._show = show
        self._color = show.layout.color
        self._turns = SpanOrder(show.choices)
        self._headed = 0 if show.choices > 1 else 1  # choices that have their heading
        self._tokens: list[TokenLogprob] = []
        self._known = False
        self._column = 0

    def event(self, event: Event) -> None:
        """Write what this event lets through."""
        self._put(self._turns.take(event))

    def finish(self, completion: Completion) -> None:
        """Write what is held, the last choice's summary, and the legend."""
        del completion
        self._put(self._turns.rest())
        self._end_choice()
        if self._known:
            self._line(legend(color=self._color, columns=self._streams.width))

    def _put(self, spans: Iterable[TokenSpan | None]) -> None:
        for span in spans:
            if span is None:
                self._end_choice()
            self._head()
            if span is not None:
                self._tokens += span.tokens
                self._draw(span)

    def _head(self) -> None:
        if self._headed <= self._turns.current:
            self._line(f"--- {label(self._turns.current, self._show.choices, self._show.prompts)} ---")
            self._headed = self._turns.current + 1

    def _end_choice(self) -> None:
        if self._column:
            self._line("")
        if told := summary(self._tokens):
            self._known = True
            self._line(f"{DIM}{told}{RESET}" if self._color else told)
        self._tokens = []

    def _line(self, text: str) -> None:
        self._write(f"{text}\n".encode())
        self._column = 0

    def _draw(self, span: TokenSpan) -> None:
        text = visible(to_bytes(span.text).decode())
        if self._color:
            self._paint(text, span)
            return
        bare = text.rstrip("\n")
        sign = mark(span.logprob) if text and span.tokens else ""
        self._write(f"{bare}{sign}{text[len(bare) :]}".encode())
        self._column = 0 if text.endswith("\n") else self._column + len(text)

    def _paint(self, text: str, span: TokenSpan) -> None:
        step = step_of(span.logprob)
        out = []
        for piece in text.splitlines(keepends=True):
            row = piece.removesuffix("\n")
            if step and not row and piece and self._column < self._streams.width:
                out.append(painted(" ", step))  # a newline has a colour too
            elif row:
                out.append(painted(row, step) if step else row)
                if self._advance(row) and step:
                    # A terminal that scrolls fills the new row with the background of the moment.
                    out.append(_ERASE)
            if piece.endswith("\n"):
                out.append("\n")
                self._column = 0
        self._write("".join(out).encode())

    def _advance(self, text: str) -> bool:
        """Move the column as the terminal does; return whether it came to a new row and not to its edge."""
        width, wrapped = self._streams.width, False
        for place, run in enumerate(text.split("\t")):
            if place:
                self._column = min(width, (self._column // _TAB + 1) * _TAB)
            cells = cell_len(run)
            if self._column + cells <= width:
                self._column += cells
                continue
            wrapped = True
            for size in map(cell_len, run):
                self._column = size if self._column + size > width else self._column + size
        return wrapped and self._column < width
