"""The deadline of one request: which limit is reached first, and what extends each limit."""

import math

import pytest

from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.core.errors_and_exit_codes import TimedOutError

START = 100.0


class Clock:
    """A clock that advances only when a test sets `now`."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def deadline(
    clock: Clock, first_byte: float = 0, stall: float = 0, total: float = 0, started: float | None = None
) -> Deadline:
    return Deadline(Limits(first_byte, stall, total, 0), clock, started)


def passed(limits: Deadline) -> TimedOutError:
    with pytest.raises(TimedOutError) as caught:
        limits.left()
    assert caught.value.what == "timed out"
    assert not caught.value.retryable
    assert caught.value.hint.endswith(" SECONDS to wait longer; 0 means no limit")
    return caught.value


def test_zero_means_no_limit(clock: Clock) -> None:
    limits = deadline(clock)
    clock.now += 1e9
    limits.head_received()
    limits.bytes_received()
    clock.now += 1e9
    assert limits.left() == math.inf


def test_the_first_byte_limit_applies_until_the_first_bytes(clock: Clock) -> None:
    limits = deadline(clock, first_byte=10, stall=3)
    clock.now += 4
    assert limits.left() == 6
    limits.head_received()  # a server may send the head long before the body
    assert limits.left() == 10
    clock.now += 10
    error = passed(limits)
    assert (error.why, error.hint.split()[1]) == ("no data arrived for 10 s", "--first-byte-timeout")


def test_the_stall_limit_applies_after_the_first_bytes(clock: Clock) -> None:
    limits = deadline(clock, first_byte=10, stall=3)
    limits.head_received()
    clock.now += 4
    limits.bytes_received()
    clock.now += 2
    limits.bytes_received()
    assert limits.left() == 3
    clock.now += 3
    error = passed(limits)
    assert (error.why, error.hint.split()[1]) == ("no data arrived for 3 s", "--stall-timeout")


def test_the_total_limit_counts_from_the_start_of_the_first_attempt(clock: Clock) -> None:
    limits = deadline(clock, total=10, started=START - 4)
    assert limits.left() == 6
    clock.now += 5
    limits.bytes_received()
    clock.now += 1
    error = passed(limits)
    assert (error.why, error.hint.split()[1]) == ("it took longer than 10 s in total", "--timeout")


def test_the_error_names_the_limit_that_was_reached_first(clock: Clock) -> None:
    limits = deadline(clock, first_byte=3, total=10)
    clock.now += 30
    assert passed(limits).why == "no data arrived for 3 s"


@pytest.mark.parametrize(
    ("first_byte", "stall", "seconds", "flag"),
    [(10, 3, 10, "--first-byte-timeout"), (3, 10, 10, "--stall-timeout")],
)
def test_bytes_without_text_do_not_count_as_progress(
    clock: Clock, first_byte: float, stall: float, seconds: float, flag: str
) -> None:
    limits = deadline(clock, first_byte, stall)
    limits.head_received()
    for _ in range(5):
        clock.now += 2
        limits.bytes_received()
    error = passed(limits)
    assert (error.why, error.hint.split()[1]) == (
        f"data arrived, but the answer made no progress for {seconds} s",
        flag,
    )


def test_text_counts_as_progress(clock: Clock) -> None:
    limits = deadline(clock, first_byte=4, stall=4)
    limits.head_received()
    for _ in range(5):
        clock.now += 3
        limits.bytes_received()
        limits.text_received()
    assert limits.left() == 4


@pytest.mark.parametrize(("first_byte", "stall"), [(0, 3), (3, 0)])
def test_progress_is_required_only_if_both_limits_are_set(first_byte: float, stall: float) -> None:
    assert Limits(first_byte, stall, 0, 0).progress_timeout_s == math.inf


def test_paused_time_counts_toward_no_limit(clock: Clock) -> None:
    limits = deadline(clock, first_byte=3, stall=3, total=10)
    limits.head_received()
    limits.bytes_received()
    for _ in range(3):
        limits.pause()
        clock.now += 100
        limits.text_received()
        limits.resume()
        assert limits.left() == 3
    clock.now += 2
    assert limits.left() == 1


def test_a_deadline_can_be_shortened_but_not_extended(clock: Clock) -> None:
    limits = deadline(clock, total=10)
    limits.shorten(2)
    limits.shorten(5)
    assert limits.left() == 2


@pytest.mark.parametrize("sent", [True, False])
def test_the_error_tells_whether_the_request_was_sent(clock: Clock, *, sent: bool) -> None:
    limits = deadline(clock, total=1)
    limits.sent = sent
    clock.now += 1
    assert passed(limits).sent is sent


def test_time_while_the_process_is_suspended_does_not_count(clock: Clock) -> None:
    limits = deadline(clock, first_byte=2, total=3)
    wait = limits.start_wait(5.0)
    clock.now += wait + 60.0  # a laptop that sleeps
    limits.end_wait()
    assert limits.left() == pytest.approx(2 - wait)


def test_a_wait_that_ends_a_little_late_counts(clock: Clock) -> None:
    limits = deadline(clock, first_byte=2)
    for _ in range(20):
        try:
            wait = limits.start_wait(5.0)
        except TimedOutError:
            break
        clock.now += wait + 0.1
        limits.end_wait()
    assert clock.now < START + 4


def test_one_wait_lasts_a_part_of_the_remaining_time(clock: Clock) -> None:
    assert deadline(clock, first_byte=2).start_wait(5.0) == 0.5
    assert deadline(clock, first_byte=0.1).start_wait(5.0) == pytest.approx(0.1)
    assert deadline(clock).start_wait(5.0) == 5.0
