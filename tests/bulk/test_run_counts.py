"""The counts and errors of the rows of a run."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.limit_concurrency_and_rate import RateController
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.run_budget import Budget, Charge
from nebius_cli.bulk.run_counts import MAX_REASON_CHARS, MAX_REASONS, RunCounts, cap_error
from nebius_cli.core.errors_and_exit_codes import NbxError, RejectedError, ServerError
from nebius_cli.core.prices_and_costs import Price, PriceList

PRICES = PriceList(default=Price(Decimal(1), Decimal(1)))
ROW = Row(0, 0, "x", b"{}", "", "", 9, 4, 1, b"{}", "m")


def dispatcher(**budget: Any) -> Dispatcher:
    """Return a dispatcher without rows."""
    return Dispatcher(RateController(0.0), Budget(**budget), retries=1, jitter=lambda: 0.5)


def result(usage: dict[str, Any] | None, error: NbxError | None = None) -> Result:
    return Result(ROW, 1, 0.1, usage, error, None if error else {})


def test_results_are_counted_with_their_usage() -> None:
    counts = RunCounts()
    counts.add(result({"prompt_tokens": 3, "completion_tokens": 2, "cost": "0.5"}))
    counts.add(result(None))  # the first row of its group has the usage
    counts.add(result({"prompt_tokens": 4, "completion_tokens": None, "cost": "0.25"}, ServerError("broke")))
    counts.add(result(None, ServerError("broke")))
    assert (counts.answered, counts.failed) == (2, 2)
    assert (counts.prompt_tokens, counts.completion_tokens, counts.cost) == (7, 2, Decimal("0.75"))


@pytest.mark.parametrize("costs", [(None,), ("0.5", None), (None, "0.5"), ("0.5", None, "0.5")])
def test_a_sum_with_an_unknown_part_is_unknown(costs: tuple[str | None, ...]) -> None:
    counts, sends = RunCounts(), dispatcher()
    assert counts.snapshot(sends, 0.0, None).cost is None
    for cost in costs:
        counts.add(result({"prompt_tokens": 3, "completion_tokens": 2, "cost": cost}))
    summary = counts.summary(sends, 1.0, "")
    assert (summary.cost, summary.spent, counts.snapshot(sends, 0.0, None).cost) == (None, None, None)


def test_the_cost_of_earlier_runs_is_in_spent_but_not_in_the_cost_of_this_run() -> None:
    counts, sends = RunCounts(total=9, left_out=4), dispatcher(prices=PRICES, spent_cost=Decimal("2.5"))
    counts.add(result({"prompt_tokens": 3, "completion_tokens": 2, "cost": "0.5"}))
    summary = counts.summary(sends, 2.0, "why")
    assert (summary.rows, summary.left_out, summary.answered) == (9, 4, 1)
    assert (summary.cost, summary.spent) == (Decimal("0.5"), Decimal("2.5"))
    assert (summary.seconds, summary.stopped) == (2.0, "why")
    assert counts.snapshot(sends, 0.0, 0.5).cost == Decimal("2.5")


LONG = "the text has {} tokens, and the context window of m-{} 16"


@pytest.mark.parametrize("several", [False, True])
def test_reasons_that_differ_only_in_numbers_are_one_reason(several: bool) -> None:  # noqa: FBT001
    found = [RunCounts(), RunCounts()] if several else [RunCounts()]
    for number in range(MAX_REASONS + 20):
        one = result(None, RejectedError("no", LONG.format(1000 + number, 8), status=400))
        found[number % len(found)].add(one)
    found[0].add(result(None, RejectedError("no", LONG.format(17, 7), status=400)))
    reasons = sum((counts.reasons for counts in found), Counter[str]())
    error = RunCounts(failed=121, reasons=reasons).failure("")
    first, other = LONG.format("1000", "8"), LONG.format("17", "7")
    assert error.why == f"the server answered 400: {first} (120); the server answered 400: {other} (1)"


def test_a_long_reason_is_shortened() -> None:
    counts = RunCounts()
    counts.add(result(None, ServerError("broke", "x" * 1000)))
    assert len(counts.failure("").why) == MAX_REASON_CHARS + len(" (1)")


def test_a_run_that_used_nothing_costs_nothing() -> None:
    summary = RunCounts(failed=1).summary(dispatcher(), 1.0, "")
    assert (summary.cost, summary.spent) == (Decimal(), Decimal())
    summary = RunCounts(unpriced_before=True).summary(dispatcher(), 1.0, "")
    assert (summary.cost, summary.spent) == (Decimal(), None)


def test_the_usage_of_an_unfinished_row_is_counted_but_not_the_row() -> None:
    counts = RunCounts()
    counts.add_usage({"prompt_tokens": 3, "completion_tokens": 2, "cost": None})
    counts.add_usage(None)
    assert (counts.answered, counts.failed, counts.prompt_tokens) == (0, 0, 3)
    assert counts.summary(dispatcher(), 1.0, "Ctrl-C").cost is None


def test_without_a_total_the_rows_seen_so_far_are_reported() -> None:
    counts, sends = RunCounts(seen=7), dispatcher()
    assert counts.summary(sends, 1.0, "").rows == 7
    now = counts.snapshot(sends, 3.0, 0.5)
    assert (now.at, now.total, now.seen, now.fraction_read, now.rows) == (3.0, None, 7, 0.5, 14)


def test_a_pause_is_reported_with_its_length() -> None:
    counts, sends = RunCounts(), dispatcher()
    sends.rate.pause(12.0, 0.0)
    assert counts.snapshot(sends, 0.4, None).note == "waiting 12 s"
    assert counts.snapshot(sends, 11.5, None).note == ""


@pytest.mark.parametrize(
    ("budget", "flags", "used"),
    [
        (
            {"prices": PRICES, "max_cost": Decimal(5), "spent_cost": Decimal(4)},
            "--max-cost",
            "$4.00 of $5.00; the next request may cost $1.50",
        ),
        (
            {"max_tokens": 1000, "spent_tokens": 990},
            "--max-total-tokens",
            "990 of 1,000 tokens; the next request may use 1,200 tokens",
        ),
        (
            {"prices": PRICES, "max_cost": Decimal(5), "max_tokens": 1000},
            "--max-cost or --max-total-tokens",
            "$0.00 of $5.00, 0 of 1,000 tokens; the next request may cost $1.50 and use 1,200 tokens",
        ),
    ],
)
def test_a_cap_that_ended_the_run_is_named_with_the_amount_used(
    budget: dict[str, Any], flags: str, used: str
) -> None:
    error = cap_error(dispatcher(**budget).budget, Charge(1000, 200, Decimal("1.5")))
    assert error.what == f"stopped before exceeding {flags}"
    assert error.why == f"used: {used}"
    assert error.hint == f"raise {flags} to continue"
