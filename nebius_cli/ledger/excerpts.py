"""The part of a long text that is worth showing: its beginning, or what is around a word."""

import re
import unicodedata
from collections.abc import Sequence

WIDE = ("W", "F")  # what takes two columns of a terminal (Unicode TR 11)


def excerpt(text: str, words: Sequence[str], columns: int) -> str:
    """Return a part of a text on one line, `columns` wide at most, around the first of `words` in it."""
    line = " ".join(text.split())
    if _columns(line) <= columns:
        return line
    places = [match.start() for word in words if (match := re.search(re.escape(word), line, re.IGNORECASE))]
    at = min(places, default=0)
    # A third of the room for what stands before the word.
    start = at if at == 0 else at - len(_cut(line[:at][::-1], columns // 3))
    head = "…" if start else ""
    part = _cut(line[start:], columns - len(head))
    if start + len(part) < len(line):
        part = _cut(part, columns - len(head) - 1) + "…"
    return head + part


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in WIDE else 1 for character in text)


def _cut(text: str, columns: int) -> str:
    """Return as much of the beginning of a text as so many columns hold."""
    for number, character in enumerate(text):
        columns -= 2 if unicodedata.east_asian_width(character) in WIDE else 1
        if columns < 0:
            return text[:number]
    return text
