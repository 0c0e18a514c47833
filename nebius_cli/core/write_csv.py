"""Formats lines of CSV (RFC 4180) or TSV, which end with a line feed, as Unix tools expect.

Cells are unchanged by default. A spreadsheet runs a text that begins with one of FORMULA_STARTS as a formula,
even if a model wrote it. With `escape_formulas`, an apostrophe before such a text prevents this.
"""

from collections.abc import Iterable

# As OWASP lists them ("CSV Injection"), with their full-width forms, which spreadsheets accept as well.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_QUOTED = ('"', "\r", "\n")


def csv_line(cells: Iterable[object], *, separator: str = ",", escape_formulas: bool = False) -> str:
    """Return one line. None becomes an empty cell. Only texts can be formulas."""
    quoted = (separator, *_QUOTED)
    return separator.join(_cell(cell, quoted, escape_formulas=escape_formulas) for cell in cells) + "\n"


def _cell(value: object, quoted: Iterable[str], *, escape_formulas: bool) -> str:
    text = "" if value is None else str(value)
    if escape_formulas and isinstance(value, str) and text.startswith(FORMULA_STARTS):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in quoted) else text
