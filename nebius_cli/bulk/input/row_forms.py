"""The forms that a row of a bulk input can have, and what each asks for.

A line of JSONL is a text, an object with a prompt and request fields beside it, or a line of a batch file
(`custom_id` and `body`). A row of a table has columns. Both can be variables of a template instead.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from nebius_cli.bulk.input.template import RowError, Template
from nebius_cli.core.errors import UsageError
from nebius_cli.core.suggest import nearest
from nebius_cli.request.field_table import BY_NAME
from nebius_cli.request.fields import Field, FieldError, Value
from nebius_cli.request.prompt import Prompt

MEMBERS = ("id", "custom_id", "prompt", "params", "body", "error", *BY_NAME)
BATCH_MEMBERS = ("id", "custom_id", "method", "url", "body", "error")
BATCH_URL = "/v1/completions"
FORMATS = ("jsonl", "csv", "tsv", "text", "parquet")
_SUFFIXES = {
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "csv": "csv",
    "tsv": "tsv",
    "tab": "tsv",
    "txt": "text",
    "text": "text",
    "parquet": "parquet",
    "pq": "parquet",
}
COMPRESSIONS = ("gz", "zst")
_LONGEST_SHOWN = 60
_EMPTY = "the prompt is empty; --allow-empty sends it"
_PLAIN = frozenset(("id", "prompt"))  # members of most rows


class UnreadableRow(NamedTuple):
    """What stands in the place of a row that could not be read out of its file."""

    why: str


class RowRequest(NamedTuple):
    """What one row asks for by itself: `fields` and `params` hold only what stands in the row."""

    id: str | int | None
    prompt: Prompt
    fields: Mapping[str, Value]
    params: Mapping[str, Any]


# A line of JSONL, a prompt, the columns of a table's row, or why there is none of them.
RawRow = tuple[int, bytes | str | dict[str, Any] | UnreadableRow]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def format_of(path: str, asked: str | None) -> tuple[str, str]:
    """Return the format of a file, of FORMATS, and its compression, of COMPRESSIONS or empty.

    `asked` is what `--format` says. Standard input, `-`, is JSONL where it says nothing. Raises UsageError.
    """
    words = path.replace("\\", "/").rpartition("/")[2].lower().split(".")
    compression = words.pop() if words[-1] in COMPRESSIONS else ""
    known = "jsonl" if path == "-" else _SUFFIXES.get(words[-1], "")
    name = asked or known
    if name not in FORMATS:
        what = f"--format {asked}" if asked else f"cannot tell the format of {path} by its name"
        raise UsageError(what, f"it is one of {', '.join(FORMATS)}", "" if asked else "--format says which")
    if name == "parquet" and compression:
        raise UsageError(f"{path} is compressed twice", "parquet is compressed inside", "decompress it first")
    return name, compression


class Forms:
    """Reads rows. With a template, every member or column but `id` is a variable of it."""

    def __init__(self, template: Template | None, *, allow_empty: bool, validate: bool) -> None:
        self._template = template
        self._allow_empty = allow_empty
        self._validate = validate

    def read(self, raw: bytes | str | dict[str, Any] | UnreadableRow) -> RowRequest:
        """Return what a row asks for. Raises RowError."""
        if isinstance(raw, bytes):
            return self._line(_decoded(raw))
        if isinstance(raw, dict):
            return self._cells(raw)
        if isinstance(raw, str):
            return self._text(raw)
        raise RowError(raw.why)

    def check_columns(self, columns: Sequence[str]) -> None:
        """Raise UsageError for a column that the template, or a run without one, needs and does not find."""
        needed = self._template.names if self._template else ("prompt",)
        for name in needed:
            if name not in columns:
                close = nearest(name, tuple(columns))
                there = f"there is {', '.join(columns)}" + (f"; did you mean {close}?" if close else "")
                hint = "" if self._template else "--template 'Q: {question}\\nA:' makes prompts of columns"
                raise UsageError(f"the input has no column {name!r}", there, hint)

    def _line(self, value: Any) -> RowRequest:
        if isinstance(value, dict):
            return self._members(value)
        if isinstance(value, str):
            return self._text(value)
        raise RowError("a row must be a text or an object")

    def _text(self, text: str) -> RowRequest:
        return RowRequest(
            None, self._prompt(self._template.fill({"prompt": text}) if self._template else text), {}, {}
        )

    def _cells(self, cells: Mapping[str, Any]) -> RowRequest:
        """Read a row of a table. An empty cell is not given; columns of no request are passed over."""
        own = cells.get("id", cells.get("custom_id"))
        own_id = None if own == "" else _id_of(own)
        if self._template:
            return RowRequest(own_id, self._prompt(self._template.fill(cells)), {}, {})
        fields = {
            name: self._value(BY_NAME[name], value, typed=False)
            for name, value in cells.items()
            if name in BY_NAME and value not in (None, "")
        }
        return RowRequest(own_id, self._prompt(cells.get("prompt")), fields, {})

    def _members(self, row: Mapping[str, Any]) -> RowRequest:
        own_id = _id_of(row.get("id", row.get("custom_id")))
        if self._template:
            return RowRequest(own_id, self._prompt(self._template.fill(row)), {}, {})
        if row.keys() <= _PLAIN:
            return RowRequest(own_id, self._prompt(row.get("prompt")), {}, {})
        if "id" in row and "custom_id" in row:
            raise RowError("id and custom_id together: a row has one id")
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
                raise RowError(_unknown(name, MEMBERS) + '; engine parameters go into "params"')
        return RowRequest(own_id, self._prompt(row.get("prompt")), fields, params)

    def _batch(self, own_id: str | int | None, row: Mapping[str, Any]) -> RowRequest:
        """Read a line of a batch file. What is no request field in its body is an engine's parameter."""
        for name in row:
            if name not in BATCH_MEMBERS:
                raise RowError(_unknown(name, BATCH_MEMBERS) + " beside body")
        body, url = row["body"], row.get("url", BATCH_URL)
        if not isinstance(body, dict):
            raise RowError("body must be an object")
        if url != BATCH_URL:
            raise RowError(f"url is {shown(url)}: nbx bulk sends to {BATCH_URL}")
        if row.get("method", "POST") != "POST":
            raise RowError(f"method is {shown(row['method'])}, it must be POST")
        if "messages" in body:
            raise RowError("body has messages: nbx bulk completes a prompt, it does not chat")
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
            raise RowError("there is no prompt")
        if isinstance(value, list):
            if not value and not self._allow_empty:
                raise RowError(_EMPTY)
            if all(type(token) is int and token >= 0 for token in value):
                return value
            if all(isinstance(one, str) for one in value) or all(isinstance(one, list) for one in value):
                raise RowError("prompt holds several prompts: give each a row of its own")
        raise RowError("prompt must be a text or an array of token ids, whole numbers from 0")

    def _value(self, field: Field, value: Any, *, typed: bool = True) -> Value:
        """Return a field's value as it is sent; one that is not typed reads as its flag does."""
        try:
            if typed or not isinstance(value, str):
                return field.check(value, bounded=self._validate)
            return field.parse([value], bounded=self._validate)
        except FieldError as error:
            hint = "; --no-validate sends it" if error.bound else ""
            raise RowError(f"{field.name} {error}{hint}") from None

    def _params(self, value: Any) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise RowError("params must be an object of engine parameters")
        for name in value:
            if name in ("prompt", "stream") or (self._validate and name in BY_NAME):
                raise RowError(f"params has {name}, which has its own place: write it beside prompt")
        return value


def _decoded(line: bytes) -> Any:
    try:
        text = line.decode("utf-8")
        if text[:1] in '{"':  # nothing but blanks can follow a whole line: it costs half
            value, end = _DECODER.raw_decode(text)
            if end == len(text):
                return value
        return _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise RowError(not_utf8(error)) from None
    except json.JSONDecodeError as error:
        raise RowError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise RowError("not JSON: nested too deeply") from None
    except ValueError as error:  # NaN, or a number of thousands of digits
        raise RowError(str(error).partition(";")[0]) from None


def not_utf8(error: UnicodeDecodeError) -> str:
    """Return the words for the first byte of a row that is no UTF-8."""
    byte = error.object[error.start]
    return (
        f"byte 0x{byte:02x} at offset {error.start} of the row is not UTF-8; --encoding or --invalid replace"
    )


def _id_of(value: Any) -> str | int | None:
    if value is None or (isinstance(value, str) and value) or type(value) is int:
        return value
    raise RowError("id is empty" if value == "" else "id must be a text or a whole number")


def _unknown(name: str, names: Sequence[str]) -> str:
    close = nearest(name, names)
    return f"unknown member {shown(name)}" + (f" (did you mean {close}?)" if close else "")


def shown(value: Any) -> str:
    """Return a value as it stands in a message: quoted, and not all of a long one."""
    text = repr(value) if isinstance(value, str | int) else "no text"
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
