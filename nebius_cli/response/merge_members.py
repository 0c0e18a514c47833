"""Merges the members of the frames of a stream into one object, and estimates how much memory they take."""

from collections.abc import Mapping
from typing import Any

# Bytes that a piece of an answer takes in memory beside its characters, roughly.
PIECE = 64


def merge_members(whole: dict[str, Any], part: Mapping[str, Any]) -> int:
    """Take the members of one frame into `whole`: lists grow, a null changes nothing, else the last counts.

    That joins log probabilities in both wire shapes (four parallel lists, or one list `content`). Returns
    the bytes of memory that `whole` grew by, roughly.
    """
    grown = 0
    for name, value in part.items():
        if isinstance(value, list):
            before = whole.setdefault(name, [])
            whole[name] = before if isinstance(before, list) else []
            whole[name].extend(value)
            grown += _weight(value)
        elif name not in whole or (value is not None and value != whole[name]):
            grown += put_member(whole, name, value)
    return grown


def put_member(whole: dict[str, Any], name: str, value: Any) -> int:
    """Set a member; return the bytes of memory that `whole` grew by, roughly."""
    before = _weight(whole[name]) if name in whole else -PIECE - len(name)
    whole[name] = value
    return _weight(value) - before


def _weight(value: Any) -> int:
    """Return the bytes that a JSON value takes in memory, roughly; `jsontext` bounds how deep it is."""
    if isinstance(value, str):
        return PIECE + len(value)
    if isinstance(value, list):
        return PIECE + sum(map(_weight, value))
    if isinstance(value, dict):
        return 3 * PIECE + sum(PIECE + len(name) + _weight(inner) for name, inner in value.items())
    return PIECE // 2
