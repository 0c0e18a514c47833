"""The ledger's database: rows are read back exactly, and damaged or foreign files stay unchanged."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.core.errors_and_exit_codes import LedgerError
from nebius_cli.core.prices_and_costs import Price
from nebius_cli.ledger.entry import Entry, StoredText
from nebius_cli.ledger.entry_to_columns import COLUMNS
from nebius_cli.ledger.ledger_database import Ledger
from nebius_cli.ledger.periods import Period
from nebius_cli.ledger.schema import MIGRATIONS, m001_requests
from nebius_cli.response.answer_events import Usage

ALL = Period()
PRICE = Price(Decimal("0.00000006"), Decimal("0.00000024"), None)


def entry(at: float = 1_800_000_000.0, cost: str | None = "0.01", **more: Any) -> Entry:
    full = Entry(at, "a/model", 0, Usage(10, 5, 15, 2, None), PRICE, None if cost is None else Decimal(cost))
    return full._replace(**more)


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """A ledger whose file does not exist yet."""
    made = Ledger(path, timeout_s=0.05)
    yield made
    made.close()


def test_a_row_is_read_back_exactly(ledger: Ledger) -> None:
    text = {"finish": "stop,length", "profile": "work", "host": "h", "run": "r1", "request_id": "q\ud800"}
    timed = {"latency": 0.25, "first_token": 0.125, "exit": 8}
    ledger.append([entry(1_800_000_000.0014, "0.000000000000000000000001", **text, **timed)])
    (row,) = ledger.rows(ALL)
    assert tuple(row) == COLUMNS
    assert row == {
        "id": 1,
        "time": 1_800_000_000_001,
        "model": "a/model",
        "exit": 8,
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "cached_tokens": 2,
        "reasoning_tokens": None,
        "cost": "0.000000000000000000000001",
        "input_price": "0.00000006",
        "output_price": "0.00000024",
        "cached_price": None,
        "latency": 0.25,
        "first_token": 0.125,
        "finish": "stop,length",
        "profile": "work",
        "host": "h",
        "run": "r1",
        "request_id": "q\ufffd",
    }


def test_only_the_owner_can_read_the_files(ledger: Ledger, path: Path) -> None:
    old = os.umask(0)
    try:
        ledger.append([entry()])
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_reading_a_missing_ledger_gives_nothing_and_creates_nothing(ledger: Ledger, path: Path) -> None:
    assert (list(ledger.rows(ALL)), ledger.latest(ALL, 9), ledger.sums("day", ALL)) == ([], [], [])
    nothing = (ledger.spent(0), ledger.find(1), ledger.count(), ledger.prune(9e9))
    assert nothing == ((Decimal(0), 0), None, 0, 0)
    assert not path.parent.exists()


def test_sums_are_exact_and_count_unknown_costs(ledger: Ledger) -> None:
    tenths = [entry(cost="0.1") for _ in range(10)]
    ledger.append([*tenths, entry(cost=None, usage=None, exit=5), entry(model="b", run="r", cost="2")])
    first, second = ledger.sums("model", ALL)
    assert (first.group, first.requests, first.failed, first.prompt, first.cached) == (
        "a/model",
        11,
        1,
        100,
        20,
    )
    assert (first.cost, first.unknown) == (Decimal("1.0"), 1)
    assert (second.group, second.cost) == ("b", Decimal(2))
    assert [row.group for row in ledger.sums("run", ALL)] == ["", "r"]
    assert ledger.spent(0) == (Decimal("3.0"), 1)
    assert ledger.spent(1_800_000_001) == (Decimal(0), 0)


@pytest.mark.parametrize("damaged", ["NaN", "Infinity", "1.2.3", "1E+999", "-1", "", b"\xff", -1.5])
def test_a_cost_that_is_not_an_amount_is_unknown(ledger: Ledger, path: Path, damaged: Any) -> None:
    ledger.append([entry(cost="0.5"), entry(cost="2")])
    database = sqlite3.connect(path)
    database.execute("UPDATE requests SET cost = ? WHERE id = 2", (damaged,))
    database.commit()
    database.close()
    assert ledger.spent(0) == (Decimal("0.5"), 1)
    (sums,) = ledger.sums("model", ALL)
    assert (sums.cost, sums.unknown) == (Decimal("0.5"), 1)


def test_a_period_includes_its_start_and_not_its_end(ledger: Ledger) -> None:
    ledger.append([entry(at) for at in (10, 20, 30)])
    times = [row["time"] // 1000 for row in ledger.rows(Period(10, 30))]
    assert times == [10, 20]
    assert [row["time"] // 1000 for row in ledger.latest(Period(15), 1)] == [30]


def test_days_are_local_days_even_when_the_clocks_change(path: Path) -> None:
    # 2026-10-25 has 25 hours in Berlin, from 22:00 to 23:00 UTC.
    code = """
from datetime import datetime
from tests.ledger.test_ledger_database import *
times = [f"2026-10-{text}:00+00:00" for text in ("24T21:59", "24T22:00", "25T22:59", "25T23:00")]
ledger = Ledger(Path(sys.argv[1]))
ledger.append([entry(datetime.fromisoformat(text).timestamp()) for text in times])
print([(row.group, row.requests) for row in ledger.sums("day", ALL)])
"""
    env = {**os.environ, "TZ": "Europe/Berlin"}
    done = subprocess.run(
        [sys.executable, "-c", code, path], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[('2026-10-24', 1), ('2026-10-25', 2), ('2026-10-26', 1)]\n"


def test_an_old_ledger_is_migrated_and_keeps_its_rows(ledger: Ledger, path: Path) -> None:
    path.parent.mkdir()
    old = sqlite3.connect(path)
    m001_requests(old)
    old.execute("PRAGMA user_version = 1")
    names = "time, model, exit, finish, profile, host, run, request_id"
    old.execute(f"INSERT INTO requests ({names}) VALUES (5000, 'old', 0, '', '', '', '', '')")
    old.commit()
    old.close()
    ledger.append([entry(6, text=StoredText(b"{}", "", "a prompt", ("an answer",)))])
    assert [row["model"] for row in ledger.latest(ALL, 9)] == ["a/model", "old"]
    assert [row["id"] for row in ledger.latest(ALL, 9, ["prompt"])] == [2]
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_a_ledger_of_a_newer_nbx_stays_unchanged(ledger: Ledger, path: Path) -> None:
    path.parent.mkdir()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    before = path.read_bytes()
    for use in (lambda: ledger.append([entry()]), ledger.count):
        with pytest.raises(LedgerError) as caught:
            use()
        assert "it was written by a newer nbx (format 99;" in caught.value.why
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "data", [b"not a database, but long enough to be one" * 40, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_broken_ledger_is_an_error_and_stays_unchanged(ledger: Ledger, path: Path, data: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(data)
    for use in (lambda: ledger.append([entry()]), ledger.count):
        with pytest.raises(LedgerError) as caught:
            use()
        assert caught.value.why in ("it is not a ledger", "it is damaged")
    assert path.read_bytes() == data


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError) as caught:
        Ledger(tmp_path / "file" / "ledger.db").append([entry()])
    assert caught.value.why == "Not a directory"


def test_a_full_disk_is_an_error_and_no_transaction_is_half_written(path: Path) -> None:
    code = """
import resource, sys
from tests.ledger.test_ledger_database import *
ledger = Ledger(Path(sys.argv[1]))
ledger.append([entry()])
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    ledger.append([entry(model="m" * 1000) for _ in range(1000)])
except LedgerError as error:
    print(error.what.startswith("cannot write the ledger"), bool(error.why))
"""
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("True True\n", 0), done.stderr
    assert Ledger(path).count() == 1


def test_a_file_system_without_shared_memory_works_with_a_rollback_journal(
    ledger: Ledger, path: Path
) -> None:
    path.parent.mkdir()
    path.with_name("ledger.db-shm").mkdir()  # where write-ahead mode creates a file
    ledger.append([entry()])
    ledger.close()
    Ledger(path).append([entry()])
    assert Ledger(path).count() == 2


def test_any_thread_may_write(ledger: Ledger) -> None:
    threads = [threading.Thread(target=ledger.append, args=([entry(n)],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.count() == 8


def test_a_closed_ledger_can_be_used_again(ledger: Ledger) -> None:
    ledger.append([entry()])
    ledger.close()
    ledger.close()
    ledger.append([entry()])
    assert ledger.count() == 2
