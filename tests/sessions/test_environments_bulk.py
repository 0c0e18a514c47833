"""Bulk runs and the ledger keep everything in unusual environments, as in a normal one."""

import io
import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from nebius_cli.main import main
from nebius_cli.system.streams import Streams
from tests.sessions.test_environments import CLOSED, CROWDED, NBX, TEXT, WORLDS
from tests.support.ledger import rows_of
from tests.support.rows import RowServer, texts, write_rows
from tests.support.run import Runner

SCRIPTS = {
    **{f"closed {closed}": (f'"$@" {closed}', {}) for closed in CLOSED},
    **WORLDS,
    "full": ('"$@" >/dev/full 2>/dev/full', {}),
    "crowded": ('"$@"', {}),
}
PROMPTS = [TEXT, f"{TEXT}2", f"{TEXT}3"]
del SCRIPTS["no rights"]  # the test could not read the answers


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Three rows."""
    return write_rows(tmp_path / "rows.jsonl", PROMPTS)


@pytest.mark.parametrize("world", SCRIPTS)
def test_a_bulk_run_keeps_every_answer_in_an_unusual_environment(
    world: str, bulk: Runner, rows: Path, tmp_path: Path
) -> None:
    script, env = SCRIPTS[world]
    program = [sys.executable, "-c", CROWDED] if world == "crowded" else NBX
    environ = {name: value for name, value in bulk.process_env(env).items() if value != "-"}
    answers = tmp_path / "answers.jsonl"
    done = subprocess.run(
        ["sh", "-c", script, "sh", *program, "bulk", str(rows), "-o", str(answers)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environ,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b""), done
    assert texts(answers) == {number: f" {prompt.upper()}" for number, prompt in enumerate(PROMPTS)}
    assert sorted(path.name for path in tmp_path.glob("answers*")) == ["answers.jsonl"]
    assert len(rows_of(bulk)) == 3


def at(now: float, nbx: Runner, *args: str, jump: float = 3e8) -> tuple[int, str, str]:
    """Run nbx with a clock that alternates between `now` and `jump` seconds earlier at each reading."""
    out, err, looks = io.BytesIO(), io.BytesIO(), itertools.count()
    streams = Streams(None, out, err, environ=nbx.environ, now=lambda: now - next(looks) % 2 * jump)
    return main(args, streams), out.getvalue().decode(), err.getvalue().decode()


def test_a_clock_that_jumps_back_loses_no_request_and_no_answer(
    bulk: Runner, rows: Path, tmp_path: Path, row_server: RowServer
) -> None:
    for now in (2e9, 1e9, 1.5e9):
        assert at(now, bulk, "complete", "x", "--no-stream")[0] == 0
    assert at(1e9, bulk, "bulk", str(rows), "-o", str(tmp_path / "answers.jsonl"))[0] == 0
    assert len(texts(tmp_path / "answers.jsonl")) == 3
    assert len(rows_of(bulk)) == 6
    summed = json.loads(at(1e9, bulk, "usage", "--since", "all", "--json")[1])
    assert summed["total"]["requests"] == 6
    assert len(at(1e9, bulk, "history", "list")[1].splitlines()) == 6


def test_prune_does_not_delete_requests_with_a_time_in_the_future(bulk: Runner) -> None:
    prune = ("history", "prune", "--older-than", "30d")
    for now in (2e9, 1e9):
        assert at(now, bulk, "complete", "x", "--no-stream", jump=0)[0] == 0
    assert at(1e9, bulk, *prune, jump=0) == (0, "", "nbx: deleted 0 requests older than 30d\n")
    assert at(2e9, bulk, *prune, jump=0) == (0, "", "nbx: deleted 1 request older than 30d\n")
    assert len(rows_of(bulk)) == 1
