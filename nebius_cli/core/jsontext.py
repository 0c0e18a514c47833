"""Encodes and decodes JSON, with limits on nesting and size, for requests, answers, files and stdout."""

import json
from collections.abc import Sequence
from typing import Any

_scan = json.JSONDecoder().raw_decode
# `json.dumps` creates an encoder for each call, which takes as long as encoding a short value.
_compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_plain = json.JSONEncoder(ensure_ascii=False).encode

# Limits on decoded values. Objects in memory take up to twenty times the bytes of their JSON, and a value
# nested as deep as the parser allows could not be encoded again.
MAX_DEPTH = 100
MAX_CONTAINERS = 1_000_000
MAX_DIGITS = 4300  # Python's own limit for one integer
MIN_CHECKED_CHARS = 500  # shorter texts, as most events are, have at most 250 levels

_TOO_DEEP = f"nested deeper than the limit of {MAX_DEPTH} levels"


class LimitError(ValueError):
    """The JSON exceeds a limit of nbx or of Python; it may still be valid."""


def object_of(value: Any) -> dict[str, Any]:
    """Return a decoded value if it is an object, and an empty object for anything else."""
    return value if isinstance(value, dict) else {}


def encode(value: Any, *, indent: int | None = None) -> bytes:
    """Return `value` as UTF-8 JSON, compact unless `indent` is given.

    Raises ValueError for values that JSON cannot represent: NaN, infinities (RFC 8259, section 6), dates.
    """
    try:
        if indent is None:
            text = _compact(value)
        else:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8 encoding, but JSON can write it as an escape.
        separators = (",", ":") if indent is None else None
        return json.dumps(value, separators=separators, indent=indent).encode("ascii")


def decode(text: str | bytes | bytearray) -> Any:
    """Parse JSON text. Raises ValueError: a LimitError above MAX_DEPTH, MAX_CONTAINERS or MAX_DIGITS."""
    containers = _count_containers(text) if len(text) > MIN_CHECKED_CHARS else 0
    if containers > MAX_CONTAINERS:
        raise LimitError(f"too large: it has more than {MAX_CONTAINERS:,} lists and objects")
    try:
        value = _parse(text)
    except (RecursionError, ValueError) as error:
        raise limit_or_error(error) from None
    if containers > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise LimitError(_TOO_DEEP)
    return value


def limit_or_error(error: ValueError | RecursionError) -> ValueError:
    """Return an error of Python's parser as a LimitError if a limit caused it, else the error itself."""
    if isinstance(error, RecursionError):
        return LimitError(_TOO_DEEP)
    if "integer string conversion" in str(error):
        return LimitError(f"too large: it has a number of more than {MAX_DIGITS:,} digits")
    return error


def describe_error(error: ValueError) -> str:
    """Return why `decode` raised `error`: "not JSON: ...", or the limit that the JSON exceeds."""
    if isinstance(error, LimitError):
        return str(error)
    if not isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error}"
    what = error.msg.removesuffix(" at")
    return f"not JSON: {what[:1].lower()}{what[1:]} at character {error.pos + 1}"


def _count_containers(text: str | bytes | bytearray) -> int:
    """Return an upper bound of the lists and objects in a text; brackets in strings count too."""
    if isinstance(text, str):
        return text.count("[") + text.count("{")
    return text.count(b"[") + text.count(b"{")


def _parse(text: str | bytes | bytearray) -> Any:
    if isinstance(text, str) and text.startswith("{"):
        # The same as json.loads, without the regular expressions for white space around the value.
        value, end = _scan(text)
        if end == len(text):
            return value
    return json.loads(text)


def _depth(value: Any) -> int:
    """Return the nesting depth of lists and objects in `value`, at most MAX_DEPTH + 1."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            inner
            for container in level
            for inner in (container.values() if isinstance(container, dict) else container)
            if isinstance(inner, (dict, list))
        ]
    return depth


def redact(value: Any, spellings: Sequence[str]) -> Any:
    """Return `value` with *** for each of the `spellings` of a secret, in every string and every name.

    Returns `value` itself if it contains none. Longer spellings must precede shorter ones.
    """
    encoded = _plain(value)
    if any(_plain(spelling)[1:-1] in encoded for spelling in spellings):
        return _redact(value, spellings)
    return value


def _redact(value: Any, spellings: Sequence[str]) -> Any:
    if isinstance(value, str):
        for spelling in spellings:
            value = value.replace(spelling, "***")
        return value
    if isinstance(value, list):
        return [_redact(inner, spellings) for inner in value]
    if isinstance(value, dict):
        return {_redact(name, spellings): _redact(inner, spellings) for name, inner in value.items()}
    return value


def replace_nan(value: Any) -> Any:
    """Return `value` with None for every NaN and infinity, which Python decodes but JSON does not have."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return json.loads(json.dumps(value), parse_constant=lambda _: None)
    return value
