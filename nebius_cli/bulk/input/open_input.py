"""Opens an input file of any format and streams its rows."""

import os
from collections.abc import Callable, Iterator
from typing import Self

from nebius_cli.bulk.input.byte_source import ByteSource, blocks, lines
from nebius_cli.bulk.input.format_names import format_of
from nebius_cli.bulk.input.non_prompt_row_protocol import PROMPT_LINES, PlainText
from nebius_cli.bulk.input.parse_row import RawRow
from nebius_cli.bulk.input.read_csv_and_tsv import DELIMITERS, DelimitedTable
from nebius_cli.bulk.input.read_parquet import ParquetTable
from nebius_cli.bulk.input.text_lines import TextLines
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.request.read_prompt import DecodeOptions
from nebius_cli.system.streams import Readable


class RowFile:
    """An open input. Iterate once over its rows; each has the number of its first line, from 1.

    `size`, in bytes, is None if unknown; `position` is how many were read. `seekable` tells whether the file
    can be opened and read again. `columns` are the columns of every row: those of a table, the one column of
    plain text, and none for JSONL. `part` is empty: only an input of several files has parts.
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
        self.part = ""
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
    plain_text: PlainText = PROMPT_LINES,
    file: Readable | None = None,
) -> RowFile:
    """Open an input. `format_flag` is the format, None to detect it from the name.

    `plain_text` defines what a line of plain text contains. `file` is the file if it is already open, such as
    one in an object store; for Parquet it must be seekable.

    A row is bytes in JSONL, a str in plain text, a dict in a table, and an UnreadableRow if it cannot be
    read. Blank lines of JSONL and of tables are skipped. Only the columns of a Parquet file that `needs`
    accepts are read. Raises UsageError, ConfigError for a missing package, and BadInputError, which iterating
    raises too.
    """
    if file is None and os.path.isdir(path):  # noqa: PTH112 - Path's raises OSError
        raise UsageError(f"cannot read {path}", "it is a directory", "name the files in it")
    source = ByteSource(path, stdin, file)
    try:
        format_, compression = _format_of(path, format_flag, nul=nul)
        if format_ == "parquet":
            return _parquet(source, file, needs)
        content = TextLines(lines(blocks(source, compression, reading), b"\0" if nul else b"\n"), nul=nul)
        if format_ in DELIMITERS:
            table = DelimitedTable(content, source.name, format_, needs)
            columns, rows = table.columns, table.rows()
        elif format_ == "text":
            columns, rows = (plain_text.column,), content.texts(skip_empty=plain_text.skip_empty)
        else:
            columns, rows = (), content.json()
    except BaseException:
        source.close()
        raise
    exact = not compression and reading == DecodeOptions()

    def position() -> int:
        return min(content.offset, source.position) if exact else source.position

    return RowFile(format_, source, rows, columns, position, source.close)


def _format_of(path: str, format_flag: str | None, *, nul: bool) -> tuple[str, str]:
    format_, compression = format_of(path, format_flag)
    if nul and format_ != "text":
        raise UsageError(
            f"-0 cannot be used with {format_} input",
            "NUL separates prompts only in plain text",
            "set --format text",
        )
    if format_ == "parquet" and path == "-":
        raise UsageError(
            "cannot read Parquet from stdin", "its index is at the end of the file", "save it to a file first"
        )
    return format_, compression


def _parquet(source: ByteSource, file: Readable | None, needs: Callable[[str], bool]) -> RowFile:
    source.close()  # pyarrow opens the file itself
    table = ParquetTable(source.name, file)
    size = source.size or 0

    def position() -> int:
        return size * table.done // table.count if table.count else size

    return RowFile("parquet", source, table.rows(needs), table.columns, position, table.close)
