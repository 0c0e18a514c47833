"""`nbx bulk export`: write the answers of a run as plain text or CSV."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nebius_cli.actions.app import App
from nebius_cli.bulk.output.record_file import AnswerFile
from nebius_cli.core.csv_lines import csv_line
from nebius_cli.core.errors import ExitCode, UsageError
from nebius_cli.system.output_checks import check_distinct, check_not_overwritten
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


@dataclass(frozen=True, slots=True)
class BulkExportOptions:
    """The arguments and flags of `nbx bulk export`."""

    answers: str = ""
    text: bool = False
    csv: bool = False
    escape_formulas: bool = False
    null: bool = False
    output: str | None = None
    force: bool = False


def run(options: BulkExportOptions, app: App) -> ExitCode:
    """Write the answers in the order of the rows. Raises UsageError if the file is not an output."""
    if not options.answers:
        raise UsageError("no file to export", "", "nbx bulk export answers.jsonl --csv -o answers.csv")
    if options.text == options.csv:
        raise UsageError("no export format", "choose either --text or --csv")
    if options.escape_formulas and not options.csv:
        raise UsageError("--escape-formulas without --csv", "it is for spreadsheets, which read CSV")
    if options.null and options.csv:
        raise UsageError("-0 with --csv", "lines of CSV end with a newline")
    failed = missing = 0
    with AnswerFile(options.answers) as records:
        if options.output is None or options.output == "-":
            put = _shown if app.streams.stdout_tty else bytes
            with buffered(lambda data: app.streams.write_out(put(data))) as write:
                failed, missing = _write(options, records, write)
        else:
            check_distinct("-o", options.output, [("this is the file to export", options.answers)])
            check_not_overwritten(options.output, force=options.force)
            with replace_file(options.output) as write:
                failed, missing = _write(options, records, write)
    if records.cut:
        app.note(f"{options.answers} has partial or broken lines; they were left out")
    if failed:
        have, are = ("has", "is") if failed == 1 else ("have", "are")
        form = f"{have} an error and no text" if options.csv else f"{are} empty here"
        app.note(f"{failed} row{'s' if failed > 1 else ''} failed and {form}")
    if missing:
        app.note(f"rows without a record: {missing}; they are empty here")
    return ExitCode.ROWS_FAILED if failed or missing else ExitCode.DONE


def _write(options: BulkExportOptions, records: AnswerFile, write: Write) -> tuple[int, int]:
    """Write every record; return the number of rows that failed, and of those without a record."""
    if options.csv:
        put = _csv(write, escape_formulas=options.escape_formulas)
    else:
        put = _text(write, b"\0" if options.null else b"\n")
    failed = missing = 0
    for record in records if options.csv else records.by_row():
        failed += record is not None and record["error"] is not None
        missing += record is None
        put(record or {})  # an empty text, so that the answers line up with the rows
    return failed, missing


def _text(write: Write, end: bytes) -> Callable[[Mapping[str, Any]], None]:
    def put(record: Mapping[str, Any]) -> None:
        for choice in _choices(record) or [{}]:
            write(to_bytes(_string(choice.get("text"))) + end)

    return put


def _csv(write: Write, *, escape_formulas: bool) -> Callable[[Mapping[str, Any]], None]:
    write(to_bytes(csv_line(HEADER)))

    def put(record: Mapping[str, Any]) -> None:
        error = record["error"]
        message = _string(error.get("message")) if isinstance(error, dict) else ""
        usage = record.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        used = tuple(usage.get(name) for name in HEADER[6:])  # None is an empty cell
        for number, choice in enumerate(_choices(record) or [{}]):
            named = (record["id"], record["index"], choice.get("index", number) if choice else "")
            text = (_string(choice.get("text")), _string(choice.get("finish_reason")))
            line = csv_line((*named, *text, message, *used), escape_formulas=escape_formulas)
            write(to_bytes(line))
            used = ("", "", "")  # usage is for all choices, so that the sum of the column is right

    return put


def _choices(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the choices of a record, sorted by index."""
    response = record.get("response")
    choices = response.get("choices") if isinstance(response, dict) else None
    found = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    return sorted(found, key=lambda choice: i if type(i := choice.get("index")) is int else 0)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _shown(data: bytes) -> bytes:
    return visible(data.decode("utf-8", "replace")).encode("utf-8")
