"""Sums of the ledger → the table of `nbx usage`: as many columns as a terminal has room for, then bars."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from nebius_cli.core.money import dollars
from nebius_cli.ledger.sums import Sums, bar, known, total
from nebius_cli.terminal.tables import BETWEEN

SHORTEST_BAR, LONGEST_BAR = 8, 40

Cell = Callable[[Sums], str]


def cost(row: Sums) -> str:
    """Return the cost of a group; `≥` where that of some request in it is unknown."""
    if row.unknown == row.requests and row.requests:
        return "unknown"
    return ("≥ " if row.unknown else "") + dollars(row.cost)


# Title and text of each column, the least important last: those go first where there is no room. What is
# below SECOND leaves room for bars, too.
SECOND = "completion"
_COLUMNS: tuple[tuple[str, Cell], ...] = (
    ("cost", cost),
    ("tokens", lambda row: f"{row.tokens:,}"),
    ("requests", lambda row: f"{row.requests:,}"),
    ("unknown", lambda row: f"{row.unknown:,}" if row.unknown else ""),
    ("failed", lambda row: f"{row.failed:,}" if row.failed else ""),
    ("completion", lambda row: f"{row.completion:,}"),
    ("prompt", lambda row: f"{row.prompt:,}"),
    ("cached", lambda row: f"{row.cached:,}" if row.cached else ""),
)
_ORDER = ("requests", "failed", "prompt", "cached", "completion", "tokens", "cost", "unknown")
NUMBERS = frozenset(_ORDER)


def table(
    by: str, rows: Sequence[Sums], width: int
) -> tuple[tuple[str, ...], list[tuple[str, ...]], tuple[str, ...]]:
    """Return header, rows and total of a table that is `width` columns wide at most."""
    whole = total(rows)
    columns = dict(_COLUMNS)
    said = [title for title, cell in _COLUMNS if any(cell(row) for row in rows)]
    sizes = {title: max(len(title), *(len(columns[title](row)) for row in (*rows, whole))) for title in said}
    group = max(len(by), len("total"), *(len(row.group) for row in rows))
    room = width - min(group, width // 2)
    shown: list[str] = []
    bars = 0
    for title in said:
        bars = SHORTEST_BAR + BETWEEN if title == SECOND else bars
        if sizes[title] + BETWEEN <= room - bars:
            room -= sizes[title] + BETWEEN
            shown.append(title)
    group = min(group, width - sum(sizes[title] + BETWEEN for title in shown))
    room = min(width - group - sum(sizes[title] + BETWEEN for title in shown) - BETWEEN, LONGEST_BAR)
    titles = [title for title in _ORDER if title in shown]
    amounts = [row.cost if whole.cost else Decimal(row.tokens) for row in rows]
    most = max(amounts)

    def line(row: Sums, amount: Decimal) -> tuple[str, ...]:
        drawn = (bar(amount, most, room),) if room >= SHORTEST_BAR else ()
        return (_short(row.group, group), *(columns[title](row) for title in titles), *drawn)

    ending = ("",) if room >= SHORTEST_BAR else ()
    last = ("total", *(columns[title](whole) for title in titles), *ending)
    return (by, *titles, *ending), list(map(line, rows, amounts)), last


def lines(rows: Sequence[Sums]) -> list[tuple[str, ...]]:
    """Return the rows for a program; an unknown cost is `-`, one that is partly unknown what is known."""
    return [
        (
            row.group,
            *map(str, (row.requests, row.failed, row.prompt, row.completion, row.cached, row.reasoning)),
            known(None if row.unknown == row.requests else row.cost),
            str(row.unknown),
        )
        for row in rows
    ]


def _short(text: str, width: int) -> str:
    """Return the end of a text, which tells two models apart, where all of it is too long."""
    return text if len(text) <= width else "…" + text[-(width - 1) :]
