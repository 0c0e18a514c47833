"""Finds the files of the input and of the output, on this machine or in an object store, with pyarrow."""

import fnmatch
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from nebius_cli.bulk.input.byte_source import lines
from nebius_cli.bulk.input.detect_format import format_of
from nebius_cli.bulk.output.record_format import scan_head
from nebius_cli.cluster.job import KEY, InputFile, Job, Spent
from nebius_cli.core import jsontext
from nebius_cli.core.errors import OutputError, UsageError
from nebius_cli.core.money import parse_amount
from nebius_cli.core.short_text import first_line

RUN_FILE = "run.json"
READ_BYTES = 1 << 20
GLOB = "*?["


def locate(path: str) -> tuple[Any, str]:
    """Return the file system of a path or URI, and the path there. Raises UsageError."""
    import pyarrow as pa
    from pyarrow import fs

    if "://" not in path:
        return fs.LocalFileSystem(), os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111
    try:
        system, rest = fs.FileSystem.from_uri(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UsageError(f"cannot use {path}", first_line(error)) from None
    return system, rest


def input_files(paths: Sequence[str], format_flag: str | None) -> tuple[Any, list[InputFile], int]:
    """Return the file system of several inputs, their files in order, and how many others there are.

    Raises UsageError, also for inputs on different file systems.
    """
    found = [_files_of(path, format_flag) for path in paths]
    system = found[0][0]
    for path, (other, _, _) in zip(paths, found, strict=True):
        if not other.equals(system):
            what = f"{path} and {paths[0]} are on different file systems"
            raise UsageError(what, "a run reads from one", "run them apart")
    files = [file for _, some, _ in found for file in some]
    if len(files) > 1:  # a file that is not alone has a name, for the ids of its rows
        files = [replace(file, name=file.name or file.path.rpartition("/")[2]) for file in files]
    return system, files, sum(others for _, _, others in found)


def _files_of(path: str, format_flag: str | None) -> tuple[Any, list[InputFile], int]:
    """Return the file system of the input, its files in order, and how many others there are.

    The input is a file, a folder or a pattern. In folders, files are left out whose format is unknown, and
    those whose names begin with a dot or an underscore. Raises UsageError.
    """
    from pyarrow import fs

    system, found = locate(path)
    wild = any(mark in found for mark in GLOB)
    base = found.partition(next(mark for mark in found if mark in GLOB))[0] if wild else found
    base = base.rpartition("/")[0] if wild else base.rstrip("/")
    try:
        info = system.get_file_info(base)
        if info.type == fs.FileType.File:
            return system, [InputFile(base, "", format_of(base, format_flag)[0], info.size)], 0
        infos = system.get_file_info(fs.FileSelector(base, recursive=True, allow_not_found=True))
    except OSError as error:
        raise UsageError(f"cannot read {path}", first_line(error)) from None
    files, others = [], 0
    for one in sorted(infos, key=lambda info: info.path):
        name = one.path.removeprefix(base).lstrip("/")
        if one.type != fs.FileType.File or (wild and not fnmatch.fnmatch(one.path, found)):
            continue
        if any(part.startswith((".", "_")) for part in name.split("/")):
            continue
        try:
            files.append(InputFile(one.path, name, format_of(one.path, format_flag)[0], one.size))
        except UsageError:
            others += 1
    if not files:
        raise UsageError(f"no input in {path}", "no file there has rows", "--format sets the format of all")
    return system, files, others


def output_files(job: Job) -> list[str]:
    """Return the paths of the answers that are there."""
    from pyarrow import fs

    infos = job.target.get_file_info(fs.FileSelector(job.output, allow_not_found=True))
    return [info.path for info in infos if info.type == fs.FileType.File]


def check_output(job: Job) -> None:
    """Create the folders of the output. Raises UsageError, or OutputError if that is not possible."""
    from pyarrow import fs

    shown = job.plan.options.output
    try:
        if job.target.get_file_info(job.output).type == fs.FileType.File:
            raise UsageError(f"-o {shown}", "with --ray the output is a folder", "choose another name")
        for folder in (job.output, job.state):
            job.target.create_dir(folder, recursive=True)
    except OSError as error:
        raise OutputError(f"cannot write {shown}", first_line(error)) from None


def earlier_runs(job: Job) -> Spent:
    """Return what earlier runs have done. Raises UsageError if all rows would be sent and paid for again."""
    run = read_run(job)
    paths = output_files(job)
    if not run and paths:
        what = f"{job.plan.options.output} has files of something else"
        raise UsageError(what, f"there is no {job.state}, which remembers a run", "choose another -o")
    if not run:
        return Spent()
    if run.get("fingerprint") != job.fingerprint:
        what = f"every row of {job.plan.options.output} would be sent and paid for again"
        why = "its answers are to other requests: a flag, the template or the base URL has changed"
        raise UsageError(what, why, "choose another -o")
    if run.get("format") != job.output_format:
        what = f"{job.plan.options.output} is a folder of {run.get('format')}"
        raise UsageError(what, "a run goes on in the same format", "leave --output-format as it was")
    done = len(done_keys(job))
    if done and not paths:
        what = f"{job.plan.options.output} has lost its files"
        raise UsageError(what, f"{job.state} says that {done:,} rows are in them", "choose another -o")
    tokens, cost, failed = 0, Decimal(), 0
    committed = {_stem(path) for path in _checkpoints(job)}
    for path in paths:
        for used, price, is_failed in _results(job, path):
            tokens, cost = tokens + used, cost + price
            failed += is_failed and _stem(path) in committed  # else its rows are sent again
    kept = parse_amount(run.get("cost")) or Decimal()
    begun = int(run.get("begun", 0))
    return Spent(max(tokens, int(run.get("tokens", 0))), max(cost, kept), begun, done, failed)


def _checkpoints(job: Job) -> list[str]:
    """Return the files that name the rows which are written for good."""
    from pyarrow import fs

    infos = job.target.get_file_info(fs.FileSelector(job.checkpoint, allow_not_found=True))
    paths = [info.path for info in infos if info.path.endswith(".parquet")]
    # The answers of a pending file are not all there, or will be deleted.
    return [path for path in paths if not path.endswith(".pending.parquet")]


def _stem(path: str) -> str:
    """Return what a file of answers and that which names its rows have in common."""
    return path.rpartition("/")[2].partition(".")[0]


def done_keys(job: Job) -> Any:
    """Return the keys of the rows that are written for good, as a sorted array."""
    import numpy as np
    from pyarrow.parquet import ParquetFile

    found = [np.zeros(0, np.int64)]
    for path in _checkpoints(job):
        with job.target.open_input_file(path) as file:
            found.append(ParquetFile(file).read(columns=[KEY])[KEY].to_numpy())
    return np.unique(np.concatenate(found))


def read_run(job: Job) -> dict[str, Any]:
    """Return what is remembered of earlier runs, empty if there were none. Raises UsageError."""
    path = f"{job.state}/{RUN_FILE}"
    try:
        with job.target.open_input_stream(path, compression=None) as file:
            value = jsontext.decode(file.read())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}", first_line(error)) from None
    return value if isinstance(value, dict) else {}


def write_run(job: Job, values: dict[str, Any]) -> None:
    """Remember a run. Raises OutputError."""
    path = f"{job.state}/{RUN_FILE}"
    try:
        with job.target.open_output_stream(f"{path}.new", compression=None) as file:
            file.write(jsontext.encode(values))
        job.target.move(f"{path}.new", path)
    except OSError as error:
        raise OutputError(f"cannot write {path}", first_line(error)) from None


def _results(job: Job, path: str) -> Iterator[tuple[int, Decimal, bool]]:
    """Yield tokens and cost of each result in a file, and whether it failed; nothing if a kill cut it off."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        if job.output_format == "jsonl":
            yield from _records(job, path)
            return
        with job.target.open_input_file(path) as file:
            for batch in ParquetFile(file).iter_batches(columns=["usage", "cost", "error"]):
                for row in batch.to_pylist():
                    usage = row["usage"] or {}
                    tokens = sum(count or 0 for count in usage.values())
                    yield tokens, row["cost"] or Decimal(), row["error"] is not None
    except (pa.ArrowException, OSError):
        return


def _records(job: Job, path: str) -> Iterator[tuple[int, Decimal, bool]]:
    with job.target.open_input_stream(path, compression=None) as file:
        for line in lines(iter(lambda: file.read(READ_BYTES), b""), b"\n"):
            head = None if isinstance(line, int) else scan_head(line)
            if head is not None:
                cost = parse_amount(head.cost.decode("ascii")) or Decimal()
                yield head.prompt_tokens + head.completion_tokens, cost, not head.ok


def lock_path(job: Job) -> Path | None:
    """Return where a lock keeps a second run from the same output; None in an object store."""
    from pyarrow import fs

    return Path(job.state) / "lock" if isinstance(job.target, fs.LocalFileSystem) else None
