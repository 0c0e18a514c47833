"""Reads the input on the cluster: one task of Ray for each file, with the readers of `nbx bulk`."""

import pickle
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import ray
from ray.data import Datasource, ReadTask
from ray.data.block import BlockMetadata

from nebius_cli.bulk.input.open_input import RowFile, open_rows
from nebius_cli.bulk.input.row import BadRow, Row
from nebius_cli.bulk.input.wrong_format_hints import shown
from nebius_cli.cluster.job_for_actors import KEY, InputFile, Job, id_digest, key_of
from nebius_cli.core.errors_and_exit_codes import BadInputError, NbxError
from nebius_cli.core.short_text import first_line

READ_ROWS = 1000  # in a block, before Ray splits it
SCHEMA = pa.schema([(KEY, pa.int64()), ("row", pa.binary())])


class RowsDatasource(Datasource):  # type: ignore[misc]
    """The rows of the input that are not done: a key, and a pickled `Row` or `BadRow`.

    `done` refers to the sorted array of the keys that are done. All problems are reported to the coordinator.
    """

    def __init__(self, job: Job, coordinator: Any, done: Any) -> None:
        super().__init__()
        self._job = job
        self._coordinator = coordinator
        self._done = done

    def estimate_inmemory_data_size(self) -> int:
        """Return roughly how many bytes the rows take."""
        return 3 * sum(file.size for file in self._job.files)

    def get_read_tasks(self, *_: object, **__: object) -> list[ReadTask]:
        """Return a task for each file."""
        job, coordinator, done = self._job, self._coordinator, self._done
        return [
            ReadTask(
                lambda file=file: _blocks(job, coordinator, done, file),
                BlockMetadata(num_rows=None, size_bytes=file.size, input_files=[file.path], exec_stats=None),
                SCHEMA,
            )
            for file in job.files
        ]


def _blocks(job: Job, coordinator: Any, done: Any, file: InputFile) -> Iterator[pa.Table]:
    """Yield the rows of a file until the run stops. Instead of raising, tell the coordinator to stop it."""
    try:
        with _open(job, file) as rows:
            reader = job.reader.of_file(file.name)
            if rows.columns:
                reader.check_columns(rows.columns, file.path)
            yield from _tables(job, coordinator, ray.get(done), file, reader.rows(rows))
    except NbxError as error:
        ray.get(coordinator.stop.remote(error))
    except (OSError, pa.ArrowException) as error:
        why = first_line(error)
        ray.get(coordinator.stop.remote(BadInputError(f"cannot read {file.path}", why)))


def _tables(
    job: Job, coordinator: Any, done: Any, file: InputFile, rows: Iterable[Row | BadRow]
) -> Iterator[pa.Table]:
    count, left_out, found = 0, 0, iter(rows)
    skip_bad = job.plan.options.on_bad_row == "skip"
    while chunk := list(islice(found, READ_ROWS)):
        count += len(chunk)
        bad = next((row for row in chunk if isinstance(row, BadRow)), None)
        if bad is not None and not skip_bad:
            what = f"{file.path}, line {bad.line}: {bad.why}"
            raise BadInputError(what, "", "--on-bad-row skip leaves bad rows out")
        if file.name:
            _claim(coordinator, file, count, [row for row in chunk if isinstance(row, Row)])
        keys = np.array([key_of(row, file) for row in chunk], np.int64)
        wanted = np.flatnonzero(~_is_in(keys, done))
        left_out += len(chunk) - len(wanted)
        if ray.get(coordinator.read.remote(file.path, count, left_out)):
            return
        if len(wanted):
            yield pa.table([keys[wanted], [pickle.dumps(chunk[place]) for place in wanted]], schema=SCHEMA)
    ray.get(coordinator.read.remote(file.path, count, left_out, whole=True))


def _claim(coordinator: Any, file: InputFile, end: int, rows: list[Row]) -> None:
    """Raise BadInputError if the id of a row is used in another file, too."""
    named = [row for row in rows if row.id != f"{file.name}:{row.index}"]
    ids = np.array([id_digest(row) for row in named], np.uint64).tobytes()
    if named and (place := ray.get(coordinator.claim.remote(file.path, end, ids))) is not None:
        what = f"id {shown(named[place].id)} is used twice"
        raise BadInputError(what, f"in {file.path} and in another file", "give every row its own id")


def _is_in(keys: Any, done: Any) -> Any:
    """Return for each key whether it is in the sorted array `done`."""
    if not len(done):
        return np.zeros(len(keys), bool)
    places = np.minimum(np.searchsorted(done, keys), len(done) - 1)
    return done[places] == keys


def _open(job: Job, file: InputFile) -> RowFile:
    options = job.plan.options
    if file.format == "parquet":
        stream = job.source.open_input_file(file.path)
    else:
        stream = job.source.open_input_stream(file.path, compression=None)
    return open_rows(
        file.path,
        options.format,
        nul=options.null,
        reading=job.plan.reading,
        stdin=None,
        needs=job.reader.needs,
        file=stream,
    )
