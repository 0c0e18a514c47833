"""Exports the rows of the ledger as JSON or CSV, piece by piece."""

from collections.abc import Iterator
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.write_csv import csv_line
from nebius_cli.ledger.entry_to_columns import COLUMNS


def as_json(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield one JSON object in pieces, so that a large ledger is never in memory as a whole."""
    yield '{"requests":['
    for number, row in enumerate(rows):
        yield ("," if number else "") + "\n" + jsontext.encode(row).decode()
    yield "\n]}\n"


def as_csv(rows: Iterator[dict[str, Any]], *, escape_formulas: bool) -> Iterator[str]:
    """Yield the lines of a CSV file; unknown values are empty."""
    yield csv_line(COLUMNS)
    for row in rows:
        yield csv_line((row[name] for name in COLUMNS), escape_formulas=escape_formulas)
