"""A bulk run in figures."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.budget import Budget
from nebius_cli.bulk.input.row_reader import TOKENS_BESIDE, Row
from nebius_cli.bulk.progress import ProgressSnapshot, RunEstimate, RunSummary, ThroughputMeter
from nebius_cli.core.format import duration
from nebius_cli.core.money import UNKNOWN_PRICE, Price, PriceList
from nebius_cli.request.prompt import Prompt
from tests.support.bulk import asking

SUMMARY = RunSummary(
    rows=1000,
    answered=990,
    failed=4,
    left_out=6,
    requests=1010,
    retries=16,
    prompt_tokens=12_345,
    completion_tokens=67_890,
    cost=Decimal("0.0123450"),
    spent=Decimal("0.0200"),
    seconds=12.34567,
)


def test_rates_are_those_of_the_last_seconds_and_not_since_the_start() -> None:
    meter = ThroughputMeter()
    view = meter.read(ProgressSnapshot(at=0.0, total=1000))
    assert (view.requests, view.tokens, view.left, view.forecast) == (None, None, None, None)
    for second in range(1, 21):  # twenty slow seconds, then twenty fast ones
        view = meter.read(
            ProgressSnapshot(
                at=float(second), total=1000, answered=second, requests=second, tokens=10 * second
            )
        )
    assert (view.requests, view.tokens, view.left) == (1.0, 10.0, 980.0)
    for second in range(21, 41):
        done = 20 + 10 * (second - 20)
        view = meter.read(
            ProgressSnapshot(at=float(second), total=1000, answered=done, requests=done, tokens=0)
        )
    assert (view.requests, view.left) == (10.0, 78.0)


def test_a_rate_over_less_than_a_second_says_nothing() -> None:
    meter = ThroughputMeter()
    meter.read(ProgressSnapshot(at=5.0))
    view = meter.read(ProgressSnapshot(at=5.9, requests=100, total=10, answered=5))
    assert (view.requests, view.left) == (None, None)


def test_after_a_long_silence_the_rate_is_that_of_the_silence() -> None:
    meter = ThroughputMeter()
    for at in (0.0, 1.0, 100.0):
        view = meter.read(ProgressSnapshot(at=at, requests=99))
    assert view.requests == 0.0


def test_when_nothing_goes_on_nobody_knows_how_long_it_takes() -> None:
    meter = ThroughputMeter()
    meter.read(ProgressSnapshot(at=0.0, total=10, answered=5))
    assert meter.read(ProgressSnapshot(at=5.0, total=10, answered=5)).left is None


def test_rows_that_were_done_before_are_no_sign_of_speed() -> None:
    meter = ThroughputMeter()
    meter.read(ProgressSnapshot(at=0.0, total=1000))
    view = meter.read(ProgressSnapshot(at=5.0, total=1000, left_out=900, answered=4, failed=1))
    assert view.left == 95.0


def test_where_rows_are_not_counted_they_are_reckoned_from_what_was_read() -> None:
    assert ProgressSnapshot(at=0, share=0.25, seen=50).rows == 200
    assert ProgressSnapshot(at=0, share=1.0, seen=50).rows == 50
    assert ProgressSnapshot(at=0, total=7, share=0.5, seen=50).rows == 7
    assert ProgressSnapshot(at=0, share=0.0, seen=0).rows is None
    assert ProgressSnapshot(at=0, seen=5).rows is None


def test_the_forecast_goes_by_what_the_rows_so_far_have_cost() -> None:
    meter = ThroughputMeter()
    now = ProgressSnapshot(at=0.0, total=1000, left_out=100, answered=99, failed=1, cost=Decimal("0.40"))
    assert meter.read(now).forecast == Decimal("2.0")
    assert meter.read(replace(now, cost=None)).forecast is None
    assert meter.read(replace(now, total=None)).forecast is None
    assert meter.read(ProgressSnapshot(at=1.0, total=9, cost=Decimal(0))).forecast is None


def test_the_summary_for_a_program_has_every_figure() -> None:
    assert SUMMARY.to_json() == {
        "rows": 1000,
        "answered": 990,
        "failed": 4,
        "left_out": 6,
        "requests": 1010,
        "retries": 16,
        "prompt_tokens": 12345,
        "completion_tokens": 67890,
        "cost_usd": "0.012345",
        "spent_usd": "0.02",
        "seconds": 12.346,
        "requests_per_second": 81.81,
        "stopped": None,
    }
    nothing = replace(SUMMARY, cost=None, spent=None, seconds=0.0, stopped="Ctrl-C").to_json()
    assert (nothing["cost_usd"], nothing["spent_usd"], nothing["stopped"]) == (None, None, "Ctrl-C")
    assert nothing["requests_per_second"] == 0.0


def test_the_summary_for_a_person_leaves_out_what_says_nothing() -> None:
    rows = dict(SUMMARY.to_rows())
    assert (rows["rows"], rows["left out, done before"]) == ("1,000", "6")
    assert (rows["cost"], rows["cost of all runs"]) == ("$0.0123", "$0.0200")
    assert rows["requests per second"] == "81.8"
    first = dict(replace(SUMMARY, left_out=0, spent=SUMMARY.cost).to_rows())
    assert not {"left out, done before", "cost of all runs"} & set(first)
    assert "cost" not in dict(replace(SUMMARY, cost=None, spent=None).to_rows())


PRICES = Price(Decimal("0.001"), Decimal("0.01"))


def row(prompt: Prompt, most_completion: int | None) -> Row:
    """Return a row that asks for so much."""
    return Row(0, 0, prompt, b"", "", "", len(prompt) + TOKENS_BESIDE, most_completion, 1, b"", "m")


def test_an_estimate_adds_up_rows_and_bounds() -> None:
    estimate = RunEstimate()
    estimate.add(row("ten bytes!", 100), PRICES)
    estimate.add(row([1, 2, 3, 4], 50), PRICES)
    assert (estimate.rows, estimate.about_prompt, estimate.most_prompt, estimate.completion) == (
        2,
        7,
        30,
        150,
    )
    assert (estimate.cost, estimate.most_cost) == (Decimal("1.507"), Decimal("1.530"))
    assert estimate.to_rows(61.0) == [
        ("rows to send", "2"),
        ("prompt tokens, about", "7"),
        ("prompt tokens, at most", "30"),
        ("completion tokens, at most", "150"),
        ("cost, about", "$1.51"),
        ("cost, at most", "$1.53"),
        ("time, at least", "1:01"),
    ]
    assert estimate.to_json(61.0) == {
        "rows": 2,
        "prompt_tokens_about": 7,
        "prompt_tokens_at_most": 30,
        "completion_tokens_at_most": 150,
        "cost_usd_about": "1.507",
        "cost_usd_at_most": "1.53",
        "seconds_at_least": 61.0,
    }


def test_an_answer_without_a_bound_has_no_greatest_cost() -> None:
    estimate = RunEstimate()
    for most in (100, None, 100):
        estimate.add(row("ten bytes!", most), PRICES)
    assert (estimate.rows, estimate.completion, estimate.cost, estimate.most_cost) == (3, None, None, None)
    assert estimate.seconds(None, 1000) is None
    assert estimate.seconds(60, 1000) == 3.0
    assert [value for _, value in estimate.to_rows(None)].count("unknown") == 4
    assert list(estimate.to_json(None).values()).count(None) == 4


def test_a_row_of_unknown_price_makes_the_cost_unknown() -> None:
    estimate = RunEstimate()
    for price in (PRICES, UNKNOWN_PRICE, PRICES):
        estimate.add(row("x", 10), price)
    assert (estimate.completion, estimate.cost, estimate.most_cost) == (30, None, None)


amounts = st.decimals(0, 1, places=12)
rows = st.builds(
    asking,
    st.just(0),
    st.text(max_size=8),
    most_prompt=st.integers(TOKENS_BESIDE + 32, 10**6),
    most_completion=st.integers(0, 10**6),
    n=st.integers(1, 4),
)


@given(st.lists(rows, min_size=1), st.builds(Price, amounts, amounts, st.none() | amounts))
def test_an_estimate_is_never_below_what_a_cap_reserves(listed: list[Row], price: Price) -> None:
    estimate, budget = RunEstimate(), Budget(prices=PriceList(default=price))
    for one in listed:
        estimate.add(one, price)
        budget.reserve(budget.worst([one]))
    assert estimate.most_cost == budget.reserved_cost
    assert estimate.most_prompt + (estimate.completion or 0) == budget.reserved_tokens
    assert estimate.cost is not None
    assert estimate.cost <= budget.reserved_cost


def test_the_time_is_what_the_tighter_limit_allows() -> None:
    estimate = RunEstimate()
    for _ in range(100):
        estimate.add(row("x" * 40, 90), UNKNOWN_PRICE)
    assert estimate.seconds(None, None) is None
    assert estimate.seconds(600, None) == 10.0
    assert estimate.seconds(600, None, group=4) == 2.5
    assert estimate.seconds(None, 10_000) == 60.0
    assert estimate.seconds(600, 10_000) == 60.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (60, "1:00"), (3599.6, "1:00:00"), (100_000, "27:46:40")],
)
def test_a_time_is_said_in_few_characters(seconds: float, words: str) -> None:
    assert duration(seconds) == words
