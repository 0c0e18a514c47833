"""`nbx bulk export`: writes the answers of a run as text, CSV, Parquet or an HTML page."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nebius_cli.actions.app import App
from nebius_cli.bulk.export.choice_rows import choice_rows, choices_of
from nebius_cli.bulk.export.side_by_side import SideBySide
from nebius_cli.bulk.export.table_rows import parquet_rows, parquet_schema, table_lines
from nebius_cli.bulk.output.read_records import AnswerFile, check_kind
from nebius_cli.core.csv_lines import csv_line
from nebius_cli.core.errors import ExitCode, UsageError
from nebius_cli.core.short_text import counted
from nebius_cli.system.check_output_paths import check_distinct, check_not_overwritten
from nebius_cli.system.output_file import Write, buffered, replace_file
from nebius_cli.terminal.sanitize import to_bytes, visible

HEADER = (
    "id",
    "index",
    "choice",
    "text",
    "finish_reason",
    "error",
    "prompt_tokens",
    "completion_tokens",
    "cost",
)
FORMATS = ("text", "csv", "parquet", "html")
Put = Callable[[Mapping[str, Any]], None]  # writes a record; an empty one is a row without a record


@dataclass(frozen=True, slots=True)
class BulkExportOptions:
    """The arguments and flags of `nbx bulk export`."""

    answers: str = ""
    text: bool = False
    csv: bool = False
    format: str | None = None
    side_by_side: bool = False
    escape_formulas: bool = False
    null: bool = False
    output: str | None = None
    force: bool = False


def run(options: BulkExportOptions, app: App) -> ExitCode:
    """Write the answers in the order of the rows. Raises UsageError if the file is not an output."""
    if not options.answers:
        raise UsageError("no file to export", "", "nbx bulk export answers.jsonl --csv -o answers.csv")
    format_ = _format(options)
    if options.side_by_side and format_ == "text":
        raise UsageError("--side-by-side with text", "it is a table", "choose --csv or another --format")
    if options.escape_formulas and format_ != "csv":
        raise UsageError("--escape-formulas without --csv", "it is for spreadsheets, which read CSV")
    if options.null and format_ != "text":
        raise UsageError(
            f"-0 with --{format_}" if format_ == "csv" else f"-0 with {format_}", "only texts end with NUL"
        )
    if format_ == "parquet" and options.output in (None, "-") and app.streams.stdout_tty:
        raise UsageError("a Parquet file on a terminal", "it is binary", "-o FILE writes it to a file")
    failed = missing = 0
    with AnswerFile(options.answers) as records:
        check_kind(Path(options.answers), items=False)
        if options.output is None or options.output == "-":
            put = _shown if app.streams.stdout_tty else bytes
            with buffered(lambda data: app.streams.write_out(put(data))) as write:
                failed, missing = _write(format_, options, records, write)
        else:
            check_distinct("-o", options.output, [("this is the file to export", options.answers)])
            check_not_overwritten(options.output, force=options.force)
            with replace_file(options.output) as write:
                failed, missing = _write(format_, options, records, write)
    _note_gaps(format_, options, records, (failed, missing), app)
    return ExitCode.ROWS_FAILED if failed or missing else ExitCode.DONE


def _note_gaps(
    format_: str, options: BulkExportOptions, records: AnswerFile, gaps: tuple[int, int], app: App
) -> None:
    """Say what the export has no text for; `gaps` are the numbers that `_write` returns."""
    failed, missing = gaps
    if records.cut:
        app.note(f"{options.answers} has partial or broken lines; they were left out")
    if records.hidden:
        shared = f"{counted(records.hidden, 'answer')} of other rows with the same index"
        app.note(f"{shared}: left out; --csv exports all")
    if failed:
        have, lines = ("has", "its line is") if failed == 1 else ("have", "their lines are")
        form = f"; {lines} empty" if format_ == "text" else f" and {have} an error instead of text"
        app.note(f"{counted(failed, 'row')} failed{form}")
    if missing:
        table = options.side_by_side or format_ == "html"
        what = "answers that are still missing" if table else "rows without a record"
        app.note(f"{what}: {missing}; their {'cells' if table else 'lines'} are empty")


def _format(options: BulkExportOptions) -> str:
    """Return one of FORMATS. Raises UsageError unless exactly one was asked for."""
    asked = {name for name, given in (("text", options.text), ("csv", options.csv)) if given}
    if options.format is not None:
        if options.format not in FORMATS:
            raise UsageError(f"--format {options.format}", f"it is one of {', '.join(FORMATS)}")
        asked.add(options.format)
    if len(asked) > 1:
        raise UsageError(f"several export formats: {', '.join(sorted(asked))}", "", "keep one of them")
    if not asked:
        raise UsageError("no export format", "", f"--format NAME chooses one: {', '.join(FORMATS)}")
    return asked.pop()


def _write(format_: str, options: BulkExportOptions, records: AnswerFile, write: Write) -> tuple[int, int]:
    """Write every record; return the number of rows that failed, and of those without a record."""
    if options.side_by_side or format_ == "html":
        return _write_side_by_side(format_, options, records, write)
    failed = missing = 0
    with _writer(format_, options, write) as put:
        # An empty text for a row without a record, so that the answers line up with the rows.
        for record in records.by_row() if format_ == "text" else records:
            failed += record is not None and record["error"] is not None
            missing += record is None
            put(record or {})
    return failed, missing


def _write_side_by_side(
    format_: str, options: BulkExportOptions, records: AnswerFile, write: Write
) -> tuple[int, int]:
    """Write the combinations of a matrix side by side; return the numbers of answers as `_write`."""
    answers = SideBySide(records)
    if format_ == "html":
        from nebius_cli.bulk.export.html_page import write_page

        write_page(answers, Path(options.answers).name, write)
    elif format_ == "parquet":
        from nebius_cli.bulk.export.parquet_file import ParquetFile

        with ParquetFile(write, parquet_schema(answers.columns)) as file:
            file.add(parquet_rows(answers))
    else:
        for cells in table_lines(answers):
            write(to_bytes(csv_line(cells, escape_formulas=options.escape_formulas)))
    return sum(column.failed for column in answers.columns), answers.missing


@contextlib.contextmanager
def _writer(format_: str, options: BulkExportOptions, write: Write) -> Iterator[Put]:
    """Give the function that writes a record in one of FORMATS."""
    if format_ == "parquet":
        from nebius_cli.bulk.export.parquet_file import ParquetFile

        with ParquetFile(write) as file:
            yield lambda record: file.add(choice_rows(record))
    elif format_ == "csv":
        yield _csv(write, escape_formulas=options.escape_formulas)
    else:
        yield _text(write, b"\0" if options.null else b"\n")


def _text(write: Write, end: bytes) -> Put:
    def put(record: Mapping[str, Any]) -> None:
        for choice in choices_of(record) or [{}]:
            write(to_bytes(_string(choice.get("text"))) + end)

    return put


def _csv(write: Write, *, escape_formulas: bool) -> Put:
    write(to_bytes(csv_line(HEADER)))

    def put(record: Mapping[str, Any]) -> None:
        error = record["error"]
        message = _string(error.get("message")) if isinstance(error, dict) else ""
        usage = record.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        used = tuple(usage.get(name) for name in HEADER[6:])  # None is an empty cell
        for number, choice in enumerate(choices_of(record) or [{}]):
            named = (record["id"], record["index"], choice.get("index", number) if choice else "")
            text = (_string(choice.get("text")), _string(choice.get("finish_reason")))
            line = csv_line((*named, *text, message, *used), escape_formulas=escape_formulas)
            write(to_bytes(line))
            used = ("", "", "")  # usage is for all choices, so that the sum of the column is right

    return put


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _shown(data: bytes) -> bytes:
    return visible(data.decode("utf-8", "replace")).encode("utf-8")
