"""`nbx bulk` and the ledger: a row for each request, grouped by run, and budgets that stop the run."""

import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from nebius_cli.ledger import bulk_recorder
from tests.support.factory import FAST
from tests.support.ledger import entry, keep, ledger_of, rows_of
from tests.support.rows import RowServer, records, refuse, write_rows
from tests.support.run import Runner

RUN = ("bulk", "in.jsonl", "-o", "out.jsonl", "--max-tokens", "4", "-q")
PRICED = ("-m", FAST["id"], "--price", "1/2")


def test_each_request_has_a_row_under_one_run(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), ["a", "b", "c"])
    assert bulk(*RUN, *PRICED).code == 0
    rows = rows_of(bulk)
    assert len(rows) == 3
    assert {row["model"] for row in rows} == {FAST["id"]}
    assert len({row["run"] for row in rows}) == 1
    assert {row["finish"] for row in rows} == {"stop"}
    taken = [record["usage"] for record in records(Path("out.jsonl"))]
    assert sum(int(str(row["prompt_tokens"])) for row in rows) == sum(
        usage["prompt_tokens"] for usage in taken
    )
    # The costs are the same text, to the last digit.
    assert sorted(str(row["cost"]) for row in rows) == sorted(usage["cost"] for usage in taken)
    by_run = bulk("usage", "--by", "run").out.splitlines()
    assert len(by_run) == 1


def test_a_refused_attempt_has_a_row_with_cost_0(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = lambda prompt: refuse(500, "no") if row_server.asked[prompt] == 1 else None
    write_rows(Path("in.jsonl"), ["a"])
    assert bulk(*RUN, *PRICED).code == 0
    rows = rows_of(bulk)
    assert [row["exit"] for row in rows] == [6, 0]
    assert float(str(rows[0]["cost"])) == 0


def test_without_a_ledger_nothing_is_written(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), ["a"])
    assert bulk(*RUN, "--no-ledger").code == 0
    assert not ledger_of(bulk).path.exists()


def test_a_spent_budget_stops_a_run_before_it_sends_anything(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), ["a"])
    assert bulk(*RUN, *PRICED).code == 0
    write_rows(Path("in.jsonl"), ["a", "b"])
    bulk("config", "set", "budget.daily", "0.000001")
    before = len(row_server.bodies)
    stopped = bulk(*RUN, *PRICED)
    assert (stopped.code, "the budget is spent" in stopped.err) == (10, True)
    assert len(row_server.bodies) == before
    assert bulk(*RUN, *PRICED, "--over-budget").code == 0


def test_the_prices_that_a_budget_needs_are_fetched(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), ["a", "b"])
    env = {"NBX_BUDGET_DAILY": "0.00000001", "NEBIUS_MODEL": FAST["id"]}
    stopped = bulk(*RUN, env=env)
    assert (stopped.code, "stopped before exceeding a budget" in stopped.err) == (10, True)
    assert row_server.bodies == []


def test_a_given_price_is_used_for_a_budget(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), ["a"])
    done = bulk(*RUN, *PRICED, env={"NBX_BUDGET_DAILY": "5"})
    assert (done.code, done.err) == (0, "")
    assert [request.method for request in row_server.requests] == ["POST"]


def spent(nbx: Runner) -> Decimal:
    """Return the total cost of the requests in the ledger."""
    return sum((Decimal(str(row["cost"])) for row in rows_of(nbx)), Decimal())


# The server reports 3 prompt tokens and 2 completion tokens, $0.000007. With --max-tokens 4, a request may
# take one prompt token for each byte of the prompt and 8 more, and 4 completion tokens.
BUDGET = Decimal("0.0004")


def test_a_budget_caps_a_run_that_can_be_resumed_later(bulk: Runner, row_server: RowServer) -> None:
    bulk("config", "set", "budget.daily", str(BUDGET))
    write_rows(Path("in.jsonl"), [f"row {number}" for number in range(100)])
    stopped = bulk(*RUN, *PRICED, "--concurrency", "8")
    assert stopped.code == 10
    assert stopped.err.startswith("nbx: stopped before exceeding a budget\n  budget.daily: $0.000")
    assert "\n  --over-budget ignores the budget\n" in stopped.err
    assert BUDGET * Decimal("0.9") < spent(bulk) <= BUDGET
    assert len(records(Path("out.jsonl"))) == len(rows_of(bulk)) == len(row_server.bodies) < 100
    bulk("config", "set", "budget.daily", "1")
    assert bulk(*RUN, *PRICED).code == 0
    assert len(records(Path("out.jsonl"))) == len(row_server.bodies) == 100


def test_concurrent_runs_stay_within_one_budget(bulk: Runner, row_server: RowServer) -> None:
    env = bulk.process_env({"NBX_BUDGET_MONTHLY": str(BUDGET)})
    write_rows(Path("in.jsonl"), [f"row {number}" for number in range(100)])
    command = [sys.executable, "-m", "nebius_cli", *RUN, *PRICED, "--concurrency", "4"]
    runs = [
        subprocess.Popen([part.replace("out.", f"out{number}.") for part in command], env=env)
        for number in range(4)
    ]
    assert {run.wait(60) for run in runs} == {10}
    assert BUDGET / 2 < spent(bulk) <= BUDGET
    assert len(rows_of(bulk)) == len(row_server.bodies)


def test_without_max_tokens_only_requests_in_flight_may_exceed_the_budget(
    bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), [f"row {number}" for number in range(100)])
    run = [part for part in RUN if part not in ("--max-tokens", "4")]
    stopped = bulk(*run, *PRICED, "--concurrency", "4", env={"NBX_BUDGET_DAILY": str(BUDGET)})
    assert stopped.code == 10
    assert BUDGET * Decimal("0.9") < spent(bulk) <= BUDGET + 4 * Decimal("0.000007")


def test_a_request_of_unknown_cost_keeps_its_reserved_part_of_the_budget(
    bulk: Runner, row_server: RowServer
) -> None:
    cut = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"]
    row_server.answer = lambda prompt: None if prompt == "row 0" else cut
    write_rows(Path("in.jsonl"), [f"row {number}" for number in range(100)])
    options = ("--concurrency", "1", "--retries", "0")
    stopped = bulk(*RUN, *PRICED, *options, env={"NBX_BUDGET_DAILY": "0.00009"})
    assert (stopped.code, len(row_server.bodies)) == (10, 4)  # $0.000007, then at most $0.000021 each


def test_a_run_stops_when_other_requests_have_spent_the_budget(
    bulk: Runner, row_server: RowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_recorder, "BUDGET_CHECK_INTERVAL_S", 0.0)
    write_rows(Path("in.jsonl"), [f"row {number}" for number in range(400)])
    row_server.answer = lambda prompt: (
        keep(bulk, entry(time.time(), cost=Decimal(9))) if "9" in prompt else None
    )
    options = ("--rpm", "600", "--concurrency", "1", "-m", "model/without-price")
    stopped = bulk(*RUN, *options, env={"NBX_BUDGET_DAILY": "5"})
    assert (stopped.code, "the budget is spent" in stopped.err) == (10, True)
    assert 0 < len(records(Path("out.jsonl"))) < 400


def test_a_run_with_over_budget_reserves_nothing(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), ["a", "b"])
    done = bulk(*RUN, *PRICED, "--over-budget", env={"NBX_BUDGET_DAILY": "0.000001"})
    assert (done.code, len(rows_of(bulk))) == (0, 2)
    assert not ledger_of(bulk).path.with_suffix(".owners").exists()
