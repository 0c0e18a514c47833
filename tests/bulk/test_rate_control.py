"""The pace: what a window may do, that ceilings hold in every minute, and that odd headers do no harm."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nebius_cli.bulk.rate_control import (
    FIRST,
    LONGEST_OUTAGE_PAUSE,
    LONGEST_PAUSE,
    MOST,
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


def grown(pace: RateController, now: float, answers: int) -> None:
    for _ in range(answers):
        pace.answered(20, 20.0, 20, pace.concurrency, now)


def test_a_window_begins_small_and_grows_by_one_for_each_answer() -> None:
    pace = RateController(0.0)
    assert pace.concurrency == FIRST
    grown(pace, 0.0, FIRST)
    assert pace.concurrency == 2 * FIRST
    grown(pace, 0.0, 1000)
    assert pace.concurrency == MOST


def test_a_window_that_is_not_full_does_not_grow() -> None:
    pace = RateController(0.0)
    pace.answered(20, 20.0, 20, FIRST - 1, 0.0)
    assert pace.concurrency == FIRST


def test_a_refusal_halves_the_window_once_a_round_trip() -> None:
    pace = RateController(0.0)
    grown(pace, 0.0, FIRST)
    for sent_at in (1.0, 1.1, 1.2):
        pace.refused(sent_at, None, 2.0)
    assert pace.concurrency == FIRST
    pace.refused(2.5, None, 3.0)
    assert pace.concurrency == FIRST / 2
    for again in range(10):
        pace.refused(10.0 + again, None, 10.0 + again)
    assert pace.concurrency == 1


def test_after_a_refusal_a_window_grows_by_one_a_round_trip() -> None:
    pace = RateController(0.0)
    pace.refused(1.0, None, 2.0)
    grown(pace, 2.0, 5)
    assert pace.concurrency == FIRST / 2 + 1


def test_a_fixed_number_stays() -> None:
    pace = RateController(0.0, fixed=3)
    grown(pace, 0.0, 100)
    pace.refused(1.0, 5.0, 2.0)
    assert (pace.concurrency, pace.paused(2.0)) == (3, 5.0)
    assert RateController(0.0, most=2).concurrency == 2


def test_growth_ends_where_it_brings_nothing_and_is_tried_again_later() -> None:
    """A server that answers 100 a second, however many are asked at once."""
    pace, now, windows = RateController(0.0), 0.0, []
    for _ in range(20_000):
        now += 0.01
        pace.answered(20, 20.0, 20, pace.concurrency, now)
        windows.append(pace.concurrency)
    assert max(windows) < MOST / 2
    rests = [before > after for before, after in pairwise(windows)]
    assert sum(rests) > 1  # it looked again, and went back again


def test_growth_goes_on_where_it_brings_more() -> None:
    """A server that takes a second for each, however many come at once."""
    pace, now = RateController(0.0), 0.0
    while pace.concurrency < MOST:
        asked = pace.concurrency
        for _ in range(asked):
            now += 1 / asked
            pace.answered(20, 20.0, 20, pace.concurrency, now)
        assert now < 60


def test_a_pause_holds_everybody_back_and_has_an_end() -> None:
    pace = RateController(0.0)
    pace.refused(0.0, 10.0, 5.0)
    assert [pace.wait(0, now) for now in (5.0, 14.0, 15.0)] == [10.0, 1.0, 0.0]
    pace.refused(20.0, 1e9, 20.0)
    assert pace.paused(20.0) == LONGEST_PAUSE


def test_an_outage_leaves_one_request_ever_more_seldom() -> None:
    pace, now, pauses = RateController(0.0), 0.0, []
    for _ in range(8):
        pace.outage(now, now)
        pace.outage(now - 1, now)  # was on its way before
        assert pace.concurrency == 1
        pauses.append(pace.paused(now))
        now += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, LONGEST_OUTAGE_PAUSE, LONGEST_OUTAGE_PAUSE, LONGEST_OUTAGE_PAUSE]


def test_after_an_outage_the_window_begins_small_again() -> None:
    pace = RateController(0.0)
    grown(pace, 0.0, 100)
    pace.outage(1.0, 1.0)
    pace.answered(1, 1.0, 1, 1, 2.0)
    assert FIRST <= pace.concurrency <= FIRST + 1
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
    pace, now, starts = RateController(0.0, rpm=rpm), 0.0, []
    for gap in demand:
        now += gap
        for _ in range(burst):
            now += pace.wait(0, now)
            pace.sent(0, now)
            starts.append(now)
    for place, start in enumerate(starts):
        minute = [at for at in starts[place : place + rpm + 2] if at < start + 60 - 1e-3]
        assert len(minute) <= rpm


def test_a_ceiling_is_nearly_reached() -> None:
    pace, now, count = RateController(0.0, rpm=600), 0.0, 0
    while now < 120:
        now += pace.wait(0, now)
        pace.sent(0, now)
        count += 1
    assert 2 * 600 * 0.98 <= count <= 2 * 600 + 1


def test_tokens_are_paced_by_the_worst_case_until_answers_say_what_is_used() -> None:
    pace = RateController(0.0, tpm=6000)
    estimate = pace.sent(100, 0.0)
    assert estimate == 100
    waits = pace.wait(100, 0.0)
    pace.answered(100, estimate, 10, 1, 0.0)
    assert pace.wait(100, 0.0) < waits
    for _ in range(200):
        pace.answered(100, 10.0, 10, 1, 0.0)
    assert pace.sent(100, 0.0) == pytest.approx(10, rel=0.01)
    pace.answered(100, 10.0, None, 1, 0.0)
    pace.answered(0, 0.0, 5, 1, 0.0)
    assert pace.sent(100, 0.0) == pytest.approx(10, rel=0.01)


def test_a_request_larger_than_a_burst_goes_in_debt_that_the_next_one_waits_for() -> None:
    pace = RateController(0.0, tpm=600)
    assert pace.wait(1000, 0.0) == 0
    pace.sent(1000, 0.0)
    assert 90 < pace.wait(1, 0.0) < 110


def test_the_lower_ceiling_counts() -> None:
    pace = RateController(0.0, rpm=100, tpm=1000)
    pace.learn({REQUESTS: "60", "x-ratelimit-limit-tokens": "5000"}, 0.0)
    assert (pace.rpm, pace.tpm) == (60, 1000)
    pace.learn({REQUESTS: "300"}, 1.0)
    assert pace.rpm == 100


def test_a_ceiling_that_is_learnt_holds_from_then_on_and_is_shared_with_other_shards() -> None:
    pace = RateController(0.0, share=2)
    assert (pace.rpm, pace.wait(10, 0.0)) == (math.inf, 0.0)
    pace.learn({REQUESTS: "120"}, 1.0)
    assert pace.rpm == 60
    pace.sent(10, 1.0)
    assert pace.wait(10, 1.0) == pytest.approx(1.0)


def test_nothing_remaining_waits_for_the_reset() -> None:
    pace = RateController(0.0)
    pace.learn({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2s"}, 1.0)
    assert pace.paused(1.0) == 2
    pace.learn({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m"}, 1.0)
    assert pace.paused(1.0) == 60
    pace.learn({"x-ratelimit-remaining-tokens": "0"}, 1.0)
    pace.learn({"x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "100s"}, 1.0)
    assert pace.paused(1.0) == 60


@given(
    st.dictionaries(
        st.sampled_from([REQUESTS, "x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"]), st.text()
    )
)
def test_headers_of_any_kind_leave_a_pace_that_moves(headers: dict[str, str]) -> None:
    pace = RateController(0.0)
    pace.learn(headers, 0.0)
    assert pace.rpm > 0
    assert 0 <= pace.wait(10, 0.0) < math.inf


@pytest.mark.parametrize("value", ["0", "-5", "nan", "inf", "1e3", "many", ""])
def test_a_ceiling_that_is_none_changes_nothing(value: str) -> None:
    pace = RateController(0.0)
    pace.learn({REQUESTS: value}, 0.0)
    assert pace.rpm == math.inf


class Paces(RuleBasedStateMachine):
    """A pace in the hands of a server that does what it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.pace = RateController(0.0, rpm=600)
        self.sent: list[float] = []
        self.largest = FIRST
        self.paused_until = 0.0

    @rule(seconds=st.floats(0, 30))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: len(self.sent) < self.pace.concurrency)
    @rule()
    def send(self) -> None:
        if self.pace.wait(10, self.now) == 0:
            assert self.now >= self.paused_until - 1e-6
            self.pace.sent(10, self.now)
            self.sent.append(self.now)

    @precondition(lambda self: self.sent)
    @rule(used=st.one_of(st.none(), st.integers(0, 20)))
    def answer(self, used: int | None) -> None:
        before = self.pace.concurrency
        self.pace.answered(10, 10.0, used, len(self.sent), self.now)
        self.sent.pop(0)
        assert self.pace.concurrency <= max(before + 1, FIRST)

    @precondition(lambda self: self.sent)
    @rule(retry_after=st.one_of(st.none(), st.floats(0, 1e6)))
    def refuse(self, retry_after: float | None) -> None:
        before = self.pace.concurrency
        self.pace.refused(self.sent.pop(0), retry_after, self.now)
        self.paused_until = max(self.paused_until, self.now + min(retry_after or 0.0, LONGEST_PAUSE))
        assert self.pace.concurrency <= max(before, FIRST)

    @precondition(lambda self: self.sent)
    @rule()
    def break_down(self) -> None:
        self.pace.outage(self.sent.pop(0), self.now)

    @rule(ceiling=st.text(st.sampled_from("0123456789."), max_size=6))
    def learn(self, ceiling: str) -> None:
        self.pace.learn({REQUESTS: ceiling}, self.now)

    @invariant()
    def someone_may_always_go_sooner_or_later(self) -> None:
        assert 1 <= self.pace.concurrency <= MOST
        assert self.pace.rpm <= 600
        assert 0 <= self.pace.wait(10, self.now) < math.inf


TestPaces = Paces.TestCase
