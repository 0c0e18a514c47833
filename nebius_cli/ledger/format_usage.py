"""Formats the table of `nbx usage`: as many columns as fit on the terminal, then bars."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from nebius_cli.core.prices_and_costs import exact, usd
from nebius_cli.core.short_text import UNKNOWN
from nebius_cli.ledger.sums import Sums, total
from nebius_cli.terminal.write_table import COLUMN_GAP, columns_that_fit, width_of

MIN_BAR_COLUMNS, MAX_BAR_COLUMNS = 8, 40
_BLOCKS = " ▏▎▍▌▋▊▉█"

Cell = Callable[[Sums], str]


def cost(row: Sums) -> str:
    """Format the cost of a group, with `≥` if the cost of some requests is unknown."""
    if row.requests and row.unknown == row.requests:
        return "unknown"
    return ("≥ " if row.unknown else "") + usd(row.cost)


def cost_in_words(row: Sums) -> str:
    """Format the cost of a group, and the number of requests whose cost is unknown."""
    some = 0 < row.unknown < row.requests
    return cost(row) + (f", {row.unknown:,} unknown" if some else "")


def bar(value: Decimal, maximum: Decimal, width: int) -> str:
    """Return a bar that is `width` columns long for the maximum; never empty for a value above 0."""
    if value <= 0 or maximum <= 0:
        return ""
    eighths = max(1, int(value / maximum * width * 8))
    return _BLOCKS[8] * (eighths // 8) + (_BLOCKS[eighths % 8] if eighths % 8 else "")


# The title and text of each column, the least important last: those are left out first on a narrow terminal.
# Those AFTER_BARS are shown only if there is room for the bars as well.
AFTER_BARS = ("completion", "prompt", "cached")
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
    """Return the header, rows and total of a table at most `width` columns wide."""
    all_rows = total(rows)
    columns = dict(_COLUMNS)
    filled = [title for title, cell in _COLUMNS if any(cell(row) for row in rows)]
    sizes = {
        title: max(len(title), *(len(columns[title](row)) for row in (*rows, all_rows))) for title in filled
    }
    group = max(len(by), len("total"), *(len(row.group) for row in rows))
    room = width - min(group, width // 2) - COLUMN_GAP
    before_bars = {title: size for title, size in sizes.items() if title not in AFTER_BARS}
    after_bars = {title: size for title, size in sizes.items() if title in AFTER_BARS}
    shown = columns_that_fit(before_bars, room)
    room -= width_of(sizes[title] for title in shown) + COLUMN_GAP
    shown += columns_that_fit(after_bars, room - MIN_BAR_COLUMNS - COLUMN_GAP)
    room = width - width_of(sizes[title] for title in shown) - COLUMN_GAP
    group = min(group, room)
    room = min(room - group - COLUMN_GAP, MAX_BAR_COLUMNS)
    titles = [title for title in _ORDER if title in shown]
    # The bars show the cost, or the tokens if no cost is known.
    known = all_rows.unknown < all_rows.requests
    amounts = [row.cost if known else Decimal(row.tokens) for row in rows]
    largest = max(amounts)

    def line(row: Sums, amount: Decimal) -> tuple[str, ...]:
        drawn = (bar(amount, largest, room),) if room >= MIN_BAR_COLUMNS else ()
        return (_short(row.group, group), *(columns[title](row) for title in titles), *drawn)

    ending = ("",) if room >= MIN_BAR_COLUMNS else ()
    last = ("total", *(columns[title](all_rows) for title in titles), *ending)
    return (by, *titles, *ending), list(map(line, rows, amounts)), last


def lines(rows: Sequence[Sums]) -> list[tuple[str, ...]]:
    """Return the rows for programs. The cost is the sum of known costs, `-` if all are unknown."""
    return [
        (
            row.group,
            *map(str, (row.requests, row.failed, row.prompt, row.completion, row.cached, row.reasoning)),
            UNKNOWN if row.unknown == row.requests else exact(row.cost),
            str(row.unknown),
        )
        for row in rows
    ]


def _short(text: str, width: int) -> str:
    """Return a text, or only its end if it is too long: the names of models differ at the end."""
    return text if len(text) <= width else "…" + text[-(width - 1) :]
