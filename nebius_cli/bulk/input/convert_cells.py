"""Converts cells of tables to JSON values: decimals, binary text, numbers with a decimal comma."""

import re
from decimal import Decimal
from typing import Any

from nebius_cli.bulk.input.fill_template import RowError
from nebius_cli.core.short_text import invalid_byte

_DECIMAL_COMMA = re.compile(r"([+-]?)([0-9]+),([0-9]+)")


def decimal_point(text: str) -> str:
    """Replace the decimal comma of a number by a point; 1,024 stays, because it can also mean 1024."""
    found = _DECIMAL_COMMA.fullmatch(text)
    if not found or (len(found[3]) == 3 and not found[2].startswith("0") and len(found[2]) < 4):
        return text
    return f"{found[1]}{found[2]}.{found[3]}"


def plain_value(value: Any) -> Any:
    """Return a cell of a table as a JSON value. Raises RowError for bytes that are not UTF-8."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bytes):
        return binary_text(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [plain_value(item) for item in value]
    if isinstance(value, dict):
        return {name: plain_value(inner) for name, inner in value.items()}
    return value


def binary_text(value: bytes) -> str:
    """Return the text of a binary column. Raises RowError if it is not UTF-8."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RowError(f"in a binary column, {invalid_byte(error)} is not UTF-8") from None
