"""Formats the table of `nbx models`: the columns that fit on a terminal, or all of them for programs."""

from collections.abc import Callable, Sequence

from nebius_cli.core.prices_and_costs import per_million
from nebius_cli.core.short_text import UNKNOWN, compact
from nebius_cli.models.model import Model
from nebius_cli.terminal.write_table import COLUMN_GAP, columns_that_fit

HEADER = ("id", "ctx", "$ in", "$ out", "rpm", "tpm", "status", "features")
NUMBERS = HEADER[1:6]
MIN_FEATURES_COLUMNS = 18  # the length of structured_outputs

Cells = tuple[str, ...]


def table(models: Sequence[Model], width: int) -> tuple[Cells, list[Cells]]:
    """Return the header and rows of a table at most `width` columns wide."""
    rows = [HEADER, *(_cells(model, compact, ", ") for model in models)]
    if not any(model.status for model in models):
        status = HEADER.index("status")
        rows = [(*row[:status], *row[status + 1 :]) for row in rows]
    header, *fitting = _fit(rows, width)
    return header, fitting


def lines(models: Sequence[Model]) -> list[Cells]:
    """Return the rows for programs, with every digit."""
    return [_cells(model, lambda count: UNKNOWN if count is None else str(count), ",") for model in models]


def _cells(model: Model, count: Callable[[int | None], str], comma: str) -> Cells:
    return (
        model.id,
        count(model.context),
        per_million(model.price.input),
        per_million(model.price.output),
        count(model.requests_per_minute),
        count(model.tokens_per_minute),
        model.status or UNKNOWN,
        comma.join(model.features) or UNKNOWN,
    )


def _fit(rows: list[Cells], width: int) -> list[Cells]:
    """Return rows with the first column and as many others as fit in `width`."""
    widths = {title: max(len(row[column]) for row in rows) for column, title in enumerate(rows[0])}
    widths["features"] = min(widths["features"], MIN_FEATURES_COLUMNS)  # features may wrap
    used = widths.pop("id") + COLUMN_GAP
    shown = {"id", *columns_that_fit(widths, width - used)}
    return [tuple(cell for title, cell in zip(rows[0], row, strict=True) if title in shown) for row in rows]
