"""Reads the rows of a kind of its own, such as texts to score, in any format of an input."""

from collections.abc import Mapping, Sequence
from typing import Any

from nebius_cli.bulk.input.misread_input import not_a_row
from nebius_cli.bulk.input.row_forms import (
    IDS,
    RawData,
    RowRequest,
    UnreadableRow,
    cell_id,
    decode_line,
    is_missing,
    member_id,
)
from nebius_cli.bulk.input.row_kind import RowKind
from nebius_cli.bulk.input.table_values import plain_value
from nebius_cli.bulk.input.template import RowError, listed
from nebius_cli.core import jsontext
from nebius_cli.core.errors import UsageError


class ItemParser:
    """Parses rows of `kind`. A line of JSONL is an object, or a string, which is the member `text`."""

    text_column = "text"  # what a row of plain text is

    def __init__(self, kind: RowKind) -> None:
        self._kind = kind

    def read(self, raw: RawData) -> RowRequest:
        """Parse a row. Raises RowError."""
        if isinstance(raw, UnreadableRow):
            raise RowError(raw.why)
        value: Any = self._members(raw) if isinstance(raw, dict) else raw
        if isinstance(raw, bytes):
            value = decode_line(raw)
        if isinstance(value, str):
            value = {"text": value}
        if not isinstance(value, dict):
            start = "[" if isinstance(value, list) else ""
            raise RowError(f"a row must be a string or an object{not_a_row(start)}")
        try:
            item = self._kind.read(value)
        except ValueError as error:
            raise RowError(str(error)) from None
        prompts = item.prompts
        prompt = prompts[0] if len(prompts) == 1 else list(prompts)
        own_id = cell_id(raw) if isinstance(raw, dict) else member_id(value)
        return RowRequest(own_id, prompt, {}, {}, item)

    def needs(self, column: str) -> bool:
        """Return whether a column of a table is read."""
        return column in IDS or column in self._kind.text_columns or column in self._kind.json_columns

    def check_columns(self, columns: Sequence[str]) -> None:
        """Raise UsageError if none of the columns is part of an item."""
        wanted = self._kind.text_columns | self._kind.json_columns
        if not wanted & frozenset(columns):
            what = f"the input has none of the columns {listed(sorted(wanted))}"
            raise UsageError(what, f"columns: {listed(columns)}")

    def _members(self, cells: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cells of a table row as members; empty ones are left out."""
        found = {name: plain_value(cell) for name, cell in cells.items() if not is_missing(cell)}
        for name in self._kind.json_columns & found.keys():
            if isinstance(found[name], str):
                try:
                    found[name] = jsontext.decode(found[name])
                except ValueError as error:
                    raise RowError(f"{name} is {jsontext.describe_error(error)}") from None
        return found
