"""Merges the members of the frames of a stream into one object, and estimates how much memory they take."""

from collections.abc import Mapping
from typing import Any

# Bytes that a piece of an answer takes in memory in addition to its characters, roughly.
OBJECT_BYTES = 64


def merge_members(target: dict[str, Any], part: Mapping[str, Any]) -> int:
    """Merge the members of one frame into `target`: append lists, ignore null, else replace the value.

    This joins log probabilities in both wire formats (four parallel lists, or one list `content`). Returns
    by roughly how many bytes of memory `target` grew.
    """
    grown = 0
    for name, value in part.items():
        if isinstance(value, list):
            before = target.setdefault(name, [])
            target[name] = before if isinstance(before, list) else []
            target[name].extend(value)
            grown += _weight(value)
        elif name not in target or (value is not None and value != target[name]):
            grown += put_member(target, name, value)
    return grown


def put_member(target: dict[str, Any], name: str, value: Any) -> int:
    """Set a member; return by roughly how many bytes of memory `target` grew."""
    before = _weight(target[name]) if name in target else -OBJECT_BYTES - len(name)
    target[name] = value
    return _weight(value) - before


def _weight(value: Any) -> int:
    """Return roughly how many bytes a JSON value takes in memory; `jsontext` limits how deep it is."""
    if isinstance(value, str):
        return OBJECT_BYTES + len(value)
    if isinstance(value, list):
        return OBJECT_BYTES + sum(map(_weight, value))
    if isinstance(value, dict):
        return 3 * OBJECT_BYTES + sum(
            OBJECT_BYTES + len(name) + _weight(inner) for name, inner in value.items()
        )
    return OBJECT_BYTES // 2
