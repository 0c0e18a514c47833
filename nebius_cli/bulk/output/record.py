"""One row's result as a line of JSON: written, and its head read back without a parse of the response.

A record's members are always in this order: id, index, body_hash, attempts, latency_s, usage, error,
prompt, response. What a scan needs stands first, so one regular expression reads it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from nebius_cli.bulk.input.row_reader import BadRow, Row
from nebius_cli.core import jsontext
from nebius_cli.core.digest_set import digest
from nebius_cli.core.errors import ExitCode, NbxError, StatusError
from nebius_cli.core.money import exact, parse_amount
from nebius_cli.request.field_table import BY_NAME


@dataclass(slots=True)
class Result:
    """What became of one row over all its attempts.

    `usage` holds prompt_tokens and completion_tokens (int or None) and cost (USD as text, or None); it is
    None where the first row of the group has it. `response` is the API's object for this row, or the
    server's own bytes, already parsed once, where its whole answer is this row's; None on failure.
    """

    row: Row
    attempts: int
    latency_s: float
    usage: dict[str, Any] | None
    error: NbxError | None
    response: dict[str, Any] | bytes | None


class Head(NamedTuple):
    """What a scan takes from a record. `id` is JSON, spelt as `id_bytes` spells it; absent counts are 0."""

    id: bytes
    row_index: int
    body_hash: bytes
    prompt_tokens: int
    completion_tokens: int
    cost: bytes
    ok: bool

    @property
    def key(self) -> int:
        """The digest of the row and its body."""
        return digest(self.id + self.body_hash)

    @property
    def row_key(self) -> int:
        """The digest of the row, whatever its body."""
        return digest(self.id)


_AFTER_HEAD_ID = (
    rb',"index":(\d+),"body_hash":"([0-9a-f]*)","attempts":\d+,'
    rb'"latency_s":[\d.]+,"usage":(?:null|\{"prompt_tokens":(?:(\d+)|null),"completion_tokens":(?:(\d+)|null),'
    rb'"cost":(?:null|"([\d.E+-]+)")\}),"error":(?:(null)|\{)'
)
_HEAD = re.compile(rb'\{"id":(-?\d+|"[^"\\]*(?:\\.[^"\\]*)*")' + _AFTER_HEAD_ID)
_LINE = re.compile(rb'^\{"id":(-?\d+|"[^"\\]*")' + _AFTER_HEAD_ID + rb".*\}\n", re.MULTILINE)
# The same, cut anywhere: what a kill leaves of a file's only line.
_CUT_HEAD = re.compile(rb'\{"id":(?:-?\d+|-|"[^"\\]*(?:\\.[^"\\]*)*(?:\\|"?))(.*)', re.DOTALL)
_TOKENS = ("prompt_tokens", "completion_tokens")
_STEM, _AFTER_ID = b'{"id":', b',"index":'

# What a Head holds; of plain records as it stands there, and empty where it does not.
HeadLike = tuple[bytes, bytes | int, bytes, bytes | int, bytes | int, bytes, bytes | bool]

_Encode = Callable[[Any], str]
_TEXT: _Encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_ESCAPED: _Encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def encode(result: Result, *, with_prompt: bool) -> bytes:
    """Return the record of a result: one line of JSON with its newline."""
    try:
        text = _before_response(result, _TEXT, with_prompt=with_prompt).encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate, which JSON can carry as an escape only
        text = _before_response(result, _ESCAPED, with_prompt=with_prompt).encode("ascii")
    return b"%b%b}\n" % (text, _response(result.response))


def encode_bad(bad: BadRow) -> bytes:
    """Return the record of a row that could not be sent."""
    error = {"exit": int(ExitCode.BAD_INPUT), "status": None, "message": bad.why, "line": bad.line}
    head = {"id": bad.index, "index": bad.index, "body_hash": "", "attempts": 0, "latency_s": 0.0}
    return jsontext.encode({**head, "usage": None, "error": error, "response": None}) + b"\n"


def failed_line(row: Row, error: NbxError, defaults: Mapping[str, Any]) -> bytes:
    """Return a line that is an input row again: id, prompt, the fields that differ from `defaults`, error.

    `defaults` is what a row that sets nothing sends, less its prompt: fields and engine parameters.
    """
    body = json.loads(row.body) | dict(parse_qsl(row.query))
    own = {name: body[name] for name in body if name != "prompt" and defaults.get(name, body) != body[name]}
    fields = {name: value for name, value in own.items() if name in BY_NAME}
    params = {name: value for name, value in own.items() if name not in BY_NAME}
    line = {"id": row.id, "prompt": row.prompt, **fields, **({"params": params} if params else {})}
    return jsontext.encode({**line, "error": _error(error)}) + b"\n"


def id_bytes(row_id: str | int) -> bytes:
    """Return a row's id as JSON."""
    if isinstance(row_id, int):
        return b"%d" % row_id
    try:
        return _TEXT(row_id).encode("utf-8")
    except UnicodeEncodeError:
        return jsontext.encode(row_id)


def own_id(raw: object) -> str | int | None:
    """Return the id that a row of an input has by itself, in whatever form it came from its file."""
    if isinstance(raw, bytes):
        try:
            raw = jsontext.decode(raw)
        except ValueError:
            return None
    if not isinstance(raw, Mapping):
        return None
    own = raw.get("id", raw.get("custom_id"))
    return own if own != "" and type(own) in (int, str) else None


def key_of(row: Row) -> int:
    """Return the digest of a row and its body, the same as that of its record's head."""
    return digest(id_bytes(row.id) + row.body_hash.encode("ascii"))


def row_key(row_id: str | int) -> int:
    """Return the digest of a row's id, the same as that of its record's head."""
    return digest(id_bytes(row_id))


def scan_head(line: bytes) -> Head | None:
    """Return the head of a record, None for JSON that is none. Raises ValueError for what is no JSON."""
    match = _HEAD.match(line)
    if match is None or not line.endswith((b"}\n", b"}")) or b"\0" in line:
        return _parsed_head(line)  # another tool was here, or the disk lost a page
    raw, index, body_hash, asked, answered, cost, fine = match.groups()
    if b"\\" in raw:
        raw = jsontext.encode(json.loads(raw))
    return Head(
        raw,
        int(index),
        body_hash,
        int(asked or 0),
        int(answered or 0),
        cost or b"",
        fine is not None,
    )


def scan_heads(block: bytes) -> Sequence[HeadLike] | None:
    """Return the heads of all records in a block of whole lines, None where one needs a closer look."""
    heads: list[HeadLike] = _LINE.findall(block)
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
    prompt = f'"prompt":{encode(row.prompt)},' if with_prompt else ""
    return (
        f'{{"id":{encode(row.id)},"index":{row.index},"body_hash":"{row.body_hash}",'
        f'"attempts":{result.attempts},"latency_s":{result.latency_s:.3f},"usage":{_usage(result.usage)},"error":{error},'
        f'{prompt}"response":'
    )


def _usage(usage: dict[str, Any] | None) -> str:
    if usage is None:
        return "null"
    asked, answered = ("null" if (n := usage[name]) is None else n for name in _TOKENS)
    cost = "null" if usage["cost"] is None else f'"{usage["cost"]}"'
    return f'{{"prompt_tokens":{asked},"completion_tokens":{answered},"cost":{cost}}}'


def _response(response: dict[str, Any] | bytes | None) -> bytes:
    if response is None:
        return b"null"
    if isinstance(response, bytes):
        if _is_plain(response):
            return response
        response = json.loads(response)
    try:
        return jsontext.encode(response)
    except ValueError:  # NaN from a server that is not strict; null is what JSON has for "no number"
        return jsontext.encode(jsontext.replace_nan(response))


def _is_plain(body: bytes) -> bool:
    """Return whether parsed JSON may stand in a line as it is; a needless no costs time and nothing else."""
    # NUL: it is UTF-16, which the parser takes too, as it takes surrogates and a byte order mark.
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
    return {"exit": int(error.code), "status": status or None, "message": error.line}


def _parsed_head(line: bytes) -> Head | None:
    record = jsontext.decode(line)
    if not isinstance(record, dict) or not {"id", "index", "body_hash", "error"} <= record.keys():
        return None
    row_id, index, body_hash = record["id"], record["index"], record["body_hash"]
    if (
        type(row_id) not in (int, str)
        or type(index) is not int
        or index < 0
        or not isinstance(body_hash, str)
    ):
        return None
    usage = record.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    asked, answered = (_count(usage.get(name)) for name in _TOKENS)
    cost = parse_amount(usage.get("cost"))
    return Head(
        id_bytes(row_id),
        index,
        body_hash.encode("utf-8", "replace"),
        asked,
        answered,
        b"" if cost is None else exact(cost).encode("ascii"),
        record["error"] is None,
    )


def _count(value: Any) -> int:
    return value if type(value) is int and value > 0 else 0
