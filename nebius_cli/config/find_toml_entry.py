"""Parses TOML text, finds the lines of an entry, and writes entries."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MAX_VALUE_LINES = 100

_POSITION = r" \(at line (\d+), column (\d+)\)| \(at end of document\)"


class TomlError(ValueError):
    """A text is not valid TOML; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def parse(text: str) -> dict[str, Any]:
    """Parse a TOML text. Raises TomlError."""
    import tomllib  # takes 17 ms; not needed without a config file

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TomlError("nested too deeply", 1, 1) from None
    except ValueError as error:
        message = str(error)
        found = re.search(_POSITION, message)
        last = text.rstrip("\n").split("\n")
        line, column = (
            (int(found[1]), int(found[2])) if found and found[1] else (len(last), len(last[-1]) + 1)
        )
        raise TomlError(re.sub(_POSITION, "", message), line, column) from None


def holds(table: Mapping[str, Any], keys: Sequence[str]) -> bool:
    """Return whether a table has an entry at this path of keys."""
    inner: Any = table
    for key in keys:
        if not isinstance(inner, Mapping) or key not in inner:
            return False
        inner = inner[key]
    return True


def span(text: str, keys: Sequence[str]) -> tuple[int, int]:
    """Return the first and last line, from 1, of an entry in a valid text; for a table, those of its header.

    The text up to the end of any line is valid TOML too, unless that is inside a value. So the entry ends on
    the first line up to which the text is valid and contains the entry.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    low, high = 0, len(lines)
    while high - low > 1:
        middle = (low + high) // 2
        if holds(_up_to(lines, middle)[1], keys):
            high = middle
        else:
            low = middle
    return _up_to(lines, high - 1)[0] + 1, high


def first_lines(text: str) -> dict[tuple[str, ...], int]:
    """Return the first line, from 1, of every entry and table of a valid text, by its path of keys.

    Each line is parsed alone, or together with the other lines of its value. Entries inside and after a value
    of more than MAX_VALUE_LINES lines are left out; `span` finds them.
    """
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    first = 0
    pending: list[str] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        first = first if pending else number
        pending.append(line)
        try:
            parsed = parse("\n".join(pending))
        except TomlError:
            if len(pending) > MAX_VALUE_LINES:
                break
            continue
        header = pending[0].lstrip().startswith("[")
        pending = []
        if header:
            table = next(reversed(list(_paths_in(parsed))), ())
            for end in range(1, len(table) + 1):
                found.setdefault(table[:end], first)
        else:
            for path in _paths_in(parsed):
                found.setdefault(table + path, first)
    return found


def _paths_in(table: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the path of each entry, tables before their entries. A list of tables counts as its first one."""
    for key, value in table.items():
        yield (key,)
        inner = value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else value
        if isinstance(inner, dict):
            for path in _paths_in(inner):
                yield (key, *path)


def _up_to(lines: Sequence[str], end: int) -> tuple[int, dict[str, Any]]:
    """Return how many lines, at most `end`, are valid TOML, and their tables."""
    while True:
        try:
            return end, parse("\n".join(lines[:end]))
        except TomlError:
            end -= 1


def same(one: Any, other: Any) -> bool:
    """Return whether two tables are equal; NaN equals NaN here, and 1 does not equal 1.0."""
    return _canonical(one) == _canonical(other)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


def entry(key: str, value: Any) -> str:
    """Return `key = value` on one line. Raises ValueError for a value that TOML cannot express."""
    import tomli_w  # takes 2.4 ms; only changes of the file need it

    match value:
        # tomli-w spreads these over several lines; in a config file, one line per setting reads better.
        case list():
            return f"{write_key(key)} = [{', '.join(map(write_value, value))}]"
        case dict():
            return f"{write_key(key)} = {{{', '.join(entry(*item) for item in value.items())}}}"
    try:
        text = tomli_w.dumps({key: value})
        text.encode("utf-8")
    except TypeError:
        raise ValueError(
            "TOML has no null" if value is None else f"TOML has no {type(value).__name__}"
        ) from None
    except UnicodeEncodeError:
        raise ValueError("TOML has no lone surrogates") from None
    return text.removesuffix("\n")


def write_key(key: str) -> str:
    """Return a key in TOML syntax, in quotes if it needs them."""
    return entry(key, 0).removesuffix(" = 0")


def write_value(value: Any) -> str:
    """Return a value in TOML syntax, on one line. Raises ValueError for a value that TOML cannot express."""
    return entry("", value).removeprefix('"" = ')
