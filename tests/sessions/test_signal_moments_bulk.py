"""A signal at any moment of a command that changes files or the ledger does not damage them.

A second, undisturbed run continues from what the first one left and finishes the work.
"""

import random
import signal
import sqlite3
from pathlib import Path

import pytest

from nebius_cli.ledger.ledger_database import NAME
from tests.sessions.test_signal_moments import ENDS, at
from tests.support.ledger import entry, keep, rows_of, text
from tests.support.rows import RowServer, texts, write_rows
from tests.support.run import Runner

RUN = ["bulk", "rows.jsonl", "-o", "answers.jsonl", "--concurrency", "2"]
TIMES = {signal.SIGINT: 4, signal.SIGTERM: 4, signal.SIGHUP: 2, signal.SIGPIPE: 1}


def check_ledger(nbx: Runner) -> None:
    """Fail if the database is damaged or a row of it cannot be read."""
    with sqlite3.connect(Path(nbx.environ["NBX_DATA_DIR"]) / NAME) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
    rows_of(nbx)


@pytest.mark.parametrize("number", TIMES, ids=lambda number: number.name)
def test_a_signal_at_any_moment_of_a_bulk_run_loses_no_answer(
    number: signal.Signals, bulk: Runner, row_server: RowServer, tmp_path: Path
) -> None:
    prompts = {index: f" PROMPT {index}" for index in range(6)}

    def folder(name: str) -> Path:
        here = tmp_path / name
        here.mkdir()
        write_rows(here / "rows.jsonl", len(prompts))
        return here

    first = folder("first")
    assert at(0, 0, RUN, bulk, first).code == 0
    total = int((first / "moments").read_text())
    rng = random.Random(number.name)
    for time in range(TIMES[number]):
        moment, here = rng.randrange(1, total), folder(str(time))
        ended = at(moment, number, RUN, bulk, here)
        reported = f"at {moment} of {total}: {ended}"
        assert ended.code in ENDS[number] | {0}, reported
        assert ended.out == b"", reported
        for word in ("Traceback", "Exception ignored", "bug"):
            assert word not in ended.err, reported
        if ended.code == 0:
            assert texts(here / "answers.jsonl") == prompts, reported
        again = at(0, 0, RUN, bulk, here)
        assert again.code == 0, f"{reported} {again}"
        assert texts(here / "answers.jsonl") == prompts, reported
        assert {path.name for path in here.iterdir()} == {"rows.jsonl", "answers.jsonl", "moments"}, reported
        check_ledger(bulk)


@pytest.mark.parametrize("number", TIMES, ids=lambda number: number.name)
def test_a_signal_at_any_moment_leaves_a_request_deleted_or_unchanged(
    number: signal.Signals, bare: Runner, tmp_path: Path
) -> None:
    keep(bare, entry(1e9), entry(1e9, text=text("secret plan", "x")))
    args = ["history", "rm", "1"]
    at(0, 0, args, bare, tmp_path)
    total = int((tmp_path / "moments").read_text())
    rng = random.Random(number.name)
    gone = 1
    for _ in range(TIMES[number]):
        keep(bare, entry(1e9, text=text("secret plan", "x")))
        ids = [row["id"] for row in rows_of(bare)]
        moment = rng.randrange(1, total)
        ended = at(moment, number, ["history", "rm", str(ids[-1])], bare, tmp_path)
        reported = f"at {moment} of {total}: {ended}"
        assert ended.code in ENDS[number] | {0}, reported
        assert "Traceback" not in ended.err, reported
        left = [row["id"] for row in rows_of(bare)]
        assert left in (ids, ids[:-1]), reported
        assert ended.code != 0 or left == ids[:-1], reported
        gone += len(ids) - len(left)
        check_ledger(bare)
    assert gone


@pytest.mark.parametrize("number", TIMES, ids=lambda number: number.name)
def test_uninstall_undoes_an_installation_interrupted_at_any_moment(
    number: signal.Signals, bare: Runner, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    rc = home / ".zshrc"
    rc.write_text("alias ll='ls -l'\n")
    at(0, 0, ["completion", "install", "zsh"], bare, tmp_path)
    installed, total = rc.read_bytes(), int((tmp_path / "moments").read_text())
    assert bare.process("completion", "uninstall", "zsh").code == 0
    before = rc.read_bytes()
    assert before == b"alias ll='ls -l'\n" != installed
    rng = random.Random(number.name)
    for _ in range(TIMES[number]):
        moment = rng.randrange(1, total)
        ended = at(moment, number, ["completion", "install", "zsh"], bare, tmp_path)
        reported = f"at {moment} of {total}: {ended}"
        assert ended.code in ENDS[number] | {0}, reported
        assert "Traceback" not in ended.err, reported
        assert rc.read_bytes() in (before, installed), reported
        assert bare.process("completion", "uninstall", "zsh").code == 0, reported
        assert rc.read_bytes() == before, reported
