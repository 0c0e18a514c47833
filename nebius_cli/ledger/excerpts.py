"""Cuts excerpts out of long texts: the beginning, or the part around a word that was searched for."""

import re
import unicodedata
from collections.abc import Sequence

WIDE = ("W", "F")  # East Asian widths of two columns (Unicode TR 11)


def excerpt(text: str, words: Sequence[str], columns: int) -> str:
    """Return part of a text on one line, at most `columns` wide, around the first match of `words`."""
    line = " ".join(text.split())
    if _cut(line, columns) == line:
        return line
    starts = [match.start() for word in words if (match := re.search(re.escape(word), line, re.IGNORECASE))]
    at = min(starts, default=0)
    # A third of the width is for the text before the word.
    start = at if at == 0 else at - len(_cut(line[:at][::-1], columns // 3))
    head = "…" if start else ""
    part = _cut(line[start:], columns - len(head))
    if start + len(part) < len(line):
        part = _cut(part, columns - len(head) - 1) + "…"
    return head + part


def _cut(text: str, columns: int) -> str:
    """Return the beginning of a text that fits in this many columns."""
    for number, character in enumerate(text):
        columns -= 2 if unicodedata.east_asian_width(character) in WIDE else 1
        if columns < 0:
            return text[:number]
    return text
