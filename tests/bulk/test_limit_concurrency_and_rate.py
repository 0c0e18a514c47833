"""Limits of concurrency and rate: growth of concurrency, ceilings per minute, pauses and outages."""

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
def test_durations_are_parsed_with_or_without_units(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "s", "-1", "-1s", "nan", "inf", "1e9", "2 s x", "1s2", "9" * 40, "soon"]
)
def test_an_invalid_duration_gives_none(text: str) -> None:
    assert parse_duration(text) is None


@given(st.text())
def test_any_text_gives_a_valid_duration_or_none(text: str) -> None:
    seconds = parse_duration(text)
    assert seconds is None or 0 <= seconds < math.inf


def grown(rate: RateController, now: float, answers: int) -> None:
    for _ in range(answers):
        rate.answered(20, 20.0, 20, rate.concurrency, now)


def test_concurrency_starts_small_and_grows_by_one_with_each_answer() -> None:
    rate = RateController(0.0)
    assert rate.concurrency == INITIAL_CONCURRENCY
    grown(rate, 0.0, INITIAL_CONCURRENCY)
    assert rate.concurrency == 2 * INITIAL_CONCURRENCY
    grown(rate, 0.0, 1000)
    assert rate.concurrency == MAX_CONCURRENCY


def test_concurrency_does_not_grow_unless_it_is_fully_used() -> None:
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


def test_a_fixed_concurrency_does_not_change() -> None:
    rate = RateController(0.0, fixed=3)
    grown(rate, 0.0, 100)
    rate.refused(1.0, 5.0, 2.0)
    assert (rate.concurrency, rate.paused(2.0)) == (3, 5.0)
    assert RateController(0.0, max_concurrency=2).concurrency == 2


def test_concurrency_stops_growing_without_more_throughput_and_tries_again_later() -> None:
    """The server answers 100 requests per second, however many are in flight."""
    rate, now, limits = RateController(0.0), 0.0, []
    for _ in range(20_000):
        now += 0.01
        rate.answered(20, 20.0, 20, rate.concurrency, now)
        limits.append(rate.concurrency)
    assert max(limits) < MAX_CONCURRENCY / 2
    rests = [before > after for before, after in pairwise(limits)]
    assert sum(rests) > 1  # it tried again, and went back again


def test_concurrency_grows_while_throughput_does() -> None:
    """The server takes a second for each request, however many are in flight."""
    rate, now = RateController(0.0), 0.0
    while rate.concurrency < MAX_CONCURRENCY:
        limit = rate.concurrency
        for _ in range(limit):
            now += 1 / limit
            rate.answered(20, 20.0, 20, rate.concurrency, now)
        assert now < 60


def test_a_pause_stops_all_requests_for_a_limited_time() -> None:
    rate = RateController(0.0)
    rate.refused(0.0, 10.0, 5.0)
    assert [rate.wait(0, now) for now in (5.0, 14.0, 15.0)] == [10.0, 1.0, 0.0]
    rate.refused(20.0, 1e9, 20.0)
    assert rate.paused(20.0) == MAX_PAUSE_S


def test_in_an_outage_single_requests_are_sent_at_growing_intervals() -> None:
    rate, now, pauses = RateController(0.0), 0.0, []
    for _ in range(8):
        rate.outage(now, now)
        rate.outage(now - 1, now)  # was sent before the outage
        assert rate.concurrency == 1
        pauses.append(rate.paused(now))
        now += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, MAX_OUTAGE_PAUSE_S, MAX_OUTAGE_PAUSE_S, MAX_OUTAGE_PAUSE_S]


def test_after_an_outage_concurrency_starts_small_again() -> None:
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
    for index, start in enumerate(starts):
        minute = [at for at in starts[index : index + rpm + 2] if at < start + 60 - 1e-3]
        assert len(minute) <= rpm


def test_nearly_all_of_a_ceiling_is_used() -> None:
    rate, now, count = RateController(0.0, rpm=600), 0.0, 0
    while now < 120:
        now += rate.wait(0, now)
        rate.sent(0, now)
        count += 1
    assert 2 * 600 * 0.98 <= count <= 2 * 600 + 1


def test_token_limits_use_the_worst_case_until_answers_report_usage() -> None:
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


def test_a_request_larger_than_a_burst_is_sent_and_delays_the_next_one() -> None:
    rate = RateController(0.0, tpm=600)
    assert rate.wait(1000, 0.0) == 0
    rate.sent(1000, 0.0)
    assert 90 < rate.wait(1, 0.0) < 110


def test_the_lowest_ceiling_applies() -> None:
    rate = RateController(0.0, rpm=100, tpm=1000)
    rate.learn({REQUESTS: "60", "x-ratelimit-limit-tokens": "5000"}, 0.0)
    assert (rate.rpm, rate.tpm) == (60, 1000)
    rate.learn({REQUESTS: "300"}, 1.0)
    assert rate.rpm == 100
