"""Parses the output that `nbx doctor` writes to a pipe."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.support.run import Result


def states(result: Result) -> dict[str, str]:
    """Return the state of each check by the check's name."""
    return {name: state for name, state, _, _ in rows(result)}


def rows(result: Result) -> list[list[str]]:
    """Return the lines of the output, split into columns."""
    return [line.split("\t") for line in result.out.splitlines()]


def row(result: Result, name: str) -> tuple[str, str, str]:
    """Return state, text and hint of one check."""
    (found,) = (row for row in rows(result) if row[0] == name)
    return found[1], found[2], found[3]


def today(**more: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(**more), usegmt=True)
