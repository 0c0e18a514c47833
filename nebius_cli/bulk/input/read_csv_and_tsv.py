"""Reads CSV and TSV tables, also with the empty rows, unnamed columns and `sep=;` lines of spreadsheets."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from nebius_cli.bulk.input.parse_row import DecimalCommaRow, RawRow, UnreadableRow
from nebius_cli.bulk.input.text_lines import TextLines, text_of
from nebius_cli.core.errors_and_exit_codes import BadInputError
from nebius_cli.core.short_text import counted

MAX_CELL_CHARS = 16 << 20  # the module csv needs four bytes for each
DELIMITERS = {"csv": ",", "tsv": "\t"}

_SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n])"?\r?\n')  # Excel reads and writes it before the header


class DelimitedTable:
    """A CSV or TSV table: a header, then rows. Quoted cells may contain newlines.

    Columns without a name are left out. Raises BadInputError if there is no header, or if it has a duplicate
    of a column that `needs` accepts.
    """

    def __init__(self, content: TextLines, name: str, format_: str, needs: Callable[[str], bool]) -> None:
        csv.field_size_limit(MAX_CELL_CHARS)
        self._content = content
        self._name = name
        self._unreadable: UnreadableRow | None = None  # in the record being read
        texts = self._texts()
        first = next(texts, "")
        separator = _SEPARATOR_LINE.fullmatch(first)
        delimiter = separator[1] if separator else DELIMITERS[format_]
        self._lines_before = 1 if separator else 0
        self._reader = csv.reader(
            texts if separator else chain([first] if first else [], texts), delimiter=delimiter, strict=True
        )
        self._row: Callable[[Any], dict[str, Any]] = dict if delimiter == "," else DecimalCommaRow
        self._records = self._read()
        _, header = next(self._records, (1, UnreadableRow("the file is empty")))
        if isinstance(header, UnreadableRow):
            only_cr = "new-line character" in header.why
            why = "its lines end with CR, not LF or CRLF" if only_cr else header.why
            raise BadInputError(f"{name} has no header row", why)
        self._header = header
        for column, count in Counter(header).items():
            if count > 1 and column and needs(column):
                raise BadInputError(f"{name} has two columns named {column!r}", "column names must be unique")
        self.columns = tuple(filter(None, header))

    def rows(self) -> Iterator[RawRow]:
        """Yield each row as a dict of its columns; rows of several empty cells are skipped."""
        header, width = self._header, len(self._header)
        all_named = len(self.columns) == width
        for line, cells in self._records:
            if isinstance(cells, UnreadableRow):
                yield line, cells
            elif len(cells) > 1 and not any(cells):
                continue
            elif len(cells) < width or any(cells[width:]):
                yield line, UnreadableRow(f"{counted(len(cells), 'cell')}, but {width} in the header")
            else:
                row = self._row(zip(header, cells, strict=False))
                if not all_named:
                    row.pop("", None)
                yield line, row

    def _texts(self) -> Iterator[str]:
        for _, line in self._content.numbered():
            text = text_of(line)
            if isinstance(text, UnreadableRow):
                self._unreadable = text
                # The valid part still shows where the cells end.
                text = line.decode("utf-8", "replace") if isinstance(line, bytes) else ""
            yield text + "\n"

    def _read(self) -> Iterator[tuple[int, list[str] | UnreadableRow]]:
        while True:
            line = self._reader.line_num + 1 + self._lines_before
            if self._reader.line_num:  # the first line was read before
                self._unreadable = None
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, self._not_csv(line, str(error))
                continue
            if self._unreadable or cells:
                yield line, self._unreadable or cells

    def _not_csv(self, line: int, why: str) -> UnreadableRow:
        if "field limit" in why:
            # The rest is part of a quoted text, so it contains no rows.
            limit = f"{MAX_CELL_CHARS >> 20} Mi characters"
            what = f"{self._name}, line {line}: a cell is longer than the limit of {limit}"
            raise BadInputError(what, "perhaps a quote is not closed")
        if why == "unexpected end of data":
            why = "a quote is not closed"
        return self._unreadable or UnreadableRow(f"not CSV: {why.partition(' - ')[0]}")
