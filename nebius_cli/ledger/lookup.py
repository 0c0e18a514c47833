"""Finds one request of the ledger by the ID that the user typed."""

from typing import Any

from nebius_cli.core.errors import UsageError
from nebius_cli.ledger.entry import StoredText
from nebius_cli.ledger.store import Ledger

MAX_ID = 2**63 - 1  # the largest integer of SQLite
MAX_ID_DIGITS = 30  # a longer text is not read as a number at all
TEXT_IS_OFF = "texts are not stored: nbx config set history.text true stores them from now on"


def find(ledger: Ledger, typed: str | None, command: str) -> tuple[dict[str, Any], StoredText | None]:
    """Return the row and the stored text of a request. Raises UsageError if there is no such request.

    `command` is the one of `nbx history` to name in the hint.
    """
    if not typed:
        hint = f"nbx history {command} ID; nbx history list shows the ids"
        raise UsageError("no request given", "", hint)
    found = ledger.find(parse_id(typed))
    if found is None:
        raise UsageError(f"no request {typed}", "", "nbx history list shows the ids")
    return found


def parse_id(text: str) -> int:
    """Return the id that a text stands for. Raises UsageError."""
    if (number := whole_number(text)) < 0:
        raise UsageError(
            f"{text!r} is not a request id", "an id is a number", "nbx history list shows the ids"
        )
    return number


def whole_number(text: str) -> int:
    """Return the whole number that a text is, -1 for any other text and for one that is too large."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < MAX_ID_DIGITS else -1
    return number if number <= MAX_ID else -1
