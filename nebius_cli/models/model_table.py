"""The table of `nbx models`: as many columns as the terminal has room for, or all of them for programs."""

from collections.abc import Callable, Sequence

from nebius_cli.core.format import UNKNOWN, compact
from nebius_cli.core.money import per_million
from nebius_cli.models.model import Model
from nebius_cli.terminal.tables import COLUMN_GAP

HEADER = ("id", "ctx", "$ in", "$ out", "rpm", "tpm", "status", "features")
NUMBERS = HEADER[1:6]
MIN_FEATURES_COLUMNS = 18  # as many as structured_outputs has

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
    """Return rows with as many columns, from the left, as fit in `width`."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    widths[-1] = min(widths[-1], MIN_FEATURES_COLUMNS)  # the features may wrap
    count = len(widths)
    while count > 1 and sum(widths[:count]) + COLUMN_GAP * (count - 1) > width:
        count -= 1
    return [row[:count] for row in rows]
