"""The rows of the ledger as JSON or CSV, in pieces."""

from collections.abc import Iterator
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.ledger.store import COLUMNS


def as_json(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield one JSON object in pieces, so that a large ledger is never in memory at once."""
    yield '{"requests":['
    for number, row in enumerate(rows):
        yield ("," if number else "") + "\n" + jsontext.encode(row).decode()
    yield "\n]}\n"


def as_csv(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a CSV file (RFC 4180, but with line feeds); unknown values are empty."""
    yield ",".join(COLUMNS) + "\n"
    for row in rows:
        yield ",".join(_quoted("" if row[name] is None else str(row[name])) for name in COLUMNS) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text
