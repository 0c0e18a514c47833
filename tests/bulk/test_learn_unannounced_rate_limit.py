"""A server limits the rate without announcing the limit: no row fails, and most of the rate is used."""

import heapq
import random
import threading
import time
from collections.abc import Callable

import pytest

from nebius_cli.bulk.learn_unannounced_rate_limit import (
    FIRST_INTERVAL_S,
    MAX_INTERVAL_S,
    MAX_SEARCH_INTERVAL_S,
    RequestInterval,
)
from tests.support.server import Reply, Request, status
from tests.support.service import Respond, Run, Service, expected_texts, good_answer, rows

RATE = 10.0  # requests per second
LEARNING = 20  # requests until the rate is learned
ROWS = 50
TRIES = 6  # other work on this machine makes the share smaller, never larger


class Limiter:
    """Accepts requests like a token bucket: RATE per second, and `burst` at once."""

    def __init__(self, burst: int, refusal: int) -> None:
        self.passed: list[tuple[float, int]] = []  # time, and number of requests received
        self._level = self._burst = burst + 1.0
        self._at = time.monotonic()
        self._refusal = refusal
        self._lock = threading.Lock()

    def __call__(self, request: Request, number: int) -> Reply:
        with self._lock:
            now = time.monotonic()
            self._level = min(self._burst, self._level + (now - self._at) * RATE)
            self._at = now
            if self._level < 1:
                return status(self._refusal, b"<html>busy</html>")
            self._level -= 1
            self.passed.append((now, number))
            return good_answer(request)

    def share_used(self) -> float:
        """Return the share of the rate that was used after the first LEARNING requests."""
        times = [at for at, number in self.passed if number > LEARNING]
        return (len(times) - 1) / (times[-1] - times[0]) / RATE


@pytest.mark.parametrize("refusal", [429, 503])
@pytest.mark.parametrize("burst", [0, 5])
def test_a_rate_limit_without_headers_is_learned_from_the_answers(
    serve: Callable[[Respond], Service], burst: int, refusal: int
) -> None:
    best = 0.0
    for _ in range(TRIES):
        limiter = Limiter(burst, refusal)
        run = Run(serve(limiter), rows(ROWS), fixed=8, jitter=lambda: 0.5).go()
        assert run.texts() == expected_texts(ROWS)
        best = max(best, limiter.share_used())
        if best >= 0.8:
            break
    assert best >= 0.8
    assert run.dispatcher.requests < 2 * ROWS


def test_requests_are_not_paced_before_a_refusal() -> None:
    pacer = RequestInterval()
    pacer.sent(1.0)
    pacer.accepted(1.0, 1.1)
    assert (pacer.interval, pacer.wait(1.1)) == (0.0, 0.0)


def test_requests_sent_before_a_refusal_do_not_change_the_interval_again() -> None:
    pacer = RequestInterval()
    for _ in range(9):
        pacer.refused(1.0, 2.0)
    pacer.accepted(1.5, 2.5)
    assert pacer.interval == FIRST_INTERVAL_S


def test_a_server_that_refuses_everything_is_asked_less_and_less_often() -> None:
    pacer, now = RequestInterval(), 0.0
    for _ in range(40):
        pacer.refused(now, now)
        now += pacer.wait(now)
    assert pacer.interval == MAX_SEARCH_INTERVAL_S
    assert pacer.wait(now - 0.5) == pytest.approx(0.5)


def test_occasional_refusals_set_no_interval() -> None:
    pacer = RequestInterval()
    for number in range(40):
        pacer.sent(number / 10)
        if number % 8 < 7:
            pacer.accepted(number / 10, number / 10 + 0.05)
        else:
            assert not pacer.refused(number / 10, number / 10 + 0.05)
    assert pacer.interval == 0


@pytest.mark.parametrize(("share", "least"), [(0.02, 0.8), (0.05, 0.7), (0.1, 0.3), (0.2, 0.1)])
def test_random_refusals_are_not_taken_for_a_rate_limit(share: float, least: float) -> None:
    dice, pacer, now, answered = random.Random(1), RequestInterval(), 0.0, 0
    in_flight: list[tuple[float, float, bool]] = []  # time of the answer, time sent, refused
    while answered < 1500:
        wait = pacer.wait(now)
        if len(in_flight) < 16 and not wait:
            pacer.sent(now)
            refused = dice.random() < share
            heapq.heappush(in_flight, (now + (0.1 if refused else dice.uniform(0.7, 1.3)), now, refused))
        elif len(in_flight) < 16 and (not in_flight or now + wait < in_flight[0][0]):
            now += wait + 1e-9
        else:
            now, sent_at, refused = heapq.heappop(in_flight)
            if refused:
                pacer.refused(sent_at, now)
            else:
                pacer.accepted(sent_at, now)
                answered += 1
    assert answered / now / 16 >= least  # of the throughput of a server without refusals


def test_a_server_that_accepts_one_request_a_minute_is_paced_with_a_maximum() -> None:
    pacer, now, passed_at = RequestInterval(), 0.0, -60.0
    for _ in range(3000):
        now += pacer.wait(now)
        pacer.sent(now)
        if now >= passed_at + 60:
            passed_at = now
            pacer.accepted(now, now)
        else:
            pacer.refused(now, now)
    assert 20 < pacer.interval <= MAX_INTERVAL_S
