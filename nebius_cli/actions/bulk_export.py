"""`nbx bulk export`: writes answers as text, CSV, TSV, Parquet or an HTML page, and scores as tables."""

from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from nebius_cli.actions.app import App
from nebius_cli.bulk.export.check_output_name import check_not_compressed
from nebius_cli.bulk.export.format_names import SEPARATORS, chosen_format
from nebius_cli.bulk.export.write_export import Form, Gaps, write_export
from nebius_cli.bulk.output.input_index_by_id import InputRows
from nebius_cli.bulk.output.read_answers_in_order import AnswerFile
from nebius_cli.bulk.output.read_records import has_scores, matrix_of
from nebius_cli.core.errors_and_exit_codes import ExitCode, UsageError
from nebius_cli.core.short_text import counted
from nebius_cli.request.read_prompt import DecodeOptions
from nebius_cli.system.check_output_paths import check_distinct, check_not_overwritten, exists_as_file
from nebius_cli.system.output_file import buffered, replace_file
from nebius_cli.terminal.sanitize import visible

HOW_MERGE = "put the rows in order first: nbx bulk merge --input FILE --format NAME"


@dataclass(frozen=True, slots=True)
class BulkExportOptions:
    """The arguments and flags of `nbx bulk export`."""

    answers: str = ""
    input: tuple[str, ...] = ()
    matrix: tuple[str, ...] = ()
    text: bool = False
    csv: bool = False
    format: str | None = None
    side_by_side: bool = False
    escape_formulas: bool = False
    null: bool = False
    output: str | None = None
    force: bool = False


def run(options: BulkExportOptions, app: App) -> ExitCode:
    """Write the answers in the order of the rows. Raises UsageError if the file is not an output of nbx."""
    if not options.answers:
        raise UsageError("no file to export", "", "nbx bulk export answers.jsonl -o answers.csv")
    check_not_compressed(options.output or "-")
    format_ = _format(options)
    if options.side_by_side and format_ == "text":
        raise UsageError(
            "--side-by-side cannot be used with text", "it makes a table", "choose --csv or another --format"
        )
    if options.escape_formulas and format_ not in SEPARATORS:
        raise UsageError(
            "--escape-formulas requires CSV or TSV", "it is for spreadsheets", "set --csv or --format tsv"
        )
    if options.null and format_ != "text":
        raise UsageError(
            f"-0 cannot be used with {'--csv' if format_ == 'csv' else format_}", "only texts end with NUL"
        )
    if format_ == "parquet" and options.output in (None, "-") and app.streams.stdout_tty:
        raise UsageError("cannot write Parquet to a terminal", "it is binary", "-o FILE writes it to a file")
    scores = exists_as_file(options.answers) and has_scores(Path(options.answers)) is True
    rows = _input_rows(options, app, scored=scores)
    title = Path(options.answers).name
    form = Form(format_, options.side_by_side, options.escape_formulas, options.null, title)
    with AnswerFile(options.answers, rows) as records:
        if scores:
            _check_table(format_, options)
        if options.output is None or options.output == "-":
            put = _shown if app.streams.stdout_tty else bytes
            with buffered(lambda data: app.streams.write_out(put(data))) as write:
                gaps = write_export(records, form, write, scores=scores)
        else:
            own = [("this is the file to export", options.answers)]
            own += [("this is the input", path) for path in options.input]
            check_distinct("-o", options.output, own)
            check_not_overwritten(options.output, force=options.force)
            with replace_file(options.output) as write:
                gaps = write_export(records, form, write, scores=scores)
    if rows is not None:
        gaps.missing = rows.count - gaps.answered - gaps.failed
    _note_gaps(format_, options, records, gaps, app, result="a score" if scores else "text")
    has_gaps = gaps.failed or gaps.missing or records.hidden
    return ExitCode.ROWS_FAILED if has_gaps else ExitCode.DONE


def _note_gaps(
    format_: str, options: BulkExportOptions, records: AnswerFile, gaps: Gaps, app: App, *, result: str
) -> None:
    """Report rows without a text or score, and lines of the export whose number is not that of the row."""
    if records.cut:
        app.note(f"{options.answers} has partial or broken lines; they were left out")
    if records.strays:
        named = " and ".join(options.input)
        app.note(f"left out {counted(records.strays, 'record')} of rows that are not in {named}")
    if records.hidden:
        hidden = f"{counted(records.hidden, 'row')} left out: other rows have the same index"
        app.warn(f"{hidden}; --input FILE puts rows in order, --csv exports all")
    if gaps.failed:
        have, lines = ("has", "its line is") if gaps.failed == 1 else ("have", "their lines are")
        form = f"; {lines} empty" if format_ == "text" else f" and {have} an error instead of {result}"
        app.note(f"{counted(gaps.failed, 'row')} failed{form}")
    if gaps.missing:
        table = options.side_by_side or format_ == "html"
        lacking = "a score" if result == "a score" else "an answer"
        what = "answers that are still missing" if table else f"rows without {lacking} yet"
        empty = "; their cells are empty" if table else "; their lines are empty" if format_ == "text" else ""
        empty += ", and rows without any answer are left out" if table and options.input else ""
        app.note(f"{what}: {gaps.missing}{empty}")
    if gaps.unclear:
        contain = "1 text contains" if gaps.unclear == 1 else f"{gaps.unclear:,} texts contain"
        end, way = ("NUL", "--csv") if options.null else ("newlines", "-0, which ends each text with NUL,")
        app.note(f"{contain} {end}, so line N is not always row N; {way} keeps the texts apart")


def _input_rows(options: BulkExportOptions, app: App, *, scored: bool) -> InputRows | None:
    """Return the rows of `--input`, or None. Raises UsageError if `--matrix` is not that of the run."""
    if not options.input:
        if options.matrix:
            raise UsageError("--matrix requires --input", "it applies to the rows of --input")
        return None
    from nebius_cli.bulk.input.format_names import named_format
    from nebius_cli.bulk.input.parse_matrix import parse_matrix
    from nebius_cli.bulk.output.read_input_ids import read_input_ids  # only needed here

    for path in options.input:
        if exists_as_file(path) and not named_format(path):
            what = f"cannot tell the format of {path} from its name"
            raise UsageError(what, "--format is that of the export", HOW_MERGE)
    combinations = parse_matrix(options.matrix, validate=False)
    fields = matrix_of(Path(options.answers))
    if fields is not None and fields != tuple(combinations[0].values):
        of_run = f"with --matrix {' and '.join(fields)}" if fields else "without --matrix"
        what = f"{options.answers} has the answers of a run {of_run}"
        raise UsageError(what, "--input requires the same --matrix")
    take_stdin, reading = app.streams.take_stdin, DecodeOptions()
    ids = read_input_ids(options.input, combinations, take_stdin, reading=reading, scored=scored)
    return InputRows(ids, len(combinations))


def _format(options: BulkExportOptions) -> str:
    """Return the format of the export. Raises UsageError unless there is exactly one."""
    asked = {name for name, given in (("text", options.text), ("csv", options.csv)) if given}
    return chosen_format(asked if options.format is None else asked | {options.format}, options.output)


def _check_table(format_: str, options: BulkExportOptions) -> None:
    """Raise UsageError if scores cannot be exported in this format."""
    made = "side by side" if options.side_by_side else f"as {format_}"
    if options.side_by_side or format_ not in (*SEPARATORS, "parquet"):
        what = f"cannot export {options.answers} {made}"
        hint = f"nbx bulk export {quote(options.answers)} -o scores.csv"
        raise UsageError(what, "it has scores, which are exported as csv, tsv or parquet", hint)


def _shown(data: bytes) -> bytes:
    return visible(data.decode("utf-8", "replace")).encode("utf-8")
