"""Adapts a hint to a command, so that it suggests only flags that the command has.

A hint consists of clauses, joined by "; ". Code that several commands share names every possible remedy, each
in a clause of its own; nbx shows the clauses that apply to the command that failed.
"""

import re
from collections.abc import Collection, Iterator

_QUOTED = r"""\$'(?:[^'\\]|\\.)*'|(?<!\w)'[^']*'|"[^"]*\""""
_END = re.compile(rf"{_QUOTED}|(; )")
# Quoted text and command lines: their flags are not flags of the command that failed.
_FOREIGN = re.compile(rf"{_QUOTED}|\b(?:nbx|pip|iconv|zstd|jq) .*", re.DOTALL)
_BASE_URL = re.compile(r"(?<=\bcheck )base_url\b|(?<=\bin )base_url\b")
_FLAG = re.compile(r"(?<![\w-])--[a-z](?:[a-z-]*[a-z])?")


def without_unknown_flags(hint: str, flags: Collection[str]) -> str:
    """Return the clauses of `hint` that name only flags in `flags`."""
    return "; ".join(clause for clause in clauses(hint) if flags_in(clause) <= set(flags))


def with_base_url_flag(hint: str) -> str:
    """Return a hint that names the flag --base-url where it names the setting."""
    return _BASE_URL.sub("--base-url", hint)


def clauses(hint: str) -> Iterator[str]:
    """Yield the clauses of a hint; quoted text is never split."""
    start = 0
    for found in _END.finditer(hint):
        if found[1]:
            yield hint[start : found.start()]
            start = found.end()
    yield hint[start:]


def flags_in(clause: str) -> set[str]:
    """Return the long flags that a clause suggests for the command itself."""
    return set(_FLAG.findall(_FOREIGN.sub("", clause)))
