"""`nbx bulk export`: the texts of a run's answers, bare or as CSV."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nebius_cli.actions.app import App
from nebius_cli.bulk.output.journal import is_file
from nebius_cli.bulk.output.record_file import Answers
from nebius_cli.core import jsontext
from nebius_cli.core.errors import ExitCode, UsageError
from nebius_cli.system import whole
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
    """What was typed after `nbx bulk export`."""

    answers: str = ""
    text: bool = False
    csv: bool = False
    null: bool = False
    output: str | None = None
    force: bool = False


def run(options: BulkExportOptions, app: App) -> ExitCode:
    """Write the answers in the order of the file. Raises UsageError for a file of something else."""
    if not options.answers:
        raise UsageError("no file to export", "", "nbx bulk export answers.jsonl --csv -o answers.csv")
    if options.text == options.csv:
        raise UsageError("export as what?", "--text or --csv, one of them")
    if options.null and options.csv:
        raise UsageError("-0 with --csv", "a line of CSV ends with a newline")
    failed = 0
    with Answers(options.answers) as records:
        if options.output in (None, "-"):
            put = _shown if app.streams.stdout_tty else bytes
            with whole.to(lambda data: app.streams.write_out(put(data))) as write:
                failed = _write(options, records, write)
        else:
            _check_output(options)
            with whole.to_file(str(options.output)) as write:
                failed = _write(options, records, write)
    if records.cut:
        app.note(f"{options.answers} has lines that are cut or no JSON; they were left out")
    if failed:
        have, are = ("has", "is") if failed == 1 else ("have", "are")
        form = f"{have} an error and no text" if options.csv else f"{are} empty here"
        app.note(f"{failed} row{'s' if failed > 1 else ''} failed and {form}")
        return ExitCode.ROWS_FAILED
    return ExitCode.DONE


def _check_output(options: BulkExportOptions) -> None:
    target = str(options.output)
    if not is_file(target) or not Path(target).exists():
        return
    if Path(target).samefile(options.answers):
        raise UsageError(f"-o {target}", "this is the file to export", "choose another file")
    if Path(target).stat().st_size and not options.force:
        raise UsageError(f"-o {target}", "this file is there already", "--force replaces it")


def _write(options: BulkExportOptions, records: Answers, write: whole.Write) -> int:
    """Write every record; return how many are of rows that failed."""
    put = _csv(write) if options.csv else _text(write, b"\0" if options.null else b"\n")
    failed = 0
    for line in records:
        record = jsontext.decode(line)
        failed += record["error"] is not None
        put(record)
    return failed


def _text(write: whole.Write, end: bytes) -> Callable[[Mapping[str, Any]], None]:
    def put(record: Mapping[str, Any]) -> None:
        # A row that failed has an empty text: the place of each answer still says which row it is of.
        for choice in _choices(record) or [{}]:
            write(to_bytes(_string(choice.get("text"))) + end)

    return put


def _csv(write: whole.Write) -> Callable[[Mapping[str, Any]], None]:
    writer = csv.writer(_Lines(write))
    writer.writerow(HEADER)

    def put(record: Mapping[str, Any]) -> None:
        error = record["error"]
        message = _string(error.get("message")) if isinstance(error, dict) else ""
        usage = record.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        used = tuple(usage.get(name) for name in HEADER[6:])  # None is an empty cell
        for number, choice in enumerate(_choices(record) or [{}]):
            named = (record["id"], record["index"], choice.get("index", number) if choice else "")
            text = (_string(choice.get("text")), _string(choice.get("finish_reason")))
            writer.writerow((*named, *text, message, *used))
            used = ("", "", "")  # of all choices together: a sum over the column stays right

    return put


class _Lines:
    """A text file for the csv module."""

    def __init__(self, write: whole.Write) -> None:
        self._write = write

    def write(self, text: str) -> None:
        """Write a line."""
        self._write(to_bytes(text))


def _choices(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the choices of a record in the order of their indexes."""
    response = record.get("response")
    choices = response.get("choices") if isinstance(response, dict) else None
    found = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    return sorted(found, key=lambda choice: i if type(i := choice.get("index")) is int else 0)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _shown(data: bytes) -> bytes:
    return visible(data.decode("utf-8", "replace")).encode("utf-8")
