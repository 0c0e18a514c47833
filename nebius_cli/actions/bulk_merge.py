"""`nbx bulk merge`: merges the outputs of shards into one file, in the order of the rows."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nebius_cli.actions.app import App
from nebius_cli.bulk.export.check_output_name import check_output_name
from nebius_cli.bulk.output.failed_rows_file import is_list, path_beside
from nebius_cli.bulk.output.input_index_by_id import InputRows
from nebius_cli.bulk.output.merge_shards import Gaps, MergedRow, Shards, lock_output
from nebius_cli.bulk.output.read_records import has_scores
from nebius_cli.core.errors_and_exit_codes import ExitCode, UsageError
from nebius_cli.core.short_text import counted
from nebius_cli.request import read_prompt
from nebius_cli.system.check_output_paths import check_distinct, check_not_overwritten, is_file
from nebius_cli.system.output_file import buffered, replace_file
from nebius_cli.system.streams import Write


@dataclass(frozen=True, slots=True)
class BulkMergeOptions:
    """The arguments and flags of `nbx bulk merge`."""

    answers: tuple[str, ...] = ()
    output: str | None = None
    input: tuple[str, ...] = ()
    matrix: tuple[str, ...] = ()
    format: str | None = None
    null: bool = False
    encoding: str = "utf-8"
    invalid: str = "strict"
    force: bool = False


def run(options: BulkMergeOptions, app: App) -> ExitCode:
    """Write one record for every row, in order.

    Raises UsageError for files that cannot be merged, BadInputError for a row with two different answers.
    """
    if not options.answers:
        raise UsageError("no files to merge", "", "nbx bulk merge A.jsonl B.jsonl -o ALL.jsonl")
    if options.invalid not in ("strict", "replace"):
        raise UsageError(f"--invalid {options.invalid}", "must be strict or replace")
    if options.matrix and not options.input:
        raise UsageError("--matrix requires --input", "it applies to the rows of --input")
    _check_output(options)
    # A pattern such as answers-*.jsonl also matches the lists of failed rows.
    lists = {path_beside(Path(path)) for path in options.answers}
    paths = [path for path in options.answers if not (Path(path) in lists and is_list(Path(path)))]
    with Shards(paths) as shards, _target(options, app) as write:
        gaps, failed, unfinished = Gaps(), 0, 0
        for merged in _merged(options, app, shards, paths, gaps):
            gaps.add(merged.row)
            if merged.unfinished:
                unfinished += 1
            else:
                failed += not merged.ok
            write(merged.line)
    for path in shards.cut:
        app.note(f"{path} has partial or broken lines; their rows are missing")
    if shards.stray_records:
        named = " and ".join(options.input)
        app.note(f"left out {counted(shards.stray_records, 'record')} of rows that are not in {named}")
    app.note(_summary(gaps, failed, unfinished, len(paths)))
    if gaps.missing:
        app.warn(f"missing rows: {gaps}")
    if unfinished:
        app.warn(f"{counted(unfinished, 'row')} without an answer, because a run stopped early")
    return ExitCode.ROWS_FAILED if gaps.missing or failed or unfinished else ExitCode.DONE


def _merged(
    options: BulkMergeOptions, app: App, shards: Shards, paths: Sequence[str], gaps: Gaps
) -> Iterator[MergedRow]:
    if not options.input:
        yield from shards.by_index()
        return
    from nebius_cli.bulk.input.parse_matrix import parse_matrix
    from nebius_cli.bulk.output.read_input_ids import read_input_ids  # only needed here

    combinations = parse_matrix(options.matrix, validate=False)
    reading = read_prompt.decode_options(
        options.encoding, replace_invalid=options.invalid == "replace", strip_final_newline=False
    )
    ids = read_input_ids(
        options.input,
        combinations,
        app.streams.take_stdin,
        format_=options.format,
        nul=options.null,
        reading=reading,
        scored=any(has_scores(Path(path)) for path in paths),
    )
    rows = InputRows(ids)
    yield from shards.by_id(rows)
    gaps.end(rows.count)


def _check_output(options: BulkMergeOptions) -> None:
    if options.output is not None:
        own = [("this is one of the files to merge", path) for path in options.answers]
        own += [("this is the input", path) for path in options.input]
        check_output_name(options.output)
        check_distinct("-o", options.output, own)
        check_not_overwritten(options.output, force=options.force)


@contextlib.contextmanager
def _target(options: BulkMergeOptions, app: App) -> Iterator[Write]:
    if options.output in (None, "-"):
        with buffered(app.put_json) as write:
            yield write
        return
    with contextlib.ExitStack() as stack:
        if is_file(str(options.output)):
            lock_output(stack, Path(os.path.realpath(str(options.output))))
        yield stack.enter_context(replace_file(str(options.output)))


def _summary(gaps: Gaps, failed: int, unfinished: int, files: int) -> str:
    merged = f"{gaps.rows} rows of {files} file{'s' if files > 1 else ''}"
    missing = gaps.missing + unfinished
    return f"{merged}: {gaps.rows - failed - missing} answered, {failed} failed, {missing} missing"
