"""Lines of CSV (RFC 4180) or TSV for every export: a line feed ends each line, as Unix tools expect.

Cells are exact. A spreadsheet takes a text that begins with one of FORMULA_STARTS for a formula, and runs it,
whoever wrote it. With `escape_formulas`, an apostrophe before such a text keeps it a text.
"""

from collections.abc import Iterable

# As OWASP lists them ("CSV Injection"), with their full-width forms, which spreadsheets take as well.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_QUOTED = ('"', "\r", "\n")


def csv_line(cells: Iterable[object], *, separator: str = ",", escape_formulas: bool = False) -> str:
    """Return one line. None is an empty cell; of other values, only texts can be formulas."""
    quoted = (separator, *_QUOTED)
    return separator.join(_cell(cell, quoted, escape_formulas=escape_formulas) for cell in cells) + "\n"


def _cell(value: object, quoted: Iterable[str], *, escape_formulas: bool) -> str:
    text = "" if value is None else str(value)
    if escape_formulas and isinstance(value, str) and text.startswith(FORMULA_STARTS):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in quoted) else text
