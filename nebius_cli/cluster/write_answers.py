"""Writes the results of a block on Ray: a file of answers, and one of failed rows."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
from pyarrow import parquet
from ray._common.retry import call_with_retry
from ray.data import DataContext
from ray.data.checkpoint import CheckpointConfig
from ray.data.checkpoint.checkpoint_writer import CheckpointWriter

from nebius_cli.bulk.export.choice_rows import choice_rows
from nebius_cli.bulk.export.parquet_file import schema
from nebius_cli.cluster.checkpoint_folder import FAILED_PREFIX
from nebius_cli.cluster.job_for_actors import KEY, Job
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import OutputError
from nebius_cli.core.short_text import first_line


class KeyedRecord(NamedTuple):
    """The record of a row, as a line of JSON, and the key of the row."""

    key: int
    failed: bool
    line: bytes


class BlockWriter:
    """Writes files in two phases with the checkpoints of Ray Data, so that only complete files are kept."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._checkpoints = CheckpointWriter.create(
            CheckpointConfig(KEY, job.checkpoint, override_filesystem=job.target)
        )

    def write(self, records: Sequence[KeyedRecord]) -> None:
        """Write the records of a block for good. Raises OutputError."""
        stem = uuid.uuid4().hex
        for name, failed in ((stem, False), (f"{FAILED_PREFIX}{stem}", True)):
            found = [record for record in records if record.failed == failed]
            try:
                if found:
                    self._write(name, found)
            except OSError as error:
                what = f"cannot write {self._job.plan.options.output}"
                raise OutputError(what, error.strerror or first_line(error)) from None

    def _write(self, name: str, records: Sequence[KeyedRecord]) -> None:
        keys = pa.array([record.key for record in records], pa.int64())
        pending = self._checkpoints.write_pending_checkpoint(keys, name)
        call_with_retry(
            lambda: self._write_file(f"{self._job.output}/{name}.{self._job.output_format}", records),
            description="write answers",
            match=DataContext.get_current().retried_io_errors,
        )
        self._checkpoints.commit_checkpoint(pending)

    def _write_file(self, path: str, records: Sequence[KeyedRecord]) -> None:
        with self._job.target.open_output_stream(path, compression=None) as file:
            if self._job.output_format == "jsonl":
                file.write(b"".join(record.line for record in records))
            else:
                rows = [row for record in records for row in choice_rows(jsontext.decode(record.line))]
                parquet.write_table(pa.Table.from_pylist(rows, schema(pa)), file, compression="zstd")
