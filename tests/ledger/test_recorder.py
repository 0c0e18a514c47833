"""The books of a run: what is in the way of the ledger is in nobody else's way."""

import sqlite3
import threading
from pathlib import Path

import pytest

from nebius_cli.config.settings import Sourced
from nebius_cli.core.money import PriceList
from nebius_cli.ledger.batch_recorder import BatchRecorder
from nebius_cli.ledger.periods import Period
from nebius_cli.ledger.recorder import LedgerRecorder
from nebius_cli.ledger.store import Ledger
from nebius_cli.models.cache import ModelsCache
from nebius_cli.system.streams import Streams
from tests.support.ledger import entry

STUCK = 60.0  # seconds for which the ledger itself would wait


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with nothing in it."""
    made = tmp_path / "data" / "ledger.db"
    Ledger(made).append([entry(1)])
    return made


@pytest.fixture
def said() -> list[str]:
    """What the books have said."""
    return []


@pytest.fixture
def books(path: Path, said: list[str], tmp_path: Path) -> LedgerRecorder:
    """Books over that ledger, which waits for it longer than anybody would."""
    merged = {"ledger": Sourced(True, "default")}
    cache = ModelsCache(tmp_path, "http://h/v1", "")
    return LedgerRecorder(Ledger(path, STUCK), merged, cache, "", Streams(None, None, None), said.append)


def test_a_ledger_that_does_not_answer_is_given_up(
    books: LedgerRecorder, path: Path, said: list[str]
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    books.write([entry(2)])
    books.write([entry(3)])  # costs no time and no words any more
    assert said == [f"the ledger {path} cannot be written within 2 s"]
    other.execute("ROLLBACK")
    other.close()


def test_a_run_that_ends_does_not_wait_for_a_write_that_does_not_answer(books: LedgerRecorder) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def stuck() -> None:
        go_on.wait(STUCK)
        ended.set()

    books.write([entry(2)])
    database = books.ledger._file._database
    assert database is not None
    database.create_function("stuck", 0, stuck)
    database.execute("CREATE TEMP TRIGGER disk AFTER INSERT ON requests BEGIN SELECT stuck(); END")
    threading.Thread(target=books.ledger.append, args=([entry(3)],), daemon=True).start()
    tab = BatchRecorder(books, PriceList({}), "", "host", Streams(None, None, None), over=False)
    tab.close()  # nothing has failed yet
    books.write([entry(4)])
    tab.close()
    assert not ended.is_set()
    go_on.set()
    books.ledger.close()


def test_entries_are_written_and_fault_is_told_once(
    books: LedgerRecorder, path: Path, said: list[str]
) -> None:
    books.write([entry(2), entry(3)])
    assert [row["time"] for row in Ledger(path).rows(Period())] == [1000, 2000, 3000]
    books.ledger.close()
    for file in path.parent.iterdir():
        file.unlink()
    path.write_bytes(b"broken" * 1000)
    books.write([entry(4)])
    books.write([entry(5)])
    assert said == [f"the ledger {path} cannot be written: it is not a ledger"]


def test_without_a_budget_nothing_is_left_to_watch(books: LedgerRecorder) -> None:
    assert books.left() is None
    books.check("m", over=False)
