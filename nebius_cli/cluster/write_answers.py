"""Writes the answers of a run on Ray: a file for each block, in a folder."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import ray
from pyarrow import parquet
from ray.data.block import BlockAccessor
from ray.data.datasource import BlockBasedFileDatasink

from nebius_cli.bulk.export.parquet_file import schema
from nebius_cli.cluster.job import KEY, Job
from nebius_cli.core.errors import OutputError
from nebius_cli.core.short_text import first_line

FAILED = "failed"
RECORD = "record"


def answer_schema(output_format: str) -> pa.Schema:
    """Return the columns of a block of answers: the key, whether the row failed, and what is written."""
    own = [pa.field(KEY, pa.int64()), pa.field(FAILED, pa.bool_())]
    if output_format == "jsonl":
        return pa.schema([*own, pa.field(RECORD, pa.binary())])
    return pa.schema([*own, *schema(pa)])


class AnswersDatasink(BlockBasedFileDatasink):  # type: ignore[misc]
    """Writes blocks of `answer_schema`, and tells the gate how many rows are written."""

    def __init__(self, job: Job, gate: Any) -> None:
        super().__init__(job.output, filesystem=job.target, file_format=job.output_format)
        self._format = job.output_format
        self._shown = job.plan.options.output
        self._gate = gate

    def write_block(self, block: BlockAccessor, block_index: int, ctx: Any) -> None:
        """Write a block. The gate stops the run if that is not possible."""
        try:
            super().write_block(block, block_index, ctx)
        except OSError as error:
            why = error.strerror or first_line(error)
            ray.get(self._gate.stop.remote(OutputError(f"cannot write {self._shown}", why)))
            raise
        rows = block.to_arrow().select([KEY, FAILED]).group_by([KEY, FAILED]).aggregate([])
        failed = pc.sum(rows[FAILED].cast(pa.int64())).as_py()
        ray.get(self._gate.written.remote(ctx.task_idx, rows.num_rows, failed))

    def write_block_to_file(self, block: BlockAccessor, file: Any) -> None:
        """Write what a user reads."""
        table = block.to_arrow()
        if self._format == "jsonl":
            file.write(b"".join(table[RECORD].to_pylist()))
        else:
            parquet.write_table(table.drop_columns([KEY, FAILED]), file, compression="zstd")
