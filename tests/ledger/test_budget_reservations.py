"""Reservations: what all processes together spend and reserve never exceeds a shared budget."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.ledger.budget_reservations import MAX_SHARE, REQUESTS_AHEAD, Cap
from nebius_cli.ledger.ledger_database import Ledger
from tests.support.ledger import entry

Opened = Callable[[], Ledger]
CAP = Cap(0.0, Decimal(10))


@pytest.fixture
def opened(path: Path) -> Iterator[Opened]:
    """Opens the ledger; each call returns a new one, as another process would have."""
    made: list[Ledger] = []

    def open_one() -> Ledger:
        made.append(Ledger(path))
        return made[-1]

    yield open_one
    for ledger in made:
        ledger.reservations.release()
        ledger.close()


def reserve(ledger: Ledger, amount: str, *caps: Cap, ahead: bool = False) -> Decimal:
    return ledger.reservations.reserve(Decimal(amount), caps or [CAP], ahead=ahead, timeout_s=None)


def rows(path: Path) -> list[Any]:
    database = sqlite3.connect(path)
    found = database.execute("SELECT amount FROM reservations ORDER BY amount").fetchall()
    database.close()
    return [amount for (amount,) in found]


def test_spending_and_reservations_of_other_processes_reduce_the_budget(path: Path, opened: Opened) -> None:
    one, other = opened(), opened()
    one.append([entry(1, cost=Decimal("2.5"))])
    assert reserve(one, "4") == 4
    assert reserve(other, "4") == 0
    assert reserve(other, "3.5") == Decimal("3.5")
    assert reserve(other, "0.000000000001") == 0
    one.reservations.release()
    assert reserve(other, "4") == 4
    assert rows(path) == ["7.5"]


def test_the_tightest_budget_decides_and_each_counts_from_its_own_start(path: Path, opened: Opened) -> None:
    ledger = opened()
    ledger.append([entry(1, cost=Decimal(5)), entry(100, cost=Decimal(1))])
    month, day = Cap(0.0, Decimal(10)), Cap(50.0, Decimal(5))
    assert reserve(ledger, "4.1", month, day) == 0
    assert reserve(ledger, "4", month, day) == 4
    tomorrow = Cap(200.0, Decimal(5))
    assert reserve(ledger, "0.1", month, tomorrow) == 0
    assert reserve(ledger, "0.1", tomorrow) == Decimal("0.1")


def test_an_actual_cost_replaces_the_amount_reserved_for_it(path: Path, opened: Opened) -> None:
    one, other = opened(), opened()
    reserve(one, "10")
    one.append([entry(1, cost=Decimal(6))], spent=Decimal(6))
    assert rows(path) == ["4"]
    assert reserve(other, "0.1") == 0
    one.append([entry(1, cost=Decimal(5))], spent=Decimal(5))  # more than was reserved
    assert rows(path) == []


def test_a_run_reserves_ahead_but_only_a_share_of_the_budget_left(path: Path, opened: Opened) -> None:
    ledger = opened()
    assert reserve(ledger, "0.001", ahead=True) == Decimal("0.001") * REQUESTS_AHEAD
    assert reserve(ledger, "1", ahead=True) == 1  # more than a share of the rest
    left = 10 - Decimal("1.064")
    assert reserve(ledger, "0.1", ahead=True) == left * MAX_SHARE


OWNER = """
import os, sys, time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from nebius_cli.ledger.budget_reservations import Cap
from nebius_cli.ledger.ledger_database import Ledger
reservations = Ledger(Path(sys.argv[1])).reservations
print(reservations.reserve(Decimal(9), [Cap(0.0, Decimal(10))], ahead=False, timeout_s=None), flush=True)
time.sleep(60)
"""


def test_the_reservation_of_a_killed_process_is_released(path: Path, opened: Opened) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(path)], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"9\n"
    ledger = opened()
    assert reserve(ledger, "2") == 0
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    assert reserve(ledger, "2") == 2
    assert rows(path) == ["2"]
    ledger.reservations.release()
    assert list(path.with_suffix(".owners").iterdir()) == []


@pytest.mark.parametrize("owner", ["../../etc/passwd", "", "x" * 300, "a\0b", "abc", 3, b"\xff"])
@pytest.mark.parametrize("amount", ["9", "NaN", "-5", b"\xff"])
def test_an_invalid_reservation_is_deleted_and_never_blocks_a_budget(
    path: Path, opened: Opened, owner: Any, amount: Any
) -> None:
    ledger = opened()
    reserve(ledger, "1")
    ledger.reservations.release()
    database = sqlite3.connect(path)
    database.execute("INSERT INTO reservations VALUES (?, ?)", (owner, amount))
    database.commit()
    database.close()
    os.mkfifo(path.with_suffix(".owners") / "abc.lock")
    assert reserve(ledger, "10") == 10


def test_the_smallest_price_and_the_largest_budget_are_exact(path: Path, opened: Opened) -> None:
    ledger = opened()
    cap = Cap(0.0, Decimal(1000000000))
    assert reserve(ledger, "0.000000000001", cap) == Decimal("0.000000000001")
    assert reserve(ledger, "1000000000", cap) == 0
    assert reserve(ledger, "999999999.999999999999", cap) == Decimal("999999999.999999999999")
