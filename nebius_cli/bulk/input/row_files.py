"""Opens an input file of any format and streams its rows."""

import csv
from collections.abc import Callable, Iterable, Iterator
from typing import Self

from nebius_cli.bulk.input.byte_source import MAX_LINE_BYTES, ByteSource, blocks, lines
from nebius_cli.bulk.input.formats import format_of
from nebius_cli.bulk.input.parquet import ParquetTable
from nebius_cli.bulk.input.row_forms import RawRow, UnreadableRow
from nebius_cli.bulk.input.row_hints import not_utf8
from nebius_cli.core.errors import BadInputError, UsageError
from nebius_cli.request.prompt import DecodeOptions
from nebius_cli.system.streams import Readable

MAX_CELL_CHARS = 16 << 20  # csv needs four bytes for each

_DELIMITERS = {"csv": ",", "tsv": "\t"}
_TOO_LONG = UnreadableRow(f"longer than {MAX_LINE_BYTES >> 20} MiB")


class RowFile:
    """An open input. Iterate once over its rows; each comes with the number of its first line, from 1.

    `size`, in bytes, is None if unknown; `position` is how many were read. `seekable` tells whether the
    file can be opened and read again. `columns` is empty except for tables.
    """

    def __init__(
        self,
        format_: str,
        source: ByteSource,
        rows: Iterator[RawRow],
        columns: tuple[str, ...],
        position: Callable[[], int],
        close: Callable[[], None],
    ) -> None:
        self.format = format_
        self.name = source.name
        self.seekable = source.regular
        self.size = source.size
        self.columns = columns
        self._source = source
        self._rows = rows
        self._position = position
        self._close = close

    @property
    def position(self) -> int:
        """The number of bytes read; for a compressed file, including bytes read ahead."""
        return self._position()

    @property
    def version(self) -> tuple[int, ...]:
        """A value that changes when the file is replaced or written to."""
        return self._source.version

    def __iter__(self) -> Iterator[RawRow]:
        return self._rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._close()


def open_rows(
    path: str,
    format_flag: str | None,
    *,
    nul: bool,
    reading: DecodeOptions,
    stdin: Readable | None,
    needs: Callable[[str], bool] = lambda _: True,
) -> RowFile:
    """Open an input. `format_flag` is the format, None to tell it by the name.

    A row is its bytes in JSONL, a str in plain text, a dict in a table, and an UnreadableRow if it cannot be
    read. Blank lines of JSONL and of tables are skipped. Of a Parquet file only the columns that `needs`
    accepts are read. Raises UsageError, ConfigError for a missing
    package, and BadInputError, which iterating raises too.
    """
    format_, compression = format_of(path, format_flag)
    if nul and format_ != "text":
        raise UsageError(f"-0 with {format_} input", "NUL separates plain prompts", "set --format text")
    if format_ == "parquet" and path == "-":
        raise UsageError("parquet on stdin", "its index is at the end of the file", "save it to a file first")
    source = ByteSource(path, stdin)
    try:
        if format_ == "parquet":
            return _parquet(source, needs)
        content = _Lines(lines(blocks(source, compression, reading), b"\0" if nul else b"\n"), nul=nul)
        columns: tuple[str, ...] = ()
        if format_ in _DELIMITERS:
            table = _Table(content, source.name, _DELIMITERS[format_])
            columns, rows = table.columns, table.rows()
        else:
            rows = content.texts() if format_ == "text" else content.json()
    except BaseException:
        source.close()
        raise
    exact = not compression and reading == DecodeOptions()

    def position() -> int:
        return min(content.offset, source.position) if exact else source.position

    return RowFile(format_, source, rows, columns, position, source.close)


def _parquet(source: ByteSource, needs: Callable[[str], bool]) -> RowFile:
    source.close()  # pyarrow opens the file itself
    table = ParquetTable(source.name)
    size = source.size or 0

    def position() -> int:
        return size * table.done // table.count if table.count else size

    return RowFile("parquet", source, table.rows(needs), table.columns, position, table.close)


class _Lines:
    """Turns lines into rows. `offset` is where the next line begins, in bytes."""

    def __init__(self, content: Iterable[bytes | int], *, nul: bool) -> None:
        self.offset = 0
        self._content = content
        self._nul = nul

    def numbered(self) -> Iterator[tuple[int, bytes | UnreadableRow]]:
        """Yield each line with its number; one that is too long is an UnreadableRow."""
        for number, line in enumerate(self._content, 1):
            self.offset += 1 + (line if isinstance(line, int) else len(line))
            yield number, _TOO_LONG if isinstance(line, int) else line

    def json(self) -> Iterator[RawRow]:
        """Yield each line that is not blank, undecoded."""
        for number, line in self.numbered():
            if line and not (isinstance(line, bytes) and line.isspace()):
                yield number, line

    def texts(self) -> Iterator[RawRow]:
        """Yield each line as a str."""
        for number, line in self.numbered():
            text = _text_of(line)
            yield number, text.removesuffix("\r") if isinstance(text, str) and not self._nul else text


class _Table:
    """A CSV or TSV table: a header, then rows. Quoted cells may contain newlines."""

    def __init__(self, content: _Lines, name: str, delimiter: str) -> None:
        csv.field_size_limit(MAX_CELL_CHARS)
        self._content = content
        self._name = name
        self._unreadable: UnreadableRow | None = None  # in the record being read
        self._reader = csv.reader(self._texts(), delimiter=delimiter, strict=True)
        self._records = self._read()
        _, header = next(self._records, (1, UnreadableRow("the file is empty")))
        if isinstance(header, UnreadableRow):
            raise BadInputError(f"{name} has no header row", header.why)
        for column in header:
            if header.count(column) > 1:
                raise BadInputError(f"{name} has two columns {column!r}", "column names must be unique")
        self.columns = tuple(header)

    def rows(self) -> Iterator[RawRow]:
        """Yield each row as a dict of its columns."""
        columns = self.columns
        for line, cells in self._records:
            if isinstance(cells, UnreadableRow):
                yield line, cells
            elif len(cells) == len(columns):
                yield line, dict(zip(columns, cells, strict=True))
            else:
                yield line, UnreadableRow(f"{len(cells)} cells, but {len(columns)} in the header")

    def _texts(self) -> Iterator[str]:
        for _, line in self._content.numbered():
            text = _text_of(line)
            if isinstance(text, UnreadableRow):
                self._unreadable = text
                # The legible part still shows where the cells end.
                text = line.decode("utf-8", "replace") if isinstance(line, bytes) else ""
            yield text + "\n"

    def _read(self) -> Iterator[tuple[int, list[str] | UnreadableRow]]:
        while True:
            line = self._reader.line_num + 1
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
            # What follows is part of a quoted text, so it contains no rows.
            what = f"{self._name}, line {line}: a cell of more than {MAX_CELL_CHARS >> 20} Mi characters"
            raise BadInputError(what, "a quote may not be closed")
        if why == "unexpected end of data":
            why = "a quote is not closed"
        return self._unreadable or UnreadableRow(f"not CSV: {why.partition(' - ')[0]}")


def _text_of(line: bytes | UnreadableRow) -> str | UnreadableRow:
    if isinstance(line, UnreadableRow):
        return line
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return UnreadableRow(not_utf8(error))
    if "\0" in text:
        return UnreadableRow(f"binary input: a NUL at character {text.index(chr(0)) + 1}")
    return text
