"""Changes one entry of a TOML text and leaves every other line unchanged, including comments.

There are a few ways to write an entry. Each result is parsed, and the first one with the content of the old
text and exactly this change is used. If there is none, the text is not changed.
"""

import copy
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nebius_cli.config.find_toml_entry import (
    TomlError,
    entry,
    holds,
    parse,
    same,
    span,
    write_key,
    write_value,
)

Keys = Sequence[str]
Ways = Iterator[str | None]


def set_entry(text: str, keys: Keys, value: Any) -> str:
    """Return `text` with an entry added or replaced. Raises ValueError if that is not possible."""
    table = parse(text)
    wanted = _with(table, keys, value)
    return _first(text, _ways_to_put(text, table, keys, value), [wanted])


def put_table(text: str, keys: Keys, entries: Mapping[str, Any]) -> str:
    """Return `text` with a new table at its end. Raises ValueError."""
    wanted = _with(parse(text), keys, dict(entries))
    return _first(text, iter([_with_table(text, keys, entries)]), [wanted])


def remove_entry(text: str, keys: Keys) -> str:
    """Return `text` without an entry that it contains. Raises ValueError if that is not possible."""
    table = parse(text)
    wanted = [copy.deepcopy(table)]
    _delete(wanted[0], keys)
    # Tables that are now empty disappear too, if they have no header of their own.
    for end in range(len(keys) - 1, 0, -1):
        smaller = copy.deepcopy(wanted[-1])
        if _at(smaller, keys[:end]):
            break
        _delete(smaller, keys[:end])
        wanted.append(smaller)
    return _first(text, _ways_to_drop(text, table, keys), wanted)


def drop_empty(text: str, keys: Keys) -> str:
    """Return `text` without this table if it is empty and has no comment, otherwise `text` unchanged."""
    if not holds(parse(text), keys) or _at(parse(text), keys) != {}:
        return text
    lines = _lines(text)
    first, last = span(text, keys)
    inside = itertools.takewhile(lambda line: not line.lstrip().startswith("["), lines[last:])
    about = [*lines[max(first - 2, 0) : last], *inside]
    return text if any("#" in line for line in about) else remove_entry(text, keys)


def _first(text: str, ways: Ways, wanted: Sequence[Any]) -> str:
    for way in ways:
        if way is None:
            continue
        result = way if way.endswith("\n") or not way else way + "\n"
        try:
            found = parse(result)
        except TomlError:
            continue
        if any(same(found, one) for one in wanted):
            return _with_endings(text, result.replace("\r\n", "\n"))
    raise ValueError("nbx cannot edit an entry in this form")


def _with_endings(old: str, new: str) -> str:
    """Return `new` with the line endings of `old`; a new line ends like the line that it replaces."""
    if "\r\n" not in old:
        return new
    from difflib import SequenceMatcher  # imported only for a file with such line endings

    before, after = old.split("\n"), new.split("\n")
    # What follows the last line feed has no ending, but needs one if lines are added after it.
    ended = [line.endswith("\r") for line in before[:-1]]
    ended.append(ended[-1])
    matcher = SequenceMatcher(None, [line.removesuffix("\r") for line in before], after, autojunk=False)
    lines = []
    for _, first, last, start, end in matcher.get_opcodes():
        for number in range(start, end):
            index = min(first + number - start, last - 1) if last > first else max(first - 1, 0)
            lines.append(after[number] + ("\r" if ended[index] else ""))
    return "\n".join(lines).removesuffix("\r")


def _ways_to_put(text: str, table: Mapping[str, Any], keys: Keys, value: Any) -> Ways:
    parent = keys[:-1]
    new = entry(keys[-1], value)
    yield from _within(text, table, keys, _with(table, keys, value))
    if holds(table, keys):
        shorter, rest = _dropped(text, table, keys)
        if not holds(rest, keys):
            yield from _ways_to_put(shorter, rest, keys, value)
    elif holds(table, parent):
        yield _inserted(text, table, parent, new)
        yield _inserted(text, table, parent, ".".join(map(write_key, parent)) + "." + new)
    else:
        yield _with_table(text, parent, {keys[-1]: value})


def _ways_to_drop(text: str, table: Mapping[str, Any], keys: Keys) -> Ways:
    yield _dropped(text, table, keys)[0]
    wanted = copy.deepcopy(dict(table))
    _delete(wanted, keys)
    yield from _within(text, table, keys[:-1], wanted)


def _within(text: str, table: Mapping[str, Any], keys: Keys, wanted: Mapping[str, Any]) -> Ways:
    """Yield `text` with the entry, or one that contains it, rewritten; inline tables need this."""
    for end in range(len(keys), 0, -1):
        if holds(table, keys[:end]):
            yield _replaced(text, keys[:end], _at(wanted, keys[:end]))


def _replaced(text: str, keys: Keys, value: Any) -> str | None:
    """Return `text` with a new value in the lines of an entry, None for a table with a header."""
    lines = _lines(text)
    first, last = span(text, keys)
    old = "\n".join(lines[first - 1 : last])
    equals = next((i for i in _positions(old, "=") if _is_valid(old[:i] + "= 0")), None)
    if equals is None:
        return None  # a table with a header
    parsed = parse(old)
    comment = next(
        (i for i in _positions(old, "#") if _is_valid(old[:i]) and same(parse(old[:i]), parsed)), len(old)
    )
    after = old[equals + 1 :]
    space = after[: len(after) - len(after.lstrip(" \t"))]
    tail = old[len(old[:comment].rstrip(" \t\n")) :].rstrip(" \t")
    return "\n".join(
        [*lines[: first - 1], old[: equals + 1] + space + write_value(value) + tail, *lines[last:]]
    )


def _inserted(text: str, table: Mapping[str, Any], parent: Keys, new: str) -> str:
    """Return `text` with an entry below the last one of its table."""
    lines = _lines(text)
    inner = _at(table, parent)
    plain = [key for key, value in inner.items() if not isinstance(value, dict)]
    if plain:
        first, last = span(text, (*parent, plain[-1]))
        line = lines[first - 1]
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        return "\n".join([*lines[:last], indent + new, *lines[last:]])
    if parent:
        last = span(text, parent)[1]
        return "\n".join([*lines[:last], new, *lines[last:]])
    if not inner:
        return text.rstrip() + "\n" * bool(text.strip()) + new
    last = _end_of_opening(lines)
    return "\n".join([*lines[:last], new, "", *lines[last:]])


def _end_of_opening(lines: Sequence[str]) -> int:
    """Return the number of lines of the file's opening comment, 0 if it belongs to the lines below it."""
    end = 0
    while lines[end].startswith("#"):
        end += 1
    return end + 1 if end and not lines[end].strip() else 0


def _with_table(text: str, keys: Keys, entries: Mapping[str, Any]) -> str:
    head = text.rstrip() + "\n\n" if text.strip() else ""
    written = [entry(key, value) for key, value in entries.items()]
    return head + "\n".join([f"[{'.'.join(map(write_key, keys))}]", *written])


def _dropped(text: str, table: Mapping[str, Any], keys: Keys) -> tuple[str, dict[str, Any]]:
    """Return `text` without the lines of an entry, and its tables; unchanged if the result is not valid."""
    lines = _lines(text)
    removed: set[int] = set()
    for path in _paths(_at(table, keys), keys):
        first, last = span(text, path)
        removed.update(range(first - 1, last))
    # Comments and blank lines between two entries of a table are removed too; those around the table stay.
    for before, after in itertools.pairwise(sorted(removed)):
        between = range(before + 1, after)
        if not any(lines[number].strip().partition("#")[0] for number in between):
            removed.update(between)
    kept = [line for number, line in enumerate(lines) if number not in removed]
    at = min(removed)
    if at < len(kept) and not kept[at].strip() and (at == 0 or not kept[at - 1].strip()):
        del kept[at]
    shorter = "\n".join(kept)
    try:
        return shorter, parse(shorter)
    except TomlError:
        return text, dict(table)


def _paths(value: Any, keys: Keys) -> Iterator[Keys]:
    yield keys
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*keys, key))


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def _positions(text: str, character: str) -> Iterator[int]:
    return (position for position, found in enumerate(text) if found == character)


def _is_valid(text: str) -> bool:
    try:
        parse(text)
    except TomlError:
        return False
    return True


def _at(table: Mapping[str, Any], keys: Keys) -> Any:
    inner: Any = table
    for key in keys:
        inner = inner[key]
    return inner


def _with(table: Mapping[str, Any], keys: Keys, value: Any) -> dict[str, Any]:
    wanted = copy.deepcopy(dict(table))
    inner = wanted
    for key in keys[:-1]:
        inner = inner.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ValueError(f"{key} is not a table")  # noqa: TRY004 - the text is wrong, not a type
    inner[keys[-1]] = value
    return wanted


def _delete(table: dict[str, Any], keys: Keys) -> None:
    del _at(table, keys[:-1])[keys[-1]]
