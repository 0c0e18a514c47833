"""Finds one request of the ledger by the ID that the user typed."""

from collections.abc import Mapping
from typing import Any

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.ledger.entry import StoredText
from nebius_cli.ledger.ledger_database import Ledger
from nebius_cli.ledger.request_recorder import LOCAL
from nebius_cli.local.weights import DEFAULT_MODEL

MAX_ID = 2**63 - 1  # the largest integer of SQLite
MAX_ID_DIGITS = 30  # longer text is not parsed as a number
STORE_HINT = "nbx config set history.text true stores texts from now on"
TEXT_IS_OFF = f"texts are not stored; {STORE_HINT}"


def find(ledger: Ledger, typed: str | None, command: str) -> tuple[dict[str, Any], StoredText | None]:
    """Return the row and the stored text of a request. Raises UsageError if there is no such request.

    `command` is the subcommand of `nbx history` that the hint names.
    """
    if not typed:
        hint = f"nbx history {command} ID; nbx history list shows the IDs"
        raise UsageError("no request given", "", hint)
    found = ledger.find(parse_id(typed))
    if found is None:
        raise UsageError(f"no request {typed}", "", "nbx history list shows the IDs")
    return found


def find_text(ledger: Ledger, typed: str | None, command: str) -> tuple[dict[str, Any], StoredText]:
    """Return a request's row and text. Raises UsageError as `find` does, or if the text is not stored."""
    row, text = find(ledger, typed, command)
    if text is None:
        name = f"request {row['id']}"
        what = f"cannot send {name} again" if command == "rerun" else f"cannot {command} {name}"
        raise UsageError(what, "its text is not stored", STORE_HINT)
    return row, text


def ran_locally(row: Mapping[str, Any], model_file: str | None) -> bool:
    """Return whether the embedded engine ran a request. Raises UsageError if its model file is needed."""
    if row["host"] != LOCAL:
        return False
    if row["model"] != DEFAULT_MODEL.name and model_file is None:
        why = f"it used the model file {row['model']}"
        raise UsageError(f"request {row['id']} needs its model file", why, "add --model-file FILE")
    return True


def last_id(ledger: Ledger) -> int:
    """Return the ID of the last request outside of bulk runs. Raises UsageError if there is none."""
    found = ledger.last_outside_bulk()
    if found is None:
        raise UsageError("no request to continue", "", STORE_HINT)
    return found


def parse_id(text: str) -> int:
    """Parse the ID of a request. Raises UsageError."""
    if (number := whole_number(text)) < 0:
        raise UsageError(
            f"{text!r} is not a request ID", "an ID is a number", "nbx history list shows the IDs"
        )
    return number


def whole_number(text: str) -> int:
    """Parse a whole number. Return -1 if the text is not a whole number, or if the number is too large."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < MAX_ID_DIGITS else -1
    return number if number <= MAX_ID else -1
