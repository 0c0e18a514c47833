"""Recording a run in the ledger: a problem with the ledger is a warning and never stops the run."""

import sqlite3
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest

from nebius_cli.core.prices_and_costs import UNKNOWN_PRICE, PriceList
from nebius_cli.ledger.bulk_recorder import BulkRecorder
from nebius_cli.ledger.ledger_database import Ledger
from nebius_cli.ledger.periods import Period
from nebius_cli.ledger.request_recorder import LedgerRecorder
from nebius_cli.models.model_and_price_cache import ModelsCache
from nebius_cli.system.streams import Streams
from tests.support.ledger import entry
from tests.support.settings import resolved

STUCK = 60.0  # seconds, the ledger's own timeout


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of a ledger with one row."""
    made = tmp_path / "data" / "ledger.db"
    Ledger(made).append([entry(1)])
    return made


@pytest.fixture
def warnings() -> list[str]:
    """The warnings of the recorder."""
    return []


@pytest.fixture
def recorder(path: Path, warnings: list[str], tmp_path: Path) -> LedgerRecorder:
    """A recorder for that ledger; the ledger's own timeout is far too long."""
    cache = ModelsCache(tmp_path, "http://h/v1", "")
    return LedgerRecorder(Ledger(path, STUCK), resolved(), cache, Streams(None, None, None), warnings.append)


def test_the_recorder_gives_up_on_a_ledger_that_stays_locked(
    recorder: LedgerRecorder, path: Path, warnings: list[str]
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    recorder.write([entry(2)])
    recorder.write([entry(3)])  # returns at once and does not warn again
    assert warnings == [f"cannot write the ledger {path} within 2 s"]
    other.execute("ROLLBACK")
    other.close()


def test_reservations_wait_only_once_for_a_program_that_locks_the_ledger(
    path: Path, warnings: list[str], tmp_path: Path
) -> None:
    settings, cache = resolved({"budget.daily": 1.0}), ModelsCache(tmp_path, "http://h/v1", "")
    recorder = LedgerRecorder(Ledger(path), settings, cache, Streams(None, None, None), warnings.append)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert recorder.budgets.reserve(Decimal("0.1")) is None
    started = time.monotonic()
    assert [recorder.budgets.reserve(Decimal("0.1")) for _ in range(5)] == [None] * 5
    assert time.monotonic() - started < 1
    assert len(warnings) == 1
    other.execute("ROLLBACK")
    assert recorder.budgets.reserve(Decimal("0.1")) == Decimal("0.1")
    other.close()


def test_the_end_of_a_run_does_not_wait_for_a_hanging_write(recorder: LedgerRecorder) -> None:
    resume, ended = threading.Event(), threading.Event()

    def stuck() -> None:
        resume.wait(STUCK)
        ended.set()

    recorder.write([entry(2)])
    database = recorder.ledger._file._database
    assert database is not None
    database.create_function("stuck", 0, stuck)
    database.execute("CREATE TEMP TRIGGER disk AFTER INSERT ON requests BEGIN SELECT stuck(); END")
    threading.Thread(target=recorder.ledger.append, args=([entry(3)],), daemon=True).start()
    batch_recorder = BulkRecorder(
        recorder, PriceList({}), None, Streams(None, None, None), over_budget=False, host="host"
    )
    batch_recorder.close()  # nothing has failed yet
    recorder.write([entry(4)])
    batch_recorder.close()
    assert not ended.is_set()
    resume.set()
    recorder.ledger.close()


def test_entries_are_written_and_a_failure_is_reported_once(
    recorder: LedgerRecorder, path: Path, warnings: list[str]
) -> None:
    recorder.write([entry(2), entry(3)])
    assert [row["time"] for row in Ledger(path).rows(Period())] == [1000, 2000, 3000]
    recorder.ledger.close()
    for file in path.parent.iterdir():
        file.unlink()
    path.write_bytes(b"broken" * 1000)
    recorder.write([entry(4)])
    recorder.write([entry(5)])
    saved = "the entry is saved in a file beside it and added later"
    assert warnings == [f"cannot write the ledger {path}: it is not a ledger; {saved}"]
    path.unlink()
    Ledger(path).write_pending()  # creates a new ledger, as if the old one had been moved away
    assert [row["time"] for row in Ledger(path).rows(Period())] == [4000, 5000]


def test_without_a_budget_no_request_is_refused(recorder: LedgerRecorder) -> None:
    assert recorder.budgets.remaining() is None
    recorder.budgets.check("m", UNKNOWN_PRICE, over_budget=False)
