"""Parses the forms that an input row can have.

A line of JSONL is a string, an object with a prompt and request fields, or a line of a batch file
(`custom_id` and `body`). A row of a table has columns. With a template, members and columns are its
variables instead.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from nebius_cli.bulk.input.convert_cells import decimal_point, plain_value
from nebius_cli.bulk.input.fill_template import RowError, Template, example, join_names
from nebius_cli.bulk.input.matrix_combination import Combination, label_of
from nebius_cli.bulk.input.non_prompt_row_protocol import PROMPT_LINES, RowItem
from nebius_cli.bulk.input.row import InMatrix
from nebius_cli.bulk.input.wrong_format_hints import (
    CHAT,
    not_utf8,
    separator_hint,
    shown,
    strange_member,
    unknown_member,
    unparsable_row_hint,
)
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.similar_names import nearest
from nebius_cli.request.field_table import BY_NAME
from nebius_cli.request.parse_and_check_values import Field, FieldError, Kind, Value, whole_number
from nebius_cli.request.read_prompt import Prompt, token_ids

IN_MATRIX = ("row", "row_index", "matrix")  # the combination of a row in a list of failed rows
MEMBERS = ("id", "custom_id", "prompt", "params", "body", "error", *IN_MATRIX, *BY_NAME)
BATCH_MEMBERS = ("id", "custom_id", "method", "url", "body", "error")
BATCH_URL = "/v1/completions"
_EMPTY = "the prompt is empty; --allow-empty sends it"
IDS = frozenset(("id", "custom_id"))
_COLUMNS = frozenset(("prompt", *BY_NAME))
_PLAIN = frozenset(("id", "prompt"))  # the members of most rows


class UnreadableRow(NamedTuple):
    """A row that could not be read from its file; `why` is the reason."""

    why: str


class DecimalCommaRow(dict[str, Any]):
    """A row of a table whose numbers may have a decimal comma, because commas do not separate its cells."""


class RowRequest(NamedTuple):
    """The content of one row; `fields` and `params` contain only what the row itself sets."""

    id: str | int | None
    prompt: Prompt
    fields: Mapping[str, Value]
    params: Mapping[str, Any]
    in_matrix: InMatrix | None = None
    item: RowItem | None = None


# RawData: a line of JSONL, a prompt, the cells of a table row, or an error. RawRow has its line number, too.
RawData = bytes | str | dict[str, Any] | UnreadableRow
RawRow = tuple[int, RawData]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


class RowParser:
    """Parses rows. With a template, every member or column except `id` is a variable of it.

    Other columns of a table are silently ignored: most tables have many.
    """

    plain_text = PROMPT_LINES  # its column is also the variable of a template
    ignored_columns: Mapping[str, Sequence[str]] = {}

    def __init__(self, template: Template | None, *, allow_empty: bool, validate: bool) -> None:
        self._template = template
        self._needed = IDS | (frozenset(template.names) if template else _COLUMNS)
        self._allow_empty = allow_empty
        self._validate = validate

    def read(self, raw: RawData) -> RowRequest:
        """Parse a row. Raises RowError."""
        if isinstance(raw, bytes):
            return self._line(decode_line(raw))
        if isinstance(raw, dict):
            return self._cells(raw)
        if isinstance(raw, str):
            return self._text(raw)
        raise RowError(raw.why)

    def needs(self, column: str) -> bool:
        """Return whether a column of a table is read."""
        return column in self._needed

    def check_columns(self, columns: Sequence[str], name: str) -> None:
        """Raise UsageError if a column that the template needs is missing, or `prompt` without a template.

        `name` is the file's name in the message.
        """
        present = frozenset(columns)
        for needed in self._template.names if self._template else ("prompt",):
            if needed not in present:
                hint = separator_hint(columns)
                close = "" if hint else nearest(needed, tuple(columns))
                why = f"columns: {join_names(columns)}" + (f"; did you mean {close}?" if close else "")
                if not hint and not self._template:
                    hint = f"{example(columns)} builds prompts from columns"
                elif tuple(columns) == (self.plain_text.column,):
                    hint = "plain text has only the column {prompt}, the whole line"
                raise UsageError(f"{name} has no column {needed!r}", why, hint)

    def _line(self, value: Any) -> RowRequest:
        if isinstance(value, dict):
            return self._members(value)
        if isinstance(value, str):
            return self._text(value)
        start = "[" if isinstance(value, list) else ""
        raise RowError(f"a row must be a string or an object{unparsable_row_hint(start)}")

    def _text(self, text: str) -> RowRequest:
        prompt = self._template.fill({"prompt": text}) if self._template else text
        return RowRequest(None, self._prompt(prompt), {}, {})

    def _cells(self, cells: Mapping[str, Any]) -> RowRequest:
        """Parse a row of a table. Empty cells and columns that are not request fields are ignored."""
        own_id = cell_id(cells)
        if self._template:
            return RowRequest(own_id, self._prompt(self._template.fill(cells)), {}, {})
        comma = isinstance(cells, DecimalCommaRow)
        fields = {
            name: self._value(BY_NAME[name], plain_value(value), typed=False, comma=comma)
            for name, value in cells.items()
            if name in BY_NAME and not is_missing(value)
        }
        return RowRequest(own_id, self._prompt(plain_value(cells.get("prompt"))), fields, {})

    def _members(self, row: Mapping[str, Any]) -> RowRequest:
        own_id = member_id(row)
        if self._template:
            return RowRequest(own_id, self._prompt(self._template.fill(row)), {}, {})
        if row.keys() <= _PLAIN:
            return RowRequest(own_id, self._prompt(row.get("prompt")), {}, {})
        if "id" in row and "custom_id" in row:
            raise RowError("the row has both id and custom_id; keep one of them")
        if "body" in row:
            return self._batch(own_id, row)
        fields: dict[str, Value] = {}
        params: Mapping[str, Any] = {}
        for name, value in row.items():
            if name in BY_NAME:
                if value is not None:
                    fields[name] = self._value(BY_NAME[name], value)
            elif name == "params":
                params = self._params(value)
            elif name not in MEMBERS:
                raise RowError(strange_member(name, MEMBERS, row))
        place = _in_matrix(row) if row.keys() & IN_MATRIX else None
        return RowRequest(own_id, self._prompt(row.get("prompt")), fields, params, place)

    def _batch(self, own_id: str | int | None, row: Mapping[str, Any]) -> RowRequest:
        """Parse a line of a batch file. Unknown members of its body are engine parameters."""
        for name in row:
            if name not in BATCH_MEMBERS:
                raise RowError(unknown_member(name, BATCH_MEMBERS) + " next to body")
        body, url = row["body"], row.get("url", BATCH_URL)
        if not isinstance(body, dict):
            raise RowError("body must be an object")
        if url != BATCH_URL:
            raise RowError(f"url is {shown(url)}, but must be {BATCH_URL}")
        if row.get("method", "POST") != "POST":
            raise RowError(f"method is {shown(row['method'])}, but must be POST")
        if "messages" in body:
            raise RowError(f"body has messages: {CHAT}")
        fields = {
            name: self._value(BY_NAME[name], value)
            for name, value in body.items()
            if name in BY_NAME and value is not None
        }
        params = {name: value for name, value in body.items() if name not in BY_NAME and name != "prompt"}
        return RowRequest(own_id, self._prompt(body.get("prompt")), fields, params)

    def _prompt(self, value: Any) -> Prompt:
        if isinstance(value, str):
            if value or self._allow_empty:
                return value
            raise RowError(_EMPTY)
        if value is None:
            raise RowError("no prompt")
        if isinstance(value, list):
            if not value and not self._allow_empty:
                raise RowError(_EMPTY)
            if (tokens := token_ids(value)) is not None:
                return tokens
            if all(isinstance(one, str) for one in value) or all(isinstance(one, list) for one in value):
                raise RowError("several prompts in one row; put each in its own row")
        raise RowError("prompt must be a string or an array of token IDs (integers from 0)")

    def _value(self, field: Field, value: Any, *, typed: bool = True, comma: bool = False) -> Value:
        """Return the value to send for a field; if not `typed`, a string is parsed like the flag's value.

        `comma`: a number may have a decimal comma.
        """
        try:
            if not typed and field.kind is Kind.BIASES and isinstance(value, dict):
                # A struct has a member for every token id of the file, null if the row sets no bias for it.
                value = {token: bias for token, bias in value.items() if bias is not None}
            if typed or not isinstance(value, str):
                return field.check(value, bounded=self._validate)
            text = decimal_point(value) if comma and field.kind in (Kind.INTEGER, Kind.NUMBER) else value
            return field.parse([text], bounded=self._validate)
        except FieldError as error:
            hint = "; --no-validate sends it" if error.bound else ""
            raise RowError(f"{field.name} {error}{hint}") from None

    def _params(self, value: Any) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise RowError("params must be an object")
        for name in value:
            if name in ("prompt", "stream") or (self._validate and name in BY_NAME):
                raise RowError(f"params must not contain {name}; put it next to prompt")
        return value


def decode_line(line: bytes, noun: str = "prompt") -> Any:
    """Return the value of a line of JSONL. Raises RowError; `noun` is its name for a row of plain text."""
    try:
        text = line.decode("utf-8")
        if text[:1] in ("{", '"'):  # takes half the time, and usually nothing follows the value
            value, end = _DECODER.raw_decode(text)
            if end == len(text):
                return value
        return _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise RowError(not_utf8(error)) from None
    except (ValueError, RecursionError) as error:
        found = jsontext.limit_or_error(error)
        what_else = "" if isinstance(found, jsontext.LimitError) else unparsable_row_hint(text, noun)
        raise RowError(jsontext.describe_error(found) + what_else) from None


def _in_matrix(row: Mapping[str, Any]) -> InMatrix:
    """Return the combination that a row of an earlier run was sent with. Raises RowError."""
    match row:
        case {"row": str() | int() as own, "row_index": int(index), "matrix": dict(values)} if index >= 0:
            return InMatrix(Combination(label_of(values), values), own, index, is_first=True)
    raise RowError("matrix, row and row_index must be given together, in the form that nbx bulk writes")


def is_missing(cell: Any) -> bool:
    """Return whether a cell is empty; dataframes write empty cells in a column of numbers as NaN."""
    return cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell))


def own_id(raw: RawData) -> str | int | None:
    """Return the id in a raw row of any format, None if it has none."""
    try:
        if isinstance(raw, dict):
            return cell_id(raw)
        row = decode_line(raw) if isinstance(raw, bytes) else None
        return member_id(row) if isinstance(row, dict) else None
    except RowError:
        return None


def cell_id(cells: Mapping[str, Any]) -> str | int | None:
    """Return the ID of a row of a table, None if it has none. Raises RowError if the ID is invalid."""
    own = cells.get("id", cells.get("custom_id"))
    return None if is_missing(own) else _id_of(plain_value(own))


def member_id(row: Mapping[str, Any]) -> str | int | None:
    """Return the ID of an object, None if it has none. Raises RowError if the ID is invalid."""
    return _id_of(row.get("id", row.get("custom_id")))


def _id_of(value: Any) -> str | int | None:
    value = whole_number(value)
    if value is None or (isinstance(value, str) and value) or type(value) is int:
        return value
    raise RowError("id is empty" if value == "" else "id must be a string or an integer")
