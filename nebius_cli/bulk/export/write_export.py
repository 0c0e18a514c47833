"""Writes the records of an answers file in one of the export formats, and counts rows without a text."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from nebius_cli.bulk.export import score_table
from nebius_cli.bulk.export.choice_rows import Row, choice_rows
from nebius_cli.bulk.export.csv_and_text import HEADER, TextWriter, choice_cells, line_maker
from nebius_cli.bulk.export.side_by_side import SideBySide
from nebius_cli.bulk.export.side_by_side_table import parquet_rows, parquet_schema, table_lines
from nebius_cli.bulk.output.read_answers_in_order import AnswerFile
from nebius_cli.bulk.output.unfinished_row_error import is_failure, is_unfinished
from nebius_cli.system.streams import Write

Record = Mapping[str, Any]
Add = Callable[[Record], None]


class Form(NamedTuple):
    """How answers are exported: `format` is one of FORMATS, `title` is that of an HTML page."""

    format: str
    side_by_side: bool
    escape_formulas: bool
    null: bool
    title: str


class Table(NamedTuple):
    """A table of records: the functions that convert a record to lines of cells and to Parquet rows.

    `schema` takes the pyarrow module and returns the Parquet columns; None means the columns of answers.
    """

    header: Sequence[str]
    cells: Callable[[Record], Iterable[Sequence[object]]]
    rows: Callable[[Record], Iterable[Row]]
    schema: Callable[[Any], Any] | None


@dataclass(slots=True)
class Gaps:
    """Counts of the rows without a text in the export: failed rows and rows without an answer yet.

    `unclear` counts the texts that contain their own terminator: a newline, or NUL with -0.
    """

    failed: int = 0
    missing: int = 0
    answered: int = 0
    unclear: int = 0

    def count(self, record: Mapping[str, Any] | None) -> None:
        """Count the record of a row; None means that the row has no record."""
        error = record["error"] if record is not None else None
        self.answered += record is not None and error is None
        self.failed += is_failure(error)
        self.missing += record is None or is_unfinished(error)


def write_export(records: AnswerFile, form: Form, write: Write, *, scores: bool) -> Gaps:
    """Write every record; return the counts of rows without a text."""
    if form.side_by_side or form.format == "html":
        return _write_side_by_side(records, form, write)
    if form.format == "text":
        return _write_text(records, TextWriter(write, b"\0" if form.null else b"\n"))
    gaps = Gaps()
    with _open_table(_table_of(records, scores=scores), form, write) as add:
        for record in records:
            gaps.count(record)
            add(record)
    return gaps


def _write_text(records: AnswerFile, writer: TextWriter) -> Gaps:
    gaps = Gaps()
    for record in records.by_row():
        gaps.count(record)
        writer.add(record or {})  # rows without a record get an empty text, so that line N is row N
    gaps.unclear = writer.unclear
    return gaps


def _write_side_by_side(records: AnswerFile, form: Form, write: Write) -> Gaps:
    """Write the combinations of a matrix side by side; the result counts answers, not rows."""
    answers = SideBySide(records)
    if form.format == "html":
        from nebius_cli.bulk.export.html_page import write_page

        write_page(answers, form.title, write)
    elif form.format == "parquet":
        from nebius_cli.bulk.export.parquet_file import ParquetFile

        with ParquetFile(write, parquet_schema(answers.columns)) as file:
            file.add(parquet_rows(answers))
    else:
        to_line = line_maker(form.format, escape_formulas=form.escape_formulas)
        for cells in table_lines(answers):
            write(to_line(cells))
    failed, answered = (
        sum(getattr(column, name) for column in answers.columns) for name in ("failed", "answered")
    )
    return Gaps(failed, answers.missing, answered)


def _table_of(records: AnswerFile, *, scores: bool) -> Table:
    """Return the table of answers, or that of scores, with every column that at least one record needs."""
    if not scores:
        return Table(HEADER, choice_cells, choice_rows, None)
    columns = score_table.columns_of(records)
    cells = partial(score_table.cells_of, columns=columns)
    rows = partial(score_table.parquet_rows, columns=columns)
    return Table(columns, cells, rows, score_table.parquet_schema(columns))


@contextlib.contextmanager
def _open_table(table: Table, form: Form, write: Write) -> Iterator[Add]:
    """Yield the function that adds a record to a table."""
    if form.format == "parquet":
        from nebius_cli.bulk.export.parquet_file import ParquetFile

        with ParquetFile(write, table.schema) as file:
            yield lambda record: file.add(table.rows(record))
    else:
        to_line = line_maker(form.format, escape_formulas=form.escape_formulas)
        write(to_line(table.header))
        yield lambda record: write(b"".join(map(to_line, table.cells(record))))
