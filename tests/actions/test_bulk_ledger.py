"""`nbx bulk` and the ledger: a row for each request, grouped by run, and budgets that stop the run."""

from pathlib import Path

import pytest

from nebius_cli.ledger import batch_recorder
from tests.support.factory import FAST
from tests.support.ledger import ledger_of, rows_of
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
    # To the last digit, in the same text.
    assert sorted(str(row["cost"]) for row in rows) == sorted(usage["cost"] for usage in taken)
    by_run = bulk("usage", "--by", "run").out.splitlines()
    assert len(by_run) == 1


def test_a_refused_attempt_is_a_row_that_cost_nothing(bulk: Runner, row_server: RowServer) -> None:
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


def test_a_budget_that_is_spent_stops_a_run_before_it_begins(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), ["a"])
    assert bulk(*RUN, *PRICED).code == 0
    write_rows(Path("in.jsonl"), ["a", "b"])
    bulk("config", "set", "budget.daily", "0.000001")
    before = len(row_server.bodies)
    stopped = bulk(*RUN, *PRICED)
    assert (stopped.code, "the budget is spent" in stopped.err) == (10, True)
    assert len(row_server.bodies) == before
    assert bulk(*RUN, *PRICED, "--over-budget").code == 0


def test_a_budget_that_is_spent_on_the_way_stops_the_run_and_it_can_go_on(
    bulk: Runner, row_server: RowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_recorder, "WRITE_INTERVAL_S", 0.0)
    monkeypatch.setattr(batch_recorder, "BUDGET_CHECK_INTERVAL_S", 0.0)
    bulk("config", "set", "budget.daily", "0.000001")
    write_rows(Path("in.jsonl"), [f"row {number}" for number in range(400)])
    stopped = bulk(*RUN, *PRICED, "--rpm", "600", "--concurrency", "1")
    assert (stopped.code, "the budget is spent" in stopped.err) == (10, True)
    assert "\n  --over-budget ignores the budget\n" in stopped.err
    assert 0 < len(records(Path("out.jsonl"))) < 400
