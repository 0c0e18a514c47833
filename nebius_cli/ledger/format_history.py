"""Formats the tables and texts of `nbx history`, to fit the terminal or for programs."""

from collections.abc import Sequence
from typing import Any

from nebius_cli.core.prices_and_costs import parse_amount, usd
from nebius_cli.core.short_text import UNKNOWN
from nebius_cli.ledger import periods
from nebius_cli.ledger.excerpts import excerpt
from nebius_cli.system.calendar import LocalCalendar
from nebius_cli.terminal.sanitize import to_bytes, visible
from nebius_cli.terminal.write_table import columns_that_fit, width_of

MIN_EXCERPT_COLUMNS, MAX_EXCERPT_COLUMNS = 8, 80
MAX_RULE_COLUMNS = 40
NUMBERS = ("id", "tokens", "cost")
# Columns from left to right, and in the order in which they get room on a narrow terminal.
_ORDER = ("id", "time", "model", "tokens", "cost", "end", "text")
_BY_IMPORTANCE = ("id", "time", "end", "text", "tokens", "cost", "model")
_FOR_PROGRAMS = (
    *("id", "time", "model", "prompt_tokens", "completion_tokens", "cost", "latency", "exit", "finish"),
)
_DIM, _RESET = "\x1b[2m", "\x1b[0m"

Row = dict[str, Any]  # a row of the ledger, with `prompt` and `answer`


def table(
    rows: Sequence[Row], words: Sequence[str], width: int, calendar: LocalCalendar
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the header and rows of a table at most `width` columns wide."""
    cells = [_cells(row, calendar) for row in rows]
    has_text = any(row["prompt"] is not None for row in rows)
    sizes = {
        title: MIN_EXCERPT_COLUMNS
        if title == "text"
        else max([len(title), *(len(row[title]) for row in cells)])
        for title in _BY_IMPORTANCE
        if title != "text" or has_text
    }
    shown = columns_that_fit(sizes, width)
    header = tuple(title for title in _ORDER if title in shown)
    if "text" in shown:
        room = width - width_of(sizes[title] for title in shown)
        columns = min(MAX_EXCERPT_COLUMNS, MIN_EXCERPT_COLUMNS + room)
        for cell, row in zip(cells, rows, strict=True):
            cell["text"] = _excerpt(row, words, columns)
    return header, [tuple(row[title] for title in header) for row in cells]


def lines(rows: Sequence[Row], words: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the rows for programs."""
    return [
        (
            *(member(value) for value in map(periods.dated(row).get, _FOR_PROGRAMS)),
            _excerpt(row, words, MAX_EXCERPT_COLUMNS),
        )
        for row in rows
    ]


def _excerpt(row: Row, words: Sequence[str], columns: int) -> str:
    if row["prompt"] is None:
        return ""
    return excerpt(f"{row['prompt']} → {row['answer']}", words, columns)


def _cells(row: Row, calendar: LocalCalendar) -> dict[str, str]:
    time, counts = row["time"], (row["prompt_tokens"], row["completion_tokens"])
    cost = parse_amount(row["cost"])
    return {
        "id": str(row["id"]),
        "time": UNKNOWN if time is None else calendar.local(time / 1000).strftime("%m-%d %H:%M"),
        "model": row["model"],
        "tokens": " + ".join(UNKNOWN if count is None else f"{count:,}" for count in counts),
        "cost": "unknown" if cost is None else usd(cost),
        "end": (row["finish"] or UNKNOWN) if row["exit"] == 0 else f"exit {member(row['exit'])}",
    }


def member(value: Any, *, drawn: bool = False) -> str:
    """Format one member of a row. `drawn`, for a terminal, rounds durations to milliseconds."""
    if drawn and isinstance(value, float):
        return f"{value:.3f}"
    return UNKNOWN if value in (None, "") else str(value)


def titled(title: str, text: str, width: int, *, color: bool) -> bytes:
    """Return a text below a rule with its title, safe for a terminal `width` columns wide."""
    rule = f"── {title} ".ljust(min(width, MAX_RULE_COLUMNS), "─")
    dim, reset = (_DIM, _RESET) if color else ("", "")
    return f"\n{dim}{rule}{reset}\n".encode() + to_bytes(visible(text)).rstrip(b"\n") + b"\n"
