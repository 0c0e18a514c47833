"""The rates, the time left and the summary of a bulk run."""

from dataclasses import replace
from decimal import Decimal

import pytest

from nebius_cli.bulk.rates_and_time_left import ProgressSnapshot, ThroughputMeter
from nebius_cli.bulk.run_summary import RunSummary
from nebius_cli.core.short_text import duration

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


def test_rates_are_measured_over_the_last_seconds_and_not_since_the_start() -> None:
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


def test_no_rate_is_shown_for_less_than_a_second() -> None:
    meter = ThroughputMeter()
    meter.read(ProgressSnapshot(at=5.0))
    view = meter.read(ProgressSnapshot(at=5.9, requests=100, total=10, answered=5))
    assert (view.requests, view.left) == (None, None)


def test_after_a_long_time_without_requests_the_rate_is_zero() -> None:
    meter = ThroughputMeter()
    for at in (0.0, 1.0, 100.0):
        view = meter.read(ProgressSnapshot(at=at, requests=99))
    assert view.requests == 0.0


def test_the_time_left_is_unknown_while_nothing_finishes() -> None:
    meter = ThroughputMeter()
    meter.read(ProgressSnapshot(at=0.0, total=10, answered=5))
    assert meter.read(ProgressSnapshot(at=5.0, total=10, answered=5)).left is None


def test_rows_answered_by_earlier_runs_do_not_count_for_the_time_left() -> None:
    meter = ThroughputMeter()
    meter.read(ProgressSnapshot(at=0.0, total=1000))
    view = meter.read(ProgressSnapshot(at=5.0, total=1000, left_out=900, answered=4, failed=1))
    assert view.left == 95.0


def test_the_number_of_rows_is_estimated_from_the_fraction_read_if_unknown() -> None:
    assert ProgressSnapshot(at=0, fraction_read=0.25, seen=50).rows == 200
    assert ProgressSnapshot(at=0, fraction_read=1.0, seen=50).rows == 50
    assert ProgressSnapshot(at=0, total=7, fraction_read=0.5, seen=50).rows == 7
    assert ProgressSnapshot(at=0, fraction_read=0.0, seen=0).rows is None
    assert ProgressSnapshot(at=0, seen=5).rows is None


def test_the_cost_forecast_is_based_on_the_cost_of_the_rows_so_far() -> None:
    meter = ThroughputMeter()
    now = ProgressSnapshot(at=0.0, total=1000, left_out=100, answered=99, failed=1, cost=Decimal("0.40"))
    assert meter.read(now).forecast == Decimal("2.0")
    assert meter.read(replace(now, cost=None)).forecast is None
    assert meter.read(replace(now, total=None)).forecast is None
    assert meter.read(ProgressSnapshot(at=1.0, total=9, cost=Decimal(0))).forecast is None


def test_the_json_summary_has_all_figures() -> None:
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


def test_the_summary_table_leaves_out_empty_values() -> None:
    rows = dict(SUMMARY.to_rows())
    assert (rows["rows"], rows["already answered"]) == ("1,000", "6")
    assert (rows["cost"], rows["cost of all runs"]) == ("$0.0123", "$0.0200")
    assert rows["requests per second"] == "81.8"
    first = dict(replace(SUMMARY, left_out=0, spent=SUMMARY.cost).to_rows())
    assert not {"already answered", "cost of all runs"} & set(first)
    assert "cost" not in dict(replace(SUMMARY, cost=None, spent=None).to_rows())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (60, "1:00"), (3599.6, "1:00:00"), (100_000, "27:46:40")],
)
def test_a_duration_is_formatted_briefly(seconds: float, words: str) -> None:
    assert duration(seconds) == words
