"""`--view table` on a terminal: a row a token, as it comes."""

from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from nebius_cli.render.output_options import OutputOptions, label
from nebius_cli.render.probability_scale import BOLD, DIM, RESET, painted, percent, shown, step_of, summary
from nebius_cli.render.span_order import SpanOrder
from nebius_cli.response.completion import Completion
from nebius_cli.response.events import Event
from nebius_cli.response.logprobs import Alternative, TokenLogprob, entropy, probability, rank, surprise
from nebius_cli.response.token_spans import TokenSpan
from nebius_cli.system.streams import Streams
from nebius_cli.terminal.capabilities import Write
from nebius_cli.terminal.sanitize import to_bytes, visible

MISSING = "?"
BETWEEN = "  "  # two columns
NARROWEST = 4  # cells of the last column
FIRST = 14  # cells of the column with the tokens


class Column(NamedTuple):
    """One column: its title, its width in cells, the narrowest terminal that has room for it, its text."""

    title: str
    width: int
    needs: int
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
    Column("chance", 6, 0, _percent),
    Column("logprob", 8, 100, lambda token: _decimal(token.logprob, 4)),
    Column("bits", 5, 50, lambda token: _decimal(surprise(token.logprob), 2)),
    Column("entropy", 7, 72, lambda token: _decimal(entropy(token), 2)),
    Column("rank", 4, 60, _rank),
)


class TokenTable:
    """Writes the tokens of the choices, one choice after another."""

    def __init__(self, streams: Streams, write: Write, show: OutputOptions) -> None:
        self._streams = streams
        self._write = write
        self._show = show
        self._color = show.layout.color
        self._turns = SpanOrder(show.choices)
        self._headed = 0  # choices that have their heading
        self._tokens: list[TokenLogprob] = []

    def event(self, event: Event) -> None:
        """Write what this event lets through."""
        self._put(self._turns.take(event))

    def finish(self, completion: Completion) -> None:
        """Write what is held and the last summary."""
        del completion
        self._put(self._turns.rest())
        self._end_choice()

    def _put(self, spans: Iterable[TokenSpan | None]) -> None:
        for span in spans:
            if span is None:
                self._end_choice()
            self._head()
            if span is not None:
                tokens = span.tokens or (TokenLogprob(span.text),)
                self._tokens += tokens
                for token in tokens:
                    self._row(token)

    @property
    def _columns(self) -> list[Column]:
        return [column for column in COLUMNS if self._streams.width >= column.needs]

    def _head(self) -> None:
        if self._headed > self._turns.current:
            return
        if self._show.choices > 1 or self._turns.current:
            name = label(self._turns.current, self._show.choices, self._show.prompts)
            self._line(f"--- {name} ---")
        titles = "".join(f"{column.title:>{column.width}}{BETWEEN}" for column in self._columns)
        self._line(f"{'token':{FIRST}}{BETWEEN}{titles}also likely, %", BOLD)
        self._headed = self._turns.current + 1

    def _row(self, token: TokenLogprob) -> None:
        figures = "".join(f"{column.cell(token):>{column.width}}{BETWEEN}" for column in self._columns)
        room = max(NARROWEST, self._streams.width - FIRST - len(BETWEEN) - len(figures))
        others = packed(_others(token), room)
        step = step_of(token.logprob) if self._color else None
        for place, (name, other) in enumerate(
            zip_longest(chop_cells(_shown(token), FIRST), others, fillvalue="")
        ):
            gap = " " * (FIRST - cell_len(name)) + BETWEEN
            middle = figures if place == 0 else " " * len(figures)
            self._line(((painted(name, step) if step and name else name) + gap + middle + other).rstrip(" "))

    def _line(self, text: str, style: str = "") -> None:
        self._write((f"{style}{text}{RESET}\n" if style and self._color else f"{text}\n").encode())

    def _end_choice(self) -> None:
        if told := summary(self._tokens):
            self._line(told, DIM)
        self._tokens = []


def _others(token: TokenLogprob) -> list[str]:
    others = [other for other in token.alternatives if not other.chosen]
    return [f"{_shown(other)} {_bare_percent(other)}" for other in others]


def _bare_percent(other: Alternative) -> str:
    return percent(probability(other.logprob) or 0.0).removesuffix("%")


def packed(texts: Sequence[str], room: int) -> list[str]:
    """Return texts side by side, in rows of at most `room` cells: none is split that fits into a row."""
    rows: list[str] = []
    for text in texts:
        if rows and cell_len(rows[-1]) + len(BETWEEN) + cell_len(text) <= room:
            rows[-1] += BETWEEN + text
        else:
            rows += chop_cells(text, room)
    return rows


def _shown(token: TokenLogprob | Alternative) -> str:
    return visible(to_bytes(shown(token.text, token.raw)).decode())
