"""Converts the values of Parquet columns that JSON does not have: decimals and binary text."""

from decimal import Decimal
from typing import Any

from nebius_cli.bulk.input.template import RowError


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
        byte = value[error.start]
        raise RowError(f"a binary column: byte 0x{byte:02x} at offset {error.start} is not UTF-8") from None
