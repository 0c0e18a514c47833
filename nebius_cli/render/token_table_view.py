"""Shows `--view table` on a terminal: one row per token, as it arrives."""

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from nebius_cli.render.format_token import percent, shown
from nebius_cli.render.logprob_view_base import TokenView
from nebius_cli.render.probability_colors import BOLD, painted, step_of
from nebius_cli.response.token_logprobs import Alternative, TokenLogprob, entropy, probability, rank, surprise
from nebius_cli.response.token_spans import TokenSpan
from nebius_cli.terminal.sanitize import to_bytes, visible

MISSING = "?"
COLUMN_GAP = "  "
MIN_ALTERNATIVES_WIDTH = 4  # cells of the last column
TOKEN_WIDTH = 14  # cells of the first column


class Column(NamedTuple):
    """One column: title, width in cells, columns of the narrowest terminal that shows it, text of a cell."""

    title: str
    width: int
    min_columns: int
    cell: Callable[[TokenLogprob], str]


def _percent(token: TokenLogprob) -> str:
    likely = probability(token.logprob)
    return MISSING if likely is None else percent(likely)


def _decimal(value: float | None, digits: int) -> str:
    return MISSING if value is None else f"{value:.{digits}f}"


def _rank(token: TokenLogprob) -> str:
    found = rank(token)
    return MISSING if found is None else f"{'' if found.known else '≥'}{found.at_least}"


COLUMNS = (
    Column("prob", 6, 0, _percent),
    Column("logprob", 8, 100, lambda token: _decimal(token.logprob, 4)),
    Column("bits", 5, 50, lambda token: _decimal(surprise(token.logprob), 2)),
    Column("entropy", 7, 72, lambda token: _decimal(entropy(token), 2)),
    Column("rank", 4, 60, _rank),
)


class TokenTable(TokenView):
    """Writes a row for each token, below a header for each choice."""

    def begin_choice(self, index: int) -> None:
        """Write the heading, and the header of the table."""
        super().begin_choice(index)
        titles = "".join(f"{column.title:>{column.width}}{COLUMN_GAP}" for column in self._columns)
        self.line(f"{'token':{TOKEN_WIDTH}}{COLUMN_GAP}{titles}also likely, %", BOLD)

    def draw(self, span: TokenSpan) -> None:
        """Write the rows of a span; text without tokens is a row too."""
        for token in span.tokens or (TokenLogprob(span.text),):
            # The parts of a character have the colour of their joint probability.
            self._row(token, token.logprob if span.logprob is None else span.logprob)

    @property
    def _columns(self) -> list[Column]:
        return [column for column in COLUMNS if self.streams.width >= column.min_columns]

    def _row(self, token: TokenLogprob, colored: float | None) -> None:
        cells = "".join(f"{column.cell(token):>{column.width}}{COLUMN_GAP}" for column in self._columns)
        room = max(MIN_ALTERNATIVES_WIDTH, self.streams.width - TOKEN_WIDTH - len(COLUMN_GAP) - len(cells))
        others = packed(_others(token), room)
        step = step_of(colored) if self.color else None
        for row, (name, other) in enumerate(
            zip_longest(chop_cells(_shown(token), TOKEN_WIDTH), others, fillvalue="")
        ):
            gap = " " * (TOKEN_WIDTH - cell_len(name)) + COLUMN_GAP
            middle = cells if row == 0 else " " * len(cells)
            self.line(((painted(name, step) if step and name else name) + gap + middle + other).rstrip(" "))


def _others(token: TokenLogprob) -> list[str]:
    others = [other for other in token.alternatives if not other.chosen]
    return [f"{_shown(other)} {_bare_percent(other)}" for other in others]


def _bare_percent(other: Alternative) -> str:
    return percent(probability(other.logprob) or 0.0).removesuffix("%")


def packed(texts: Sequence[str], room: int) -> list[str]:
    """Return texts side by side in rows of at most `room` cells. A text that fits into a row is not split."""
    rows: list[str] = []
    for text in texts:
        if rows and cell_len(rows[-1]) + len(COLUMN_GAP) + cell_len(text) <= room:
            rows[-1] += COLUMN_GAP + text
        else:
            rows += chop_cells(text, room)
    return rows


def _shown(token: TokenLogprob | Alternative) -> str:
    return visible(to_bytes(shown(token.text, token.raw)).decode())
