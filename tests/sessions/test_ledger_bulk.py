"""The ledger has every paid answer of a bulk run, even if the run is killed or the ledger is locked."""

import contextlib
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nebius_cli.ledger.ledger_database import Ledger
from tests.support.ledger import entry, keep, ledger_of, rows_of
from tests.support.rows import RowServer, complete_records, write_rows
from tests.support.run import Runner

OUTPUT = Path("out.jsonl")
RUN = ("bulk", "in.jsonl", "-o", str(OUTPUT), "--max-tokens", "4", "--concurrency", "8")
MANY = 2_000


def answered() -> int:
    return len(complete_records(OUTPUT)) if OUTPUT.exists() else 0


@contextlib.contextmanager
def running(nbx: Runner, *flags: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "nebius_cli", *RUN, *flags]
    with subprocess.Popen(command, env=nbx.process_env(), stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGHUP, signal.SIGQUIT])
def test_the_ledger_has_a_row_for_each_answer_of_a_killed_run(
    bulk: Runner, row_server: RowServer, how: signal.Signals
) -> None:
    write_rows(Path("in.jsonl"), [f"row {number}" for number in range(MANY)])
    for kill in range(1, 4):
        with running(bulk) as process:
            while answered() < kill * 30 and process.poll() is None:
                time.sleep(0.005)
            process.send_signal(how)
            process.wait()
        assert len(rows_of(bulk)) >= answered() >= kill * 30


def test_a_locked_ledger_neither_stops_nor_delays_a_run(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), [f"row {number}" for number in range(300)])
    keep(bulk, entry(1))
    other = sqlite3.connect(ledger_of(bulk).path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    done = bulk(*RUN)
    seconds = time.monotonic() - started
    assert (done.code, answered()) == (0, 300)
    assert done.err.count("another program has locked") == 1
    assert seconds < 15  # the run waits for the ledger once, not for each batch of its 300 rows
    assert len(rows_of(bulk)) == 1
    assert len(ledger_of(bulk).pending_files) == 1
    other.execute("ROLLBACK")
    other.close()
    assert int(bulk("usage", "--json", "--since", "all").json["total"]["requests"]) == 301
    assert ledger_of(bulk).pending_files == []


def test_a_run_writes_to_the_ledger_again_when_it_is_unlocked(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), [f"row {number}" for number in range(MANY)])
    keep(bulk, entry(1))
    other = sqlite3.connect(ledger_of(bulk).path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with running(bulk) as process:
        while answered() < 50:
            time.sleep(0.01)
        other.execute("ROLLBACK")
        other.close()
        assert process.wait(120) == 0
    assert len(rows_of(bulk)) == MANY + 1


@pytest.mark.parametrize("what", ["a damaged file", "a folder"])
def test_rows_that_cannot_be_written_to_the_ledger_are_added_by_the_next_run(
    bulk: Runner, row_server: RowServer, what: str
) -> None:
    write_rows(Path("in.jsonl"), [f"row {number}" for number in range(20)])
    path = ledger_of(bulk).path
    path.parent.mkdir(parents=True)
    if what == "a folder":
        path.mkdir()
    else:
        path.write_bytes(b"damaged" * 999)
    done = bulk(*RUN)
    assert (done.code, done.err.count("saved in a file beside it"), answered()) == (0, 1, 20)
    path.rename(path.with_name("moved"))
    assert int(bulk("usage", "--json").json["total"]["requests"]) == 20


def test_history_rm_fails_while_another_program_reads_the_ledger(nbx: Runner) -> None:
    keep(nbx, *[entry(time.time()) for _ in range(3)])
    reader = sqlite3.connect(ledger_of(nbx).path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM requests").fetchall()
    ledger = Ledger(ledger_of(nbx).path)
    ledger.append([entry(time.time())])  # the reader still needs the older state in the log
    refused = nbx("history", "rm", "1")
    assert (refused.code, "another program has locked it" in refused.err) == (78, True)
    reader.close()
    ledger.close()
    assert nbx("history", "rm", "2").code == 0
    log = Path(f"{ledger_of(nbx).path}-wal")
    assert not log.exists() or log.stat().st_size == 0
