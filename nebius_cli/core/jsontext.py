"""JSON as this program writes and reads it, on the wire and on stdout."""

import json
from typing import Any


def encode(value: Any, *, indent: int | None = None) -> bytes:
    """Return `value` as UTF-8 JSON, compact unless `indent` is given.

    Raises ValueError for what JSON does not have: NaN and infinities (RFC 8259, section 6), dates.
    """
    separators = (",", ":") if indent is None else None
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=separators, indent=indent)
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        # A lone surrogate, which JSON can carry as an escape and UTF-8 cannot carry at all.
        return json.dumps(value, separators=separators, indent=indent).encode("ascii")


def decode(text: str | bytes) -> Any:
    """Parse JSON text. Raises ValueError, also for nesting deeper than the parser can hold."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def without_nan(value: Any) -> Any:
    """Return `value` with null for each NaN and infinity, which Python reads and JSON does not have."""
    return json.loads(json.dumps(value), parse_constant=lambda _: None)
