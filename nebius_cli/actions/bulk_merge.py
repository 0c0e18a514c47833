"""`nbx bulk merge`: the answers of all shards in one file, in the order of the rows, each row once."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nebius_cli.actions.app import App
from nebius_cli.bulk.output.failed_rows import path_beside
from nebius_cli.bulk.output.gaps import Gaps
from nebius_cli.bulk.output.journal import is_file
from nebius_cli.bulk.output.record import own_id
from nebius_cli.bulk.output.shards import Found, Shards, hold
from nebius_cli.core.errors import ExitCode, UsageError
from nebius_cli.request import prompt
from nebius_cli.system import whole


@dataclass(frozen=True, slots=True)
class BulkMergeOptions:
    """What was typed after `nbx bulk merge`."""

    answers: tuple[str, ...] = ()
    output: str | None = None
    input: str | None = None
    format: str | None = None
    null: bool = False
    encoding: str = "utf-8"
    invalid: str = "strict"
    force: bool = False


def run(options: BulkMergeOptions, app: App) -> ExitCode:
    """Write the record of every row in the order of the rows.

    Raises UsageError for files that cannot be merged, BadInputError for a row with two answers.
    """
    if not options.answers:
        raise UsageError("no files to merge", "", "nbx bulk merge A.jsonl B.jsonl -o ALL.jsonl")
    if options.invalid not in ("strict", "replace"):
        raise UsageError(f"--invalid {options.invalid}", "it takes strict or replace")
    _check_output(options)
    # answers-*.jsonl names the lists of failed rows too.
    lists = {path_beside(Path(path)) for path in options.answers}
    paths = [path for path in options.answers if Path(path) not in lists]
    with Shards(paths) as shards, _target(options, app) as write:
        gaps, failed = Gaps(), 0
        for found in _found(options, app, shards, gaps):
            gaps.seen(found.row)
            failed += not found.ok
            write(found.line)
    for path in shards.cut:
        app.note(f"{path} has lines that are cut or no JSON: their rows are missing")
    if shards.strays:
        some = shards.strays > 1
        strays = f"{shards.strays} records are of rows that are" if some else "1 record is of a row that is"
        app.note(f"{strays} not in {options.input}, and left out")
    app.note(_summary(gaps, failed, len(paths)))
    if gaps.missing:
        app.warn(f"missing rows {gaps}")
    return ExitCode.ROWS_FAILED if gaps.missing or failed else ExitCode.DONE


def _found(options: BulkMergeOptions, app: App, shards: Shards, gaps: Gaps) -> Iterator[Found]:
    if options.input is None:
        yield from shards.by_index()
        return
    from nebius_cli.bulk.input.row_files import open_rows  # its formats are wanted here only

    reading = prompt.decode_options(
        options.encoding, replace_invalid=options.invalid == "replace", strip_final_newline=False
    )
    stdin = app.streams.take_stdin() if options.input == "-" else None
    with open_rows(options.input, options.format, nul=options.null, reading=reading, stdin=stdin) as rows:
        count = 0

        def ids() -> Iterator[str | int]:
            nonlocal count
            for _, raw in rows:
                yield count if (own := own_id(raw)) is None else own
                count += 1

        yield from shards.by_id(ids())
    gaps.end(count)


def _check_output(options: BulkMergeOptions) -> None:
    target = options.output
    if target is None or not is_file(target) or not Path(target).exists():
        return
    if any(Path(path).exists() and Path(path).samefile(target) for path in options.answers):
        raise UsageError(f"-o {target}", "this is one of the files to merge", "choose another file")
    if options.input is not None and Path(options.input).exists() and Path(options.input).samefile(target):
        raise UsageError(f"-o {target}", "this is the input", "choose another file")
    if Path(target).stat().st_size and not options.force:
        raise UsageError(f"-o {target}", "this file is there already", "--force replaces it")


@contextlib.contextmanager
def _target(options: BulkMergeOptions, app: App) -> Iterator[whole.Write]:
    if options.output in (None, "-"):
        with whole.to(app.put_json) as write:
            yield write
        return
    with contextlib.ExitStack() as stack:
        if is_file(str(options.output)):
            hold(stack, Path(os.path.realpath(str(options.output))))
        yield stack.enter_context(whole.to_file(str(options.output)))


def _summary(gaps: Gaps, failed: int, files: int) -> str:
    merged = f"{gaps.rows} rows of {files} file{'s' if files > 1 else ''}"
    return f"{merged}: {gaps.rows - failed - gaps.missing} answered, {failed} failed, {gaps.missing} missing"
