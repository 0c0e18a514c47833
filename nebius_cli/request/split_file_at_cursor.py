"""Splits a text at a position in the notation of editors and compilers, `FILE:LINE:COL`."""

import re
from typing import NamedTuple

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.request.read_prompt import source_name

_CURSOR = r"(?s)(.+?):([0-9]{1,9})(?::([0-9]{1,9}))?"

_WRONG_COLUMN = r"(?s).+:[0-9]{1,9}:([^:]*[^:0-9][^:]*)"
EXAMPLE = "for example app.py:12:5"


class Cursor(NamedTuple):
    """A position in a file. `line` and `column` count from 1."""

    file: str
    line: int
    column: int


def parse(text: str) -> Cursor:
    """Parse `FILE:LINE` or `FILE:LINE:COL`; without COL, the cursor is at the start of the line.

    Raises UsageError.
    """
    match = re.fullmatch(_CURSOR, text)
    if match is None:
        if (wrong := re.fullmatch(_WRONG_COLUMN, text)) is not None:
            raise UsageError(f"--infill {text}", f"COL must be a number: {wrong[1]!r}", EXAMPLE)
        raise UsageError(f"--infill {text}", "the format is FILE:LINE or FILE:LINE:COL", EXAMPLE)
    file, line, column = match.group(1), int(match.group(2)), int(match.group(3) or 1)
    if not (line and column):
        raise UsageError(f"--infill {text}", "LINE and COL count from 1")
    return Cursor(file, line, column)


def split(text: str, cursor: Cursor) -> tuple[str, str]:
    """Return the text before and after the cursor. Raises UsageError if the text has no such position.

    Lines end with LF or CRLF. Columns count characters; the column after the last character is the end of
    the line.
    """
    lines = text.split("\n")
    name = source_name(cursor.file)
    if cursor.line > len(lines):
        raise UsageError(f"{name} has no line {cursor.line}", f"its last line is {len(lines)}")
    width = len(lines[cursor.line - 1].removesuffix("\r"))
    if cursor.column > width + 1:
        raise UsageError(
            f"line {cursor.line} of {name} has no column {cursor.column}", f"it ends at column {width + 1}"
        )
    at = sum(len(line) + 1 for line in lines[: cursor.line - 1]) + cursor.column - 1
    return text[:at], text[at:]
