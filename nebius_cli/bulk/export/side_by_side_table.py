"""Makes the table of a side-by-side export, as lines of CSV or rows of Parquet."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nebius_cli.bulk.export.side_by_side import SideBySide
from nebius_cli.bulk.export.side_by_side_columns import Column, ComparedRow
from nebius_cli.terminal.sanitize import to_bytes


def header(columns: Iterable[Column]) -> tuple[str, ...]:
    """Return the names of all columns of a table."""
    return ("id", "index", "choice", "prompt", *(column.heading for column in columns), "error")


def table_lines(answers: SideBySide) -> Iterator[tuple[object, ...]]:
    """Yield the header and the rows of a table; cells without a text or an error are None.

    `error` says which cells failed, and why: `model=A: REASON; model=B: REASON`.
    """
    yield header(answers.columns)
    for row in answers:
        yield _line(row, answers.columns)


def parquet_rows(answers: SideBySide) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table as dicts; a lone surrogate in a text becomes U+FFFD."""
    names = header(answers.columns)
    for row in answers:
        cells = (
            to_bytes(one).decode() if isinstance(one, str) else one for one in _line(row, answers.columns)
        )
        yield dict(zip(names, cells, strict=True))


def parquet_schema(columns: Iterable[Column]) -> Callable[[Any], Any]:
    """Return a function that gets the module pyarrow and returns the schema of the table."""
    kinds = [(name, "int64" if name in ("index", "choice") else "string") for name in header(columns)]
    return lambda pa: pa.schema([(name, getattr(pa, kind)()) for name, kind in kinds])


def _line(row: ComparedRow, columns: Iterable[Column]) -> tuple[object, ...]:
    texts = (None if cell is None else cell.text for cell in row.cells)
    return (row.row_id, row.row_index, row.choice, row.prompt, *texts, _errors(row, columns))


def _errors(row: ComparedRow, columns: Iterable[Column]) -> str | None:
    pairs = zip(columns, row.cells, strict=True)
    found = [(column.label, cell.error) for column, cell in pairs if cell and cell.error]
    return "; ".join(f"{label}: {error}" if label else error for label, error in found) or None
