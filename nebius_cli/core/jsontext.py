"""JSON as this program writes and reads it, on the wire and on stdout."""

import json
from typing import Any

_scan = json.JSONDecoder().raw_decode

# What is nested deeper than this, or holds more lists and objects, is not read: a few bytes of JSON can make
# objects of twenty times their size, and what the parser can just hold nobody could write again.
MAX_DEPTH = 100
MAX_CONTAINERS = 1_000_000
MIN_CHECKED_CHARS = 500  # characters; what is shorter, as most events are, is nested 250 deep at the most


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


def decode(text: str | bytes | bytearray) -> Any:
    """Parse JSON text. Raises ValueError, also for more, or deeper nested, lists and objects than is sane."""
    containers = _count_containers(text) if len(text) > MIN_CHECKED_CHARS else 0
    if containers > MAX_CONTAINERS:
        raise ValueError(f"it holds more than {MAX_CONTAINERS} lists and objects")
    try:
        value = _parse(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if containers > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise ValueError("nested too deeply")
    return value


def describe_error(error: ValueError) -> str:
    """Return what `decode` found wrong, without the three places that Python names."""
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    what = error.msg.removesuffix(" at")
    return f"{what[:1].lower()}{what[1:]} at character {error.pos + 1}"


def _count_containers(text: str | bytes | bytearray) -> int:
    """Return how many lists and objects begin in a text, or more: some may be inside strings."""
    if isinstance(text, str):
        return text.count("[") + text.count("{")
    return text.count(b"[") + text.count(b"{")


def _parse(text: str | bytes | bytearray) -> Any:
    if isinstance(text, str) and text.startswith("{"):
        # What json.loads does, without its search for white space around each event of a stream.
        value, end = _scan(text)
        if end == len(text):
            return value
    return json.loads(text)


def _depth(value: Any) -> int:
    """Return how deep the lists and objects in `value` are nested, as far as it matters."""
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


def redact(value: Any, secret: str) -> Any:
    """Return `value` with *** for `secret` in each of its texts; itself where none holds it."""
    encoded, encoded_secret = (
        json.dumps(value, ensure_ascii=False),
        json.dumps(secret, ensure_ascii=False)[1:-1],
    )
    return _redact(value, secret) if encoded_secret in encoded else value


def _redact(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace(secret, "***")
    if isinstance(value, list):
        return [_redact(inner, secret) for inner in value]
    if isinstance(value, dict):
        return {_redact(name, secret): _redact(inner, secret) for name, inner in value.items()}
    return value


def replace_nan(value: Any) -> Any:
    """Return `value` with null for each NaN and infinity, which Python reads and JSON does not have."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return json.loads(json.dumps(value), parse_constant=lambda _: None)
    return value
