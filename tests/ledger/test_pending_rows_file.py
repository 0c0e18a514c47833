"""Pending files: rows that could not be written are kept beside the ledger and added to it exactly once."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.core.errors_and_exit_codes import LedgerError
from nebius_cli.ledger import entry_to_columns
from nebius_cli.ledger.entry import Entry, StoredText
from nebius_cli.ledger.ledger_database import Ledger
from nebius_cli.ledger.pending_rows_file import Pending
from nebius_cli.ledger.periods import Period
from nebius_cli.ledger.sqlite_file import BusyError
from tests.support.ledger import entry

ALL = Period()
TEXT = StoredText("é".encode(), "q=1", "a secret prompt", ("a", "b"))
NAME = "1-1-aa"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """A ledger with one row."""
    made = Ledger(path, timeout_s=0.05)
    made.append([entry(1)])
    yield made
    made.close()


@pytest.fixture
def folder(path: Path, ledger: Ledger) -> Path:
    """The folder of the ledger's pending files."""
    made = path.with_suffix(".pending")
    made.mkdir()
    return made


def times(ledger: Ledger) -> list[int]:
    return sorted(row["time"] // 1000 for row in ledger.rows(ALL))


def values(**changed: Any) -> list[Any]:
    """The values of a row in a pending file."""
    row = {
        "time": 7000,
        "model": "m",
        "exit": 0,
        "p": 1,
        "c": 1,
        "cached": None,
        "r": None,
        "cost": "0.5",
        "in": "1",
        "out": "1",
        "cached_price": None,
        "latency": 0.5,
        "first": None,
        "finish": "stop",
        "profile": "",
        "host": "h",
        "run": "",
        "request_id": "",
    }
    return list({**row, **changed}.values())


def line(number: int, **changed: Any) -> bytes:
    row = {"pending_id": f"{NAME}:{number}", "values": values(**changed), "text": None}
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def test_rows_are_set_aside_while_another_program_locks_the_ledger(ledger: Ledger, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BusyError):
        ledger.append([entry(2)])
    ledger.write_to_pending_file([entry(2), entry(3, text=TEXT)])
    ledger.write_to_pending_file([entry(4)])
    (waiting,) = path.with_suffix(".pending").iterdir()  # one file for each process
    assert stat.S_IMODE(waiting.stat().st_mode) == 0o600
    assert ledger.count() == 1  # reading needs no lock
    ledger.write_pending()
    assert waiting.exists()
    other.execute("ROLLBACK")
    ledger.append([entry(5)])
    assert ledger.pending_files == []
    assert times(ledger) == [1, 2, 3, 4, 5]
    found = next(row["id"] for row in ledger.rows(ALL) if row["time"] == 3000)
    assert ledger.find(found)[1] == TEXT  # type: ignore[index]


def test_rows_that_a_process_keeps_setting_aside_are_each_added_once(ledger: Ledger, path: Path) -> None:
    writer = Ledger(path)
    for number in range(2, 6):
        writer.write_to_pending_file([entry(number)])
        ledger.write_pending()
    writer.close()
    assert times(ledger) == [1, 2, 3, 4, 5]


def test_a_pending_file_left_behind_does_not_add_its_rows_again(ledger: Ledger, folder: Path) -> None:
    ledger.write_to_pending_file([entry(2), entry(2)])  # two equal requests are two rows
    (waiting,) = folder.iterdir()
    copy = waiting.read_bytes()
    ledger.write_pending()
    for name in (waiting.name, waiting.with_suffix(".taken").name):
        (folder / name).write_bytes(copy)
        ledger.write_pending()
    assert times(ledger) == [1, 2, 2]
    assert ledger.pending_files == []


# Adds pending rows to the ledger and is killed at the n-th of these calls.
KILLED = """
import os, signal, sys
from pathlib import Path
from nebius_cli.ledger.ledger_database import Ledger
left = int(sys.argv[2])
def audit(event, arguments):
    global left
    if event in ("os.rename", "os.remove", "sqlite3.connect", "open"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
ledger = Ledger(Path(sys.argv[1]))
sys.addaudithook(audit)
ledger.write_pending()
ledger.close()
"""


def test_killing_a_writer_of_pending_rows_neither_loses_nor_duplicates_rows(
    ledger: Ledger, path: Path
) -> None:
    killed = 0
    for calls in range(12):
        ledger.write_to_pending_file([entry(100 + calls), entry(200 + calls)])
        done = subprocess.run([sys.executable, "-c", KILLED, str(path), str(calls)], check=False)
        killed += done.returncode == -signal.SIGKILL
    assert killed >= 4
    ledger.write_pending()
    assert times(ledger) == [1, *range(100, 112), *range(200, 212)]
    assert ledger.pending_files == []


def test_pending_files_of_an_older_nbx_are_added(ledger: Ledger, folder: Path) -> None:
    rows = [{"values": values(time=2000), "text": None}, {"values": values(time=3000), "text": None}]
    (folder / f"{NAME}.json").write_text(json.dumps(rows))
    (folder / "2-1-bb.taken").write_text(json.dumps([{"values": values(time=4000), "text": None}]))
    ledger.append([entry(5)])
    ledger.write_pending()
    assert times(ledger) == [1, 2, 3, 4, 5]
    assert list(folder.iterdir()) == []


def test_a_cut_or_damaged_line_does_not_block_other_rows(ledger: Ledger, folder: Path) -> None:
    odd: list[dict[str, Any]] = [
        {"time": None},
        {"time": "soon"},
        {"time": 2**70},
        {"model": 3},
        {"exit": [1]},
        {"host": None},
    ]
    lines = [line(1, time=2000), *(line(9 + n, **wrong) for n, wrong in enumerate(odd)), b"\0\n", b"[3]\n"]
    (folder / f"{NAME}.jsonl").write_bytes(b"".join([*lines, line(3, time=3000), line(4)[:50]]))
    ledger.append([entry(4)])
    ledger.write_pending()
    assert times(ledger) == [1, 2, 3, 4]
    assert list(folder.iterdir()) == []  # a truncated prompt must not stay on the disk for ever


@pytest.mark.parametrize("cost", ["NaN", "Infinity", "-1", "1E+999999", "abc", 1e400, True, [], "9" * 80])
def test_an_impossible_cost_is_unknown(ledger: Ledger, folder: Path, cost: Any) -> None:
    (folder / f"{NAME}.jsonl").write_bytes(line(1, cost=cost, p=10**30, latency=float("nan")))
    ledger.append([entry(2, cost=Decimal(1))])
    ledger.write_pending()
    row = next(row for row in ledger.rows(ALL) if row["time"] == 7000)
    assert (row["cost"], row["prompt_tokens"], row["latency"]) == (None, None, None)
    assert ledger.spent(2) == (Decimal(1), 1)


FOREIGN: dict[str, Any] = {
    "cut": lambda target: target.write_bytes(b"[1"),
    "no UTF-8": lambda target: target.write_bytes(b"\xff\0"),
    "a number": lambda target: target.write_bytes(b"3"),
    "an old file without rows": lambda target: target.write_bytes(b'[{"values": [1]}, {"text": null}, 3]'),
    "nested": lambda target: target.write_bytes(b"[" * 100_000),
    "a folder": lambda target: target.mkdir(),
    "a pipe": os.mkfifo,
    "a device": lambda target: target.symlink_to("/dev/zero"),
    "a link": lambda target: target.symlink_to(target.parent.parent / "elsewhere"),
    "a loop": lambda target: target.symlink_to(target),
    "another name": lambda target: target.with_name("notes.jsonl").write_bytes(line(1)),
}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".taken"])
def test_files_of_other_programs_are_ignored_and_kept(
    ledger: Ledger, folder: Path, kind: str, suffix: str
) -> None:
    (folder.parent / "elsewhere").write_bytes(line(2, time=9000))
    FOREIGN[kind](folder / f"{NAME}{suffix}")
    (target,) = folder.iterdir()
    before = target.lstat()
    ledger.append([entry(2)])
    ledger.write_pending()
    assert times(ledger) == [1, 2]
    assert (target.lstat().st_ino, target.lstat().st_size) == (before.st_ino, before.st_size)
    assert (folder.parent / "elsewhere").exists()


def test_rows_cannot_be_set_aside_if_the_folder_is_a_file(ledger: Ledger, path: Path) -> None:
    path.with_suffix(".pending").write_text("")
    ledger.append([entry(2)])
    ledger.write_pending()
    with pytest.raises(LedgerError, match="beside the ledger"):
        ledger.write_to_pending_file([entry(3)])
    assert times(ledger) == [1, 2]


def test_a_row_on_a_full_disk_is_written_completely_or_not_at_all(path: Path) -> None:
    code = """
import resource, signal, sys
from tests.ledger.test_pending_rows_file import *
ledger = Ledger(Path(sys.argv[1]))
ledger.append([entry(1)])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ledger.write_to_pending_file([entry(2)])
(waiting,) = ledger.pending_files
resource.setrlimit(resource.RLIMIT_FSIZE, (waiting.stat().st_size + 40,) * 2)
try:
    ledger.write_to_pending_file([entry(3)])
except LedgerError as error:
    print(error.why)
print(waiting.read_bytes().count(b"\\n"), waiting.read_bytes().endswith(b"\\n"))
"""
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert done.stdout == "File too large\n1 True\n", done.stderr


def texts_of(path: Path) -> bytes:
    """The contents of the ledger and of all files beside it."""
    return b"".join(file.read_bytes() for file in path.parent.rglob("*") if file.is_file())


@pytest.mark.parametrize("how", ["remove", "prune"])
def test_deleting_a_row_erases_a_prompt_that_was_pending(ledger: Ledger, path: Path, how: str) -> None:
    def keep(waiting: Entry) -> None:
        other = Ledger(path)
        other.write_to_pending_file([waiting])
        other.close()

    keep(entry(2, text=TEXT))
    assert b"a secret prompt" in texts_of(path)
    ledger.write_pending()
    if how == "prune":
        assert ledger.prune(3) == 2
    else:
        assert ledger.remove([2]) == [2]
    ledger.close()
    assert b"a secret prompt" not in texts_of(path)


def test_an_empty_pending_file_is_removed_by_the_next_writer(ledger: Ledger, folder: Path) -> None:
    (folder / f"{NAME}.jsonl").write_bytes(b"")
    (folder / "2-1-bb.taken").write_bytes(b"")
    ledger.write_pending()
    assert list(folder.iterdir()) == []
    assert times(ledger) == [1]


def test_a_process_whose_empty_pending_file_was_removed_loses_no_row(path: Path, ledger: Ledger) -> None:
    waiting = Pending(path)
    waiting._create(1)
    ledger.write_pending()
    waiting.add([(entry_to_columns.of_entry(entry(2)), None)])
    waiting.close()
    ledger.write_pending()
    assert times(ledger) == [1, 2]
    assert list(path.with_suffix(".pending").iterdir()) == []
