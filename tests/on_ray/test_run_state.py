"""The saved state of a run on Ray: which answers are finished, and which rows failed."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import fs, parquet

from nebius_cli.cluster.checkpoint_folder import (
    FAILED_PREFIX,
    PENDING,
    delete_failed,
    delete_pending,
    done_keys,
)
from nebius_cli.cluster.job_for_actors import KEY, Job


@pytest.fixture
def job(tmp_path: Path) -> Job:
    made = Job(*[None] * 12)  # type: ignore[arg-type]
    for name, value in (("target", fs.LocalFileSystem()), ("output_format", "jsonl")):
        object.__setattr__(made, name, value)
    object.__setattr__(made, "output", str(tmp_path / "out"))
    Path(made.output).mkdir()
    Path(made.checkpoint).mkdir(parents=True)
    return made


def add(job: Job, stem: str, keys: Sequence[int], *, pending: bool = False, answers: bool = True) -> None:
    mark = PENDING if pending else ""
    parquet.write_table(pa.table({KEY: pa.array(keys, pa.int64())}), f"{job.checkpoint}/{stem}{mark}.parquet")
    if answers:
        Path(f"{job.output}/{stem}.jsonl").write_text("{}\n")


def names(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def test_unfinished_answers_are_deleted(job: Job) -> None:
    add(job, "a", [1])
    add(job, "b", [2], pending=True)
    add(job, "c", [3], pending=True, answers=False)
    delete_pending(job)
    assert (names(job.output), names(job.checkpoint)) == (["a.jsonl"], ["a.parquet"])


def test_answers_are_kept_if_an_object_store_left_both_key_files_of_a_rename(job: Job) -> None:
    add(job, "a", [1])
    add(job, "a", [1], pending=True)
    delete_pending(job)
    assert (names(job.output), names(job.checkpoint)) == (["a.jsonl"], ["a.parquet"])


def test_failed_rows_count_as_done_until_the_next_run_deletes_them(job: Job) -> None:
    add(job, "a", [3, 1])
    add(job, f"{FAILED_PREFIX}a", [2])
    add(job, "b", [4], pending=True)
    assert (done_keys(job).tolist(), done_keys(job, FAILED_PREFIX).tolist()) == ([1, 2, 3], [2])
    delete_failed(job)
    assert (done_keys(job).tolist(), done_keys(job, FAILED_PREFIX).tolist()) == ([1, 3], [])
    assert names(job.output) == ["a.jsonl", "b.jsonl"]
