"""Defines the error of unfinished rows: the run stopped before they had a result, and kept only their cost.

They count neither as answered nor as failed.
"""

from collections.abc import Mapping
from typing import Any

from nebius_cli.core.errors_and_exit_codes import IncompleteError


class UnfinishedRowError(IncompleteError):
    """The error of an unfinished row; `usage` is what it may have used."""

    def __init__(self, usage: Mapping[str, Any]) -> None:
        billed = "" if usage["cost"] == "0" else "it may have been billed"
        super().__init__("the run stopped before this row was answered", billed)


def is_unfinished(error: Any) -> bool:
    """Return whether the `error` of a record is that of an unfinished row."""
    return isinstance(error, dict) and error.get("unfinished") is True


def is_failure(error: Any) -> bool:
    """Return whether the `error` of a record says that the row failed."""
    return error is not None and not is_unfinished(error)
