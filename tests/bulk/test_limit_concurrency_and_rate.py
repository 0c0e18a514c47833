"""The rate: how concurrency grows, that ceilings hold in every minute, and that odd headers do no harm."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.limit_concurrency_and_rate import (
    INITIAL_CONCURRENCY,
    MAX_CONCURRENCY,
    MAX_OUTAGE_PAUSE_S,
    MAX_PAUSE_S,
    RateController,
    parse_duration,
)

REQUESTS = "x-ratelimit-limit-requests"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2s", 2),
        ("1m30s", 90),
        ("500ms", 0.5),
        (" 900S ", 900),
        ("7", 7),
        ("1.5", 1.5),
        ("1h", 3600),
        ("1d", 86400),
        ("0s", 0),
    ],
)
def test_durations_have_units_or_none(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "s", "-1", "-1s", "nan", "inf", "1e9", "2 s x", "1s2", "9" * 40, "soon"]
)
def test_what_is_no_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None


@given(st.text())
def test_no_text_is_too_odd_for_a_duration(text: str) -> None:
    seconds = parse_duration(text)
    assert seconds is None or 0 <= seconds < math.inf


def grown(rate: RateController, now: float, answers: int) -> None:
    for _ in range(answers):
        rate.answered(20, 20.0, 20, rate.concurrency, now)


def test_concurrency_begins_small_and_grows_by_one_with_each_answer() -> None:
    rate = RateController(0.0)
    assert rate.concurrency == INITIAL_CONCURRENCY
    grown(rate, 0.0, INITIAL_CONCURRENCY)
    assert rate.concurrency == 2 * INITIAL_CONCURRENCY
    grown(rate, 0.0, 1000)
    assert rate.concurrency == MAX_CONCURRENCY


def test_concurrency_does_not_grow_below_its_limit() -> None:
    rate = RateController(0.0)
    rate.answered(20, 20.0, 20, INITIAL_CONCURRENCY - 1, 0.0)
    assert rate.concurrency == INITIAL_CONCURRENCY


def test_a_refusal_halves_the_concurrency_once_per_round_trip() -> None:
    rate = RateController(0.0)
    grown(rate, 0.0, INITIAL_CONCURRENCY)
    for sent_at in (1.0, 1.1, 1.2):
        rate.refused(sent_at, None, 2.0)
    assert rate.concurrency == INITIAL_CONCURRENCY
    rate.refused(2.5, None, 3.0)
    assert rate.concurrency == INITIAL_CONCURRENCY / 2
    for again in range(10):
        rate.refused(10.0 + again, None, 10.0 + again)
    assert rate.concurrency == 1


def test_after_a_refusal_concurrency_grows_by_one_per_round_trip() -> None:
    rate = RateController(0.0)
    rate.refused(1.0, None, 2.0)
    grown(rate, 2.0, 5)
    assert rate.concurrency == INITIAL_CONCURRENCY / 2 + 1


def test_a_fixed_number_stays() -> None:
    rate = RateController(0.0, fixed=3)
    grown(rate, 0.0, 100)
    rate.refused(1.0, 5.0, 2.0)
    assert (rate.concurrency, rate.paused(2.0)) == (3, 5.0)
    assert RateController(0.0, max_concurrency=2).concurrency == 2


def test_growth_ends_where_it_brings_nothing_and_is_tried_again_later() -> None:
    """A server that answers 100 a second, however many are limit at once."""
    rate, now, limits = RateController(0.0), 0.0, []
    for _ in range(20_000):
        now += 0.01
        rate.answered(20, 20.0, 20, rate.concurrency, now)
        limits.append(rate.concurrency)
    assert max(limits) < MAX_CONCURRENCY / 2
    rests = [before > after for before, after in pairwise(limits)]
    assert sum(rests) > 1  # it looked again, and went back again


def test_concurrency_grows_while_throughput_does() -> None:
    """A server that takes a second for each, however many come at once."""
    rate, now = RateController(0.0), 0.0
    while rate.concurrency < MAX_CONCURRENCY:
        limit = rate.concurrency
        for _ in range(limit):
            now += 1 / limit
            rate.answered(20, 20.0, 20, rate.concurrency, now)
        assert now < 60


def test_a_pause_holds_everybody_back_and_has_an_end() -> None:
    rate = RateController(0.0)
    rate.refused(0.0, 10.0, 5.0)
    assert [rate.wait(0, now) for now in (5.0, 14.0, 15.0)] == [10.0, 1.0, 0.0]
    rate.refused(20.0, 1e9, 20.0)
    assert rate.paused(20.0) == MAX_PAUSE_S


def test_an_outage_leaves_one_request_ever_more_seldom() -> None:
    rate, now, pauses = RateController(0.0), 0.0, []
    for _ in range(8):
        rate.outage(now, now)
        rate.outage(now - 1, now)  # was on its way before
        assert rate.concurrency == 1
        pauses.append(rate.paused(now))
        now += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, MAX_OUTAGE_PAUSE_S, MAX_OUTAGE_PAUSE_S, MAX_OUTAGE_PAUSE_S]


def test_after_an_outage_concurrency_begins_small_again() -> None:
    rate = RateController(0.0)
    grown(rate, 0.0, 100)
    rate.outage(1.0, 1.0)
    rate.answered(1, 1.0, 1, 1, 2.0)
    assert INITIAL_CONCURRENCY <= rate.concurrency <= INITIAL_CONCURRENCY + 1
    fixed = RateController(0.0, fixed=50)
    fixed.outage(1.0, 1.0)
    fixed.refused(1.0, None, 2.0)
    assert fixed.concurrency == 50


@given(
    rpm=st.integers(1, 5000),
    demand=st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=60),
    burst=st.integers(1, 200),
)
def test_no_minute_has_more_requests_than_the_ceiling(rpm: int, demand: list[float], burst: int) -> None:
    rate, now, starts = RateController(0.0, rpm=rpm), 0.0, []
    for gap in demand:
        now += gap
        for _ in range(burst):
            now += rate.wait(0, now)
            rate.sent(0, now)
            starts.append(now)
    for place, start in enumerate(starts):
        minute = [at for at in starts[place : place + rpm + 2] if at < start + 60 - 1e-3]
        assert len(minute) <= rpm


def test_a_ceiling_is_nearly_reached() -> None:
    rate, now, count = RateController(0.0, rpm=600), 0.0, 0
    while now < 120:
        now += rate.wait(0, now)
        rate.sent(0, now)
        count += 1
    assert 2 * 600 * 0.98 <= count <= 2 * 600 + 1


def test_tokens_are_limited_by_the_worst_case_until_answers_report_usage() -> None:
    rate = RateController(0.0, tpm=6000)
    estimate = rate.sent(100, 0.0)
    assert estimate == 100
    waits = rate.wait(100, 0.0)
    rate.answered(100, estimate, 10, 1, 0.0)
    assert rate.wait(100, 0.0) < waits
    for _ in range(200):
        rate.answered(100, 10.0, 10, 1, 0.0)
    assert rate.sent(100, 0.0) == pytest.approx(10, rel=0.01)
    rate.answered(100, 10.0, None, 1, 0.0)
    rate.answered(0, 0.0, 5, 1, 0.0)
    assert rate.sent(100, 0.0) == pytest.approx(10, rel=0.01)


def test_a_request_larger_than_a_burst_goes_in_debt_that_the_next_one_waits_for() -> None:
    rate = RateController(0.0, tpm=600)
    assert rate.wait(1000, 0.0) == 0
    rate.sent(1000, 0.0)
    assert 90 < rate.wait(1, 0.0) < 110


def test_the_lower_ceiling_counts() -> None:
    rate = RateController(0.0, rpm=100, tpm=1000)
    rate.learn({REQUESTS: "60", "x-ratelimit-limit-tokens": "5000"}, 0.0)
    assert (rate.rpm, rate.tpm) == (60, 1000)
    rate.learn({REQUESTS: "300"}, 1.0)
    assert rate.rpm == 100
