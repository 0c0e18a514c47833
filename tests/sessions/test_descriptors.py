"""With a low limit of open files, a run sends fewer requests at once and no row fails."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.answers import answer, row, write
from tests.support.rows import RowServer, records, write_rows
from tests.support.run import Runner

LIMITED = """
import resource, runpy, sys
soft, hard = int(sys.argv.pop(1)), int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
runpy.run_module("nebius_cli", run_name="__main__")
"""


def limited(bulk: Runner, soft: int, hard: int, *args: str) -> "subprocess.CompletedProcess[str]":
    """Run nbx with a soft and a hard limit of open files."""
    command = [sys.executable, "-c", LIMITED, str(soft), str(hard), *args]
    return subprocess.run(
        command, env=bulk.process_env(), capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(("hard", "least", "most"), [(32, 1, 16), (64, 8, 32), (256, 40, 128)])
def test_a_run_limits_concurrent_requests_to_the_open_file_limit(
    hard: int, least: int, most: int, bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), 400)
    done = limited(bulk, hard, hard, "bulk", "in.jsonl", "-o", "out.jsonl", "--concurrency", "300")
    assert done.returncode == 0, done.stderr
    assert "ulimit -n raises it" in done.stderr
    assert [record["error"] for record in records(Path("out.jsonl"))] == [None] * 400
    allowed = int(done.stderr.partition("at most ")[2].split()[0])
    assert least <= allowed <= most


def test_a_low_limit_is_raised_if_the_system_allows_it(bulk: Runner) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    write_rows(Path("in.jsonl"), 400)
    done = limited(bulk, 64, hard, "bulk", "in.jsonl", "-o", "out.jsonl", "--concurrency", "256")
    assert (done.returncode, "ulimit" in done.stderr) == (0, False), done.stderr


def test_merge_handles_more_shards_than_the_open_file_limit(bulk: Runner) -> None:
    paths = [Path(f"answers-{number}.jsonl") for number in range(100)]
    for number, path in enumerate(paths):
        write(path, answer(row(number)), answer(row(number + 100)))
    done = limited(bulk, 40, 40, "bulk", "merge", *map(str, paths), "-o", "all.jsonl")
    assert done.returncode == 0, done.stderr
    assert [record["index"] for record in records(Path("all.jsonl"))] == list(range(200))
