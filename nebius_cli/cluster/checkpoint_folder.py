"""Saves the state of a run on Ray in a folder beside its output: which rows are written, and their cost.

A file of answers has a file of keys with the same name, in the folder of Ray's checkpoints. It is pending
until the answers are written. Files of failed rows begin with FAILED_PREFIX; the next run deletes them and
sends these rows again.
"""

from typing import Any

from nebius_cli.cluster.job_for_actors import KEY, Job
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import OutputError, UsageError
from nebius_cli.core.short_text import first_line

RUN_FILE = "run.json"
FAILED_PREFIX = "failed-"
PENDING = ".pending"
OBJECT_STORES = ("s3", "gcs", "abfs")  # in which a file is either complete or does not exist


def files_in(job: Job, folder: str) -> list[str]:
    """Return the paths of the files in a folder of the output, none if it does not exist."""
    from pyarrow import fs

    infos = job.target.get_file_info(fs.FileSelector(folder, allow_not_found=True))
    return [info.path for info in infos if info.type == fs.FileType.File]


def done_keys(job: Job, prefix: str = "") -> Any:
    """Return the keys of the rows that are written for good, as a sorted array; also of failed rows.

    `prefix`: only those in files whose names begin with it.
    """
    import numpy as np
    from pyarrow.parquet import ParquetFile

    found = [np.zeros(0, np.int64)]
    for path in files_in(job, job.checkpoint):
        if _stem(path).startswith(prefix) and not _stem(path).endswith(PENDING):
            with job.target.open_input_file(path) as file:
                found.append(ParquetFile(file).read(columns=[KEY])[KEY].to_numpy())
    return np.unique(np.concatenate(found))


def delete_pending(job: Job) -> None:
    """Delete the answers that a kill left unfinished. Raises OutputError."""
    paths = {_stem(path): path for path in files_in(job, job.checkpoint)}
    for stem, path in paths.items():
        if stem.endswith(PENDING):
            # An object store copies a file to rename it: if both exist, the answers are written.
            if stem.removesuffix(PENDING) not in paths:
                _delete(job, f"{job.output}/{stem.removesuffix(PENDING)}.{job.output_format}")
            _delete(job, path)


def delete_failed(job: Job) -> None:
    """Delete the rows that failed, so that they are sent again. Raises OutputError."""
    for folder in (job.output, job.checkpoint):
        for path in files_in(job, folder):
            if _stem(path).startswith(FAILED_PREFIX):
                _delete(job, path)


def read_run(job: Job) -> dict[str, Any]:
    """Return the saved state of earlier runs, empty if there were none. Raises UsageError."""
    path = f"{job.state}/{RUN_FILE}"
    try:
        with job.target.open_input_stream(path, compression=None) as file:
            return jsontext.object_of(jsontext.decode(file.read()))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}", first_line(error)) from None


def write_run(job: Job, values: dict[str, Any]) -> None:
    """Save the state of a run. Raises OutputError."""
    path = f"{job.state}/{RUN_FILE}"
    try:
        new = path if job.target.type_name in OBJECT_STORES else f"{path}.new"
        with job.target.open_output_stream(new, compression=None) as file:
            file.write(jsontext.encode(values))
        if new != path:
            job.target.move(new, path)
    except OSError as error:
        raise OutputError(f"cannot write {path}", first_line(error)) from None


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _delete(job: Job, path: str) -> None:
    try:
        job.target.delete_file(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"cannot delete {path}", first_line(error)) from None
