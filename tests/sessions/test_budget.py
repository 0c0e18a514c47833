"""Budgets: the cost of today and of this month, of all processes, limits the next request."""

import io
import subprocess
import sys
import time
from decimal import Decimal

import pytest

from nebius_cli.actions.app import App, SharedFlags
from nebius_cli.system.streams import Streams
from tests.support.factory import LIGHTNING, model_list
from tests.support.ledger import entry, keep, ledger_of, rows_of
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, status

ID = LIGHTNING["id"]
COST = Decimal("0.00000078")  # of one `answer`: 5 tokens in, 2 out


@pytest.fixture
def priced(nbx: Runner, server: FakeServer) -> Runner:
    """nbx with the price of its model in the cache."""
    server.script(model_list())
    nbx("models", "-q")
    return Runner({**nbx.environ, "NEBIUS_MODEL": ID})


def test_a_budget_warns_at_80_percent_stops_at_100_and_can_be_overridden(
    priced: Runner, server: FakeServer
) -> None:
    env = {"NBX_BUDGET_DAILY": str(COST * 5)}
    server.script(*[answer("a")] * 6)
    results = [priced("complete", "x", env=env) for _ in range(6)]
    assert [result.code for result in results] == [0, 0, 0, 0, 0, 10]
    assert [result.err for result in results[:4]] == [""] * 4
    assert results[4].err == "nbx: warning: budget.daily: $0.00000312 of $0.00000390 spent today\n"
    assert results[5].err.splitlines() == [
        "nbx: the budget is spent",
        "  budget.daily: $0.00000390 of $0.00000390 spent today",
        "  --over-budget ignores the budget",
    ]
    assert priced("complete", "x", "--over-budget", env=env).code == 0
    assert len(rows_of(priced)) == 6


def test_the_monthly_budget_counts_only_requests_of_this_month(priced: Runner, server: FakeServer) -> None:
    now = time.time()
    keep(priced, entry(now - 40 * 86_400, cost=Decimal(100)))
    server.script(answer("a"))
    assert priced("complete", "x", env={"NBX_BUDGET_MONTHLY": "1", "NBX_BUDGET_DAILY": "1"}).code == 0
    keep(priced, entry(now, cost=Decimal(2)))
    refused = priced("complete", "x", env={"NBX_BUDGET_MONTHLY": "2"})
    assert (refused.code, "budget.monthly: $2.00 of $2.00 spent this month" in refused.err) == (10, True)


def test_a_budget_warns_about_requests_that_it_does_not_count(priced: Runner, server: FakeServer) -> None:
    env = {"NBX_BUDGET_DAILY": "5"}
    server.script(*[answer("a")] * 3)
    unknown = priced("complete", "x", "-m", "other/model", env=env)
    assert "budget.daily does not count this request: the price of other/model is unknown" in unknown.err
    seen = priced("complete", "x", env=env)
    assert "budget.daily does not count 1 request today whose cost is unknown" in seen.err
    off = priced("complete", "x", "--no-ledger", env=env)
    assert "budget.daily does not count this request: the ledger is off" in off.err


def test_a_budget_fetches_the_price_if_no_list_is_cached(nbx: Runner, server: FakeServer) -> None:
    env = {"NBX_BUDGET_DAILY": str(COST), "NEBIUS_MODEL": ID}
    server.script(model_list(), answer("a"))
    first, second = nbx("complete", "x", env=env), nbx("complete", "x", env=env)
    assert (first.code, first.err) == (0, "")
    assert (second.code, "the budget is spent" in second.err) == (10, True)
    assert [request.method for request in server.requests] == ["GET", "POST"]


def test_a_price_that_cannot_be_fetched_only_causes_a_warning(nbx: Runner, server: FakeServer) -> None:
    server.script(status(404), answer("a"))
    result = nbx("complete", "x", env={"NBX_BUDGET_DAILY": "5"})
    assert (result.code, result.out) == (0, "a\n")
    assert "budget.daily does not count this request: the price of test/model is unknown" in result.err


def test_a_price_that_cannot_be_cached_is_used_in_the_same_run(nbx: Runner, server: FakeServer) -> None:
    env = {"NBX_BUDGET_DAILY": str(COST / 2), "NEBIUS_MODEL": ID, "NBX_CACHE_DIR": "/dev/null/cache"}
    server.script(model_list())
    refused = nbx("complete", "x", "--max-tokens", "2", env=env)
    assert (refused.code, "more than remains of a budget" in refused.err) == (10, True)


def test_a_ledger_that_cannot_be_read_only_causes_a_warning(priced: Runner, server: FakeServer) -> None:
    path = ledger_of(priced).path
    path.parent.mkdir()
    path.write_bytes(b"broken" * 1000)
    server.script(answer("a"))
    result = priced("complete", "x", env={"NBX_BUDGET_DAILY": "5"})
    assert (result.code, result.out) == (0, "a\n")
    assert "warning: cannot check the budgets: cannot read the ledger " in result.err


def test_processes_share_a_budget_except_for_requests_in_flight(priced: Runner, server: FakeServer) -> None:
    limit, workers = 6, 4
    server.script(*[answer("a")] * (limit + workers))
    loop = f'while "{sys.executable}" -m nebius_cli complete x -q >/dev/null; do :; done'
    env = priced.process_env({"NBX_BUDGET_DAILY": str(COST * limit)})
    running = [
        subprocess.Popen(["sh", "-c", f"{loop} 2>&1"], env=env, stdout=subprocess.DEVNULL)
        for _ in range(workers)
    ]
    assert [process.wait(60) for process in running] == [0] * workers
    # Each process may have had one request in flight when the budget was reached.
    assert limit <= len(rows_of(priced)) <= limit + workers - 1
    assert priced("complete", "x", env={"NBX_BUDGET_DAILY": str(COST * limit)}).code == 10
    server.replies.clear()


def test_a_run_with_many_requests_warns_once_and_knows_the_remaining_budget(priced: Runner) -> None:
    keep(priced, entry(time.time(), cost=Decimal("0.9")))
    err = io.BytesIO()
    environ = {**priced.environ, "NBX_BUDGET_DAILY": "1"}
    app = App(Streams(None, None, err, environ=environ), SharedFlags())
    settings = app.settings()
    for _ in range(3):
        app.check_budget(settings, ID)
    assert err.getvalue() == b"nbx: warning: budget.daily: $0.900 of $1.00 spent today\n"
    assert app.recorder(settings).budgets.remaining() == Decimal("0.1")
