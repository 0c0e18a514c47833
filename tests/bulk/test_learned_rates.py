"""Rate limits that a bulk run learns from the headers of answers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nebius_cli.bulk.limit_concurrency_and_rate import (
    INITIAL_CONCURRENCY,
    MAX_CONCURRENCY,
    MAX_PAUSE_S,
    RateController,
)

REQUESTS = "x-ratelimit-limit-requests"


def test_a_learned_ceiling_applies_at_once_and_is_divided_among_the_shards() -> None:
    rate = RateController(0.0, shards=2)
    assert (rate.rpm, rate.wait(10, 0.0)) == (math.inf, 0.0)
    rate.learn({REQUESTS: "120"}, 1.0)
    assert rate.rpm == 60
    rate.sent(10, 1.0)
    assert rate.wait(10, 1.0) == pytest.approx(1.0)


def test_a_remaining_quota_of_zero_waits_for_the_reset() -> None:
    rate = RateController(0.0)
    rate.learn({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2s"}, 1.0)
    assert rate.paused(1.0) == 2
    rate.learn({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m"}, 1.0)
    assert rate.paused(1.0) == 60
    rate.learn({"x-ratelimit-remaining-tokens": "0"}, 1.0)
    rate.learn({"x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "100s"}, 1.0)
    assert rate.paused(1.0) == 60


@pytest.mark.parametrize(
    ("headers", "waits", "header"),
    [
        ({REQUESTS: "2"}, 30, REQUESTS),
        ({"x-ratelimit-limit-tokens": "100"}, 60, "x-ratelimit-limit-tokens"),
        (
            {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "45s"},
            45,
            "x-ratelimit-reset-requests",
        ),
    ],
)
def test_a_long_wait_requested_by_the_server_is_noted_once_with_its_header(
    headers: dict[str, str], waits: int, header: str
) -> None:
    rate = RateController(0.0)
    rate.learn(headers, 0.0)
    rate.sent(100, 0.0)
    for _ in range(3):
        assert rate.wait(100, 0.0) == pytest.approx(waits, rel=0.3)
    assert header in (note := rate.take_note())
    assert "waits" in note
    assert rate.take_note() == ""


def test_a_wait_for_a_limit_set_by_the_user_is_not_noted() -> None:
    rate = RateController(0.0, rpm=2)
    rate.learn({REQUESTS: "600"}, 0.0)
    rate.sent(1, 0.0)
    assert rate.wait(1, 0.0) > 10
    assert rate.take_note() == ""


@given(
    st.dictionaries(
        st.sampled_from([REQUESTS, "x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"]), st.text()
    )
)
def test_no_headers_block_the_rate_controller_forever(headers: dict[str, str]) -> None:
    rate = RateController(0.0)
    rate.learn(headers, 0.0)
    assert rate.rpm > 0
    assert 0 <= rate.wait(10, 0.0) < math.inf


@pytest.mark.parametrize("value", ["0", "-5", "nan", "inf", "1e3", "many", ""])
def test_an_invalid_ceiling_is_ignored(value: str) -> None:
    rate = RateController(0.0)
    rate.learn({REQUESTS: value}, 0.0)
    assert rate.rpm == math.inf


class Paces(RuleBasedStateMachine):
    """A rate controller with a server that answers, refuses and fails in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.rate = RateController(0.0, rpm=600)
        self.sent: list[float] = []
        self.largest = INITIAL_CONCURRENCY
        self.paused_until = 0.0

    @rule(seconds=st.floats(0, 30))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: len(self.sent) < self.rate.concurrency)
    @rule()
    def send(self) -> None:
        if self.rate.wait(10, self.now) == 0:
            assert self.now >= self.paused_until - 1e-6
            self.rate.sent(10, self.now)
            self.sent.append(self.now)

    @precondition(lambda self: self.sent)
    @rule(used=st.one_of(st.none(), st.integers(0, 20)))
    def answer(self, used: int | None) -> None:
        before = self.rate.concurrency
        self.rate.answered(10, 10.0, used, len(self.sent), self.now)
        self.sent.pop(0)
        assert self.rate.concurrency <= max(before + 1, INITIAL_CONCURRENCY)

    @precondition(lambda self: self.sent)
    @rule(retry_after=st.one_of(st.none(), st.floats(0, 1e6)))
    def refuse(self, retry_after: float | None) -> None:
        before = self.rate.concurrency
        self.rate.refused(self.sent.pop(0), retry_after, self.now)
        self.paused_until = max(self.paused_until, self.now + min(retry_after or 0.0, MAX_PAUSE_S))
        assert self.rate.concurrency <= max(before, INITIAL_CONCURRENCY)

    @precondition(lambda self: self.sent)
    @rule()
    def break_down(self) -> None:
        self.rate.outage(self.sent.pop(0), self.now)

    @rule(ceiling=st.text(st.sampled_from("0123456789."), max_size=6))
    def learn(self, ceiling: str) -> None:
        self.rate.learn({REQUESTS: ceiling}, self.now)

    @invariant()
    def a_request_is_always_allowed_eventually(self) -> None:
        assert 1 <= self.rate.concurrency <= MAX_CONCURRENCY
        assert self.rate.rpm <= 600
        assert 0 <= self.rate.wait(10, self.now) < math.inf


TestPaces = Paces.TestCase
