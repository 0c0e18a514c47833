"""Checks and creates the folder of the output, and adds up what earlier runs have spent on it."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from nebius_cli.bulk.input.byte_source import lines
from nebius_cli.bulk.output.record_format import scan_head
from nebius_cli.cluster.checkpoint_folder import FAILED_PREFIX, done_keys, files_in, read_run
from nebius_cli.cluster.job_for_actors import Job, Spent
from nebius_cli.core.errors_and_exit_codes import OutputError, UsageError
from nebius_cli.core.prices_and_costs import parse_amount
from nebius_cli.core.short_text import counted, first_line

READ_BYTES = 1 << 20


def check_output(job: Job) -> None:
    """Create the folders of the output. Raises UsageError, or OutputError if that is not possible."""
    from pyarrow import fs

    shown = job.plan.options.output
    try:
        if job.target.get_file_info(job.output).type == fs.FileType.File:
            raise UsageError(f"-o {shown}", "with --ray, the output is a folder", "choose another name")
        for folder in (job.output, job.state):
            job.target.create_dir(folder, recursive=True)
    except OSError as error:
        raise OutputError(f"cannot write {shown}", first_line(error)) from None


def in_use(job: Job) -> UsageError:
    """Return the error of a second run with the same output."""
    shown = job.plan.options.output
    return UsageError(
        f"another nbx bulk or nbx score is writing {shown}", "", "wait for it to end, or choose another -o"
    )


def earlier_runs(job: Job) -> Spent:
    """Return the totals of earlier runs.

    Raises UsageError if all rows would be sent and paid for again, if the format of the files differs, or if
    answers or the record of the run are missing.
    """
    run = read_run(job)
    paths = files_in(job, job.output)
    if not run and paths:
        what = f"{job.plan.options.output} contains other files"
        raise UsageError(what, f"{job.state}, the record of the run, is missing", "choose another -o")
    if not run:
        return Spent()
    if run.get("fingerprint") != job.fingerprint:
        what = f"every row of {job.plan.options.output} would be sent and paid for again"
        why = "its answers belong to other requests: a flag, the template or the base URL has changed"
        raise UsageError(what, why, "choose another -o")
    if run.get("format") != job.output_format:
        what = f"{job.plan.options.output} contains {run.get('format')} files"
        hint = f"set --output-format {run.get('format')}, or choose another -o"
        raise UsageError(what, "a run cannot change the format", hint)
    written = len(done_keys(job))
    if written and not paths:
        what = f"the files in {job.plan.options.output} are missing"
        raise UsageError(what, f"{job.state} lists {counted(written, 'row')}", "choose another -o")
    tokens, cost = 0, Decimal()
    for path in paths:
        for used, price in _results(job, path):
            tokens, cost = tokens + used, cost + price
    kept = parse_amount(run.get("cost")) or Decimal()
    failed = len(done_keys(job, FAILED_PREFIX))
    return Spent(
        max(tokens, int(run.get("tokens", 0))),
        max(cost, kept),
        int(run.get("begun", 0)),
        written - failed,
        failed,
    )


def _results(job: Job, path: str) -> Iterator[tuple[int, Decimal]]:
    """Yield tokens and cost of each result in a file; nothing if a kill left it incomplete."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        if job.output_format == "jsonl":
            yield from _records(job, path)
            return
        with job.target.open_input_file(path) as file:
            for batch in ParquetFile(file).iter_batches(columns=["usage", "cost"]):
                for row in batch.to_pylist():
                    usage = row["usage"] or {}
                    tokens = sum(count or 0 for count in usage.values())
                    yield tokens, row["cost"] or Decimal()
    except (pa.ArrowException, OSError):
        return


def _records(job: Job, path: str) -> Iterator[tuple[int, Decimal]]:
    with job.target.open_input_stream(path, compression=None) as file:
        for line in lines(iter(lambda: file.read(READ_BYTES), b""), b"\n"):
            head = None if isinstance(line, int) else scan_head(line)
            if head is not None:
                cost = parse_amount(head.cost.decode("ascii")) or Decimal()
                yield head.prompt_tokens + head.completion_tokens, cost


def lock_path(job: Job) -> Path | None:
    """Return the path of the lock against a second run on the same output; None in an object store."""
    from pyarrow import fs

    return Path(job.state) / "lock" if isinstance(job.target, fs.LocalFileSystem) else None
