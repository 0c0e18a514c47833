"""What `nbx doctor` reports about the ledger and the budgets, and the ledger row of its own request."""

import sqlite3
import time
from decimal import Decimal
from typing import Any

import pytest

from tests.support.factory import BASIC, model_list
from tests.support.findings import row, states, today
from tests.support.ledger import entry, keep, ledger_of, rows_of
from tests.support.run import Runner
from tests.support.server import FakeServer, json_answer


@pytest.fixture
def well(nbx: Runner, server: FakeServer) -> Runner:
    """nbx without any problem."""
    server.script(model_list(Date=today()))
    return Runner({**nbx.environ, "NEBIUS_MODEL": BASIC["id"]})


def test_a_spent_budget_fails_the_budget_check(well: Runner) -> None:
    keep(well, entry(time.time(), cost=Decimal(3)))
    result = well("doctor", env={"NBX_BUDGET_DAILY": "3", "NBX_BUDGET_MONTHLY": "100"})
    assert result.code == 10
    assert row(result, "budget") == (
        "fail",
        "budget.daily: $3.00 of $3.00 spent today; budget.monthly: $3.00 of $100.00 spent this month",
        "raise budget.daily, or use --over-budget for one run",
    )


@pytest.mark.parametrize(("spent", "state"), [("0.79", "ok"), ("0.8", "warn"), ("1", "fail")])
def test_the_state_of_a_budget_depends_on_the_amount_spent(well: Runner, spent: str, state: str) -> None:
    keep(well, entry(time.time(), cost=Decimal(spent)))
    result = well("doctor", env={"NBX_BUDGET_MONTHLY": "1"})
    assert states(result)["budget"] == state


def test_a_budget_without_a_ledger_is_a_warning(well: Runner) -> None:
    result = well("doctor", env={"NBX_BUDGET_DAILY": "1", "NBX_LEDGER": "false"})
    assert (result.code, row(result, "budget")[0]) == (0, "warn")


def test_without_a_budget_there_is_no_budget_check(well: Runner) -> None:
    assert "budget" not in states(well("doctor"))


def test_the_live_request_is_recorded_in_the_ledger(well: Runner, server: FakeServer) -> None:
    server.script(json_answer(" a"))
    assert well("doctor", "--live").code == 0
    (kept,) = rows_of(well)
    assert (kept["model"], kept["exit"], kept["prompt_tokens"]) == (BASIC["id"], 0, 5)


def test_no_live_request_is_sent_when_a_budget_is_spent(well: Runner, server: FakeServer) -> None:
    keep(well, entry(time.time(), cost=Decimal(3)))
    result = well("doctor", "--live", env={"NBX_BUDGET_DAILY": "3"})
    assert (result.code, states(result)["live"]) == (10, "fail")
    assert [request.method for request in server.requests] == ["GET"]


def damage(nbx: Runner) -> None:
    """Write into the middle of a page of the database."""
    keep(nbx, *[entry(number, model="m" * 500) for number in range(100)])
    path = ledger_of(nbx).path
    database = sqlite3.connect(path)
    database.execute("PRAGMA wal_checkpoint (TRUNCATE)")
    database.close()
    with path.open("r+b") as file:
        file.seek(4096 * 9)
        file.write(b"\xff" * 4096)


def leave_pending(nbx: Runner) -> None:
    """Leave an invalid file of pending rows beside the ledger."""
    keep(nbx, entry(1))
    folder = ledger_of(nbx).path.with_suffix(".pending")
    folder.mkdir()
    (folder / "1-1-aa.jsonl").write_bytes(b"x")


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (damage, "; it is damaged: "),
        (leave_pending, "; 1 file of pending rows beside it"),
        (lambda nbx: ledger_of(nbx).path.mkdir(parents=True), "it is not a regular file"),
    ],
)
def test_a_problem_with_the_ledger_is_a_warning(well: Runner, prepare: Any, said: str) -> None:
    prepare(well)
    result = well("doctor")
    assert (result.code, row(result, "ledger")[0]) == (0, "warn")
    assert said in row(result, "ledger")[1]
