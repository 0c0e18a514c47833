"""Encodes the result of a row as a record, a line of JSON, and reads its head without parsing the response.

The members are always in this order: id, index, body_hash, attempts, latency_s, usage, error, prompt,
response. The members for a scan come first, so that one regular expression reads them. With `--matrix`, three
more precede the prompt: row and row_index, the id and the index of the row in the input, and matrix, the
values of the combination. The rows of a RowKind have their own members instead of the last two.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from nebius_cli.bulk.input.row import BadRow, InMatrix, Row
from nebius_cli.bulk.output.unfinished_row_error import UnfinishedRowError
from nebius_cli.core import jsontext
from nebius_cli.core.compact_hash_set import digest
from nebius_cli.core.errors_and_exit_codes import ExitCode, NbxError, StatusError
from nebius_cli.core.prices_and_costs import ZERO, add, exact, parse_amount
from nebius_cli.request.field_table import BY_NAME


@dataclass(slots=True)
class Result:
    """The result of one row after all its attempts.

    `usage` has prompt_tokens and completion_tokens (int or None) and cost (USD as str, or None); it is None
    except on the first row of a group. `response` is the API's object for this row, or its bytes, which are
    known to be valid JSON; None on failure. For a row of a RowKind it has the members of its record, or, for
    a part of a row, the value of its prompt.
    """

    row: Row
    attempts: int
    latency_s: float
    usage: dict[str, Any] | None
    error: NbxError | None
    response: dict[str, Any] | bytes | None


class RecordHead(NamedTuple):
    """The head of a record. `id` is JSON as `id_bytes` writes it; missing counts are 0."""

    id: bytes
    row_index: int
    body_hash: bytes
    prompt_tokens: int
    completion_tokens: int
    cost: bytes
    ok: bool

    @property
    def row_key(self) -> int:
        """The digest of the row, whatever its body."""
        return digest(self.id)


MAX_INDEX = 10**15  # of a row; also the maximum token count. A record with more is damaged
_AFTER_HEAD_ID = (
    rb',"index":(\d{1,15}),"body_hash":"([0-9a-f]*)","attempts":\d{1,15},'
    rb'"latency_s":[\d.]+,"usage":(?:null|\{"prompt_tokens":(?:(\d{1,15})|null),'
    rb'"completion_tokens":(?:(\d{1,15})|null),"cost":(?:null|"(\d{1,15}(?:\.\d{1,64})?(?:E-\d\d?)?)")\}),'
    rb'"error":(?:(null)|\{)'
)
ANY_ID = rb'(?:-?\d+|"[^"\\]*(?:\\.[^"\\]*)*")'
_HEAD = re.compile(rb'\{"id":(' + ANY_ID + rb")" + _AFTER_HEAD_ID)
_LINE = re.compile(rb'^\{"id":(-?\d+|"[^"\\]*")' + _AFTER_HEAD_ID + rb".*\}\n", re.MULTILINE)
# The same, truncated anywhere, as a kill may leave the only line of a file.
_CUT_HEAD = re.compile(rb'\{"id":(?:-?\d+|-|"[^"\\]*(?:\\.[^"\\]*)*(?:\\|"?))(.*)', re.DOTALL)
BEFORE_USAGE = (
    rb'\{"id":' + ANY_ID + rb',"index":\d+,"body_hash":"[^"]*","attempts":\d+,"latency_s":[\d.]+,"usage":'
)
_USAGE = re.compile(BEFORE_USAGE + rb"(null|\{[^{}]*\}),")
_TOKENS = ("prompt_tokens", "completion_tokens")
_PROMPTS = {"prompt", "text", "choices"}  # the members of an input row that hold a prompt
_STEM, _AFTER_ID = b'{"id":', b',"index":'

# The fields of a RecordHead, or the raw matches of `_LINE`, which are empty for missing values.
HeadFields = tuple[bytes, bytes | int, bytes, bytes | int, bytes | int, bytes, bytes | bool]

_Encode = Callable[[Any], str]
_TEXT: _Encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_ESCAPED: _Encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def encode(result: Result, *, with_prompt: bool) -> bytes:
    """Return the record of a result: one line of JSON with a newline."""
    try:
        text = _before_response(result, _TEXT, with_prompt=with_prompt).encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate can only be written as an escape
        text = _before_response(result, _ESCAPED, with_prompt=with_prompt).encode("ascii")
    if result.row.item is not None:
        return b"%b}\n" % text if result.response is None else b"%b,%b\n" % (text, _members(result.response))
    return b"%b%b}\n" % (text, _response(result.response))


def encode_bad(bad: BadRow) -> bytes:
    """Return the record of a row that could not be sent."""
    error = {"exit": int(ExitCode.BAD_INPUT), "status": None, "message": bad.why, "line": bad.line}
    if bad.file:
        error["file"] = bad.file
    head = {"id": bad.index, "index": bad.index, "body_hash": "", "attempts": 0, "latency_s": 0.0}
    among = _in_matrix(bad.in_matrix) if bad.in_matrix else {}
    return jsontext.encode({**head, "usage": None, "error": error, **among, "response": None}) + b"\n"


def failed_line(row: Row, error: NbxError, defaults: Mapping[str, Any]) -> bytes:
    """Return a failed row as an input line: id, prompt, the fields that differ from `defaults`, error.

    `defaults` is the request body, without the prompt, of a row that sets no fields itself.
    """
    body = json.loads(row.body) | dict(parse_qsl(row.query))
    own = {name: body[name] for name in body if name != "prompt" and defaults.get(name, body) != body[name]}
    fields = {name: value for name, value in own.items() if name in BY_NAME}
    params = {name: value for name, value in own.items() if name not in BY_NAME}
    line = {"id": row.id, "prompt": row.prompt, **fields, **({"params": params} if params else {})}
    if row.item is not None:
        line = {"id": row.id, **row.item.to_json()}
    line |= _in_matrix(row.in_matrix) if row.in_matrix else {}
    return jsontext.encode({**line, "error": _error(error)}) + b"\n"


def is_failed_row(row: Any) -> bool:
    """Return whether a JSON value has the form of `failed_line`, not of a record or another input row."""
    if not isinstance(row, dict) or type(row.get("id")) not in (int, str) or not _PROMPTS & row.keys():
        return False
    return isinstance(row.get("error"), dict) and not {"body_hash", "response"} & row.keys()


def id_bytes(row_id: str | int) -> bytes:
    """Return a row id as JSON."""
    if isinstance(row_id, int):
        return b"%d" % row_id
    try:
        return _TEXT(row_id).encode("utf-8")
    except UnicodeEncodeError:
        return jsontext.encode(row_id)


def row_key(row_id: str | int) -> int:
    """Return the digest of a row id, equal to `RecordHead.row_key` of its record."""
    return digest(id_bytes(row_id))


def scan_head(line: bytes) -> RecordHead | None:
    """Return the head of a record, None for other JSON. Raises ValueError for invalid JSON."""
    match = _HEAD.match(line)
    if match is None or not line.endswith((b"}\n", b"}")) or b"\0" in line:
        return _parsed_head(line)  # rewritten by another tool, or damaged on disk
    raw, index, body_hash, prompt, completion, cost, no_error = match.groups()
    if b"\\" in raw:
        raw = jsontext.encode(json.loads(raw))
    return RecordHead(
        raw, int(index), body_hash, int(prompt or 0), int(completion or 0), cost or b"", no_error is not None
    )


def scan_heads(block: bytes) -> Sequence[HeadFields] | None:
    """Return the heads of all records in a block of complete lines, None if one needs `scan_head`."""
    heads: list[HeadFields] = _LINE.findall(block)
    plain = len(heads) == block.count(b"\n") and block.endswith(b"\n") and b"\0" not in block
    return heads if plain else None


def could_be_cut(tail: bytes) -> bool:
    """Return whether `tail` may be the beginning of a record."""
    if len(tail) <= len(_STEM):
        return _STEM.startswith(tail)
    match = _CUT_HEAD.match(tail)
    return match is not None and _AFTER_ID.startswith(match[1][: len(_AFTER_ID)])


def _before_response(result: Result, encode: _Encode, *, with_prompt: bool) -> str:
    row = result.row
    error = "null" if result.error is None else encode(_error(result.error))
    prompt = f',"prompt":{encode(row.prompt)}' if with_prompt and row.item is None else ""
    response = "" if row.item is not None else ',"response":'
    if row.in_matrix is not None:
        prompt = "," + encode(_in_matrix(row.in_matrix))[1:-1] + prompt
    return (
        f'{{"id":{encode(row.id)},"index":{row.index},"body_hash":"{row.body_hash}",'
        f'"attempts":{result.attempts},"latency_s":{result.latency_s:.3f},"usage":{_usage(result.usage)},"error":{error}'
        f"{prompt}{response}"
    )


def _in_matrix(place: InMatrix) -> dict[str, Any]:
    return {"row": place.row_id, "row_index": place.row_index, "matrix": dict(place.combination.values)}


def _usage(usage: dict[str, Any] | None) -> str:
    if usage is None:
        return "null"
    prompt, completion = ("null" if (n := usage[name]) is None else n for name in _TOKENS)
    cost = "null" if usage["cost"] is None else f'"{usage["cost"]}"'
    return f'{{"prompt_tokens":{prompt},"completion_tokens":{completion},"cost":{cost}}}'


def _response(response: dict[str, Any] | bytes | None) -> bytes:
    if response is None:
        return b"null"
    if isinstance(response, bytes):
        if _is_plain(response):
            return response
        response = json.loads(response)
    try:
        return jsontext.encode(response)
    except ValueError:  # the server sent NaN, which is not JSON; it becomes null
        return jsontext.encode(jsontext.replace_nan(response))


def _members(record: dict[str, Any] | bytes) -> bytes:
    """Return the members of a record as JSON, without the opening brace."""
    return jsontext.encode(record)[1:]


def _is_plain(body: bytes) -> bool:
    """Return whether valid JSON may be copied into a line. A wrong False only costs time."""
    # A NUL means UTF-16, which the parser accepts, as it accepts surrogates and a byte order mark.
    if not body.startswith(b"{") or b"\n" in body or b"\r" in body or b"\0" in body:
        return False
    if b"NaN" in body or b"Infinity" in body:
        return False
    try:
        return body.isascii() or bool(body.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _error(error: NbxError) -> dict[str, Any]:
    status = error.status if isinstance(error, StatusError) else 0
    found = {"exit": int(error.code), "status": status or None, "message": error.line}
    return found | ({"unfinished": True} if isinstance(error, UnfinishedRowError) else {})


def _parsed_head(line: bytes) -> RecordHead | None:
    record = jsontext.decode(line)
    if not isinstance(record, dict) or not {"id", "index", "body_hash", "error"} <= record.keys():
        return None
    row_id, index, body_hash = record["id"], record["index"], record["body_hash"]
    if (
        type(row_id) not in (int, str)
        or type(index) is not int
        or not 0 <= index <= MAX_INDEX
        or not isinstance(body_hash, str)
    ):
        return None
    usage = jsontext.object_of(record.get("usage"))
    prompt, completion = (_count(usage.get(name)) for name in _TOKENS)
    cost = parse_amount(usage.get("cost"))
    return RecordHead(
        id_bytes(row_id),
        index,
        body_hash.encode("utf-8", "replace"),
        prompt,
        completion,
        b"" if cost is None else exact(cost).encode("ascii"),
        record["error"] is None,
    )


def _count(value: Any) -> int:
    return value if type(value) is int and 0 < value <= MAX_INDEX else 0


def add_usage(line: bytes, own: RecordHead, dropped: RecordHead) -> tuple[bytes, RecordHead]:
    """Return a record and its head with the usage of a dropped record added.

    The cost becomes unknown if one of the two has tokens but no cost.
    """
    prompt = own.prompt_tokens + dropped.prompt_tokens
    completion = own.completion_tokens + dropped.completion_tokens
    if (prompt, completion) == (own.prompt_tokens, own.completion_tokens) and not dropped.cost:
        return line, own
    total = add(_head_cost(own), _head_cost(dropped))
    cost = None if total is None else exact(total)
    usage: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": completion, "cost": cost}
    head = own._replace(
        prompt_tokens=prompt, completion_tokens=completion, cost=cost.encode("ascii") if cost else b""
    )
    if match := _USAGE.match(line):
        return line[: match.start(1)] + jsontext.encode(usage) + line[match.end(1) :], head
    return jsontext.encode(jsontext.decode(line) | {"usage": usage}) + b"\n", head


def _head_cost(head: RecordHead) -> Decimal | None:
    if not head.cost and not (head.prompt_tokens or head.completion_tokens):
        return ZERO
    return parse_amount(head.cost.decode("ascii"))
