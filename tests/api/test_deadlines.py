"""Deadlines over an iterator that blocks: which limit fires, and what is left behind."""

import itertools
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from nebius_cli.api.deadlines import MOST_WAITING, Deadlines
from nebius_cli.core.errors import NetworkError, TimedOutError

PATIENCE = 30  # seconds; only a test that fails waits so long
SOON = 0.05  # a limit that fires


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def limited(source: Iterable[Any], clock: Clock | None = None, **limits: float) -> Iterator[Any]:
    every = {"first_byte": PATIENCE, "stall": PATIENCE, "total": 0.0, "started": 100.0, **limits}
    return iter(Deadlines(source, clock or Clock(), **every))


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What a source waits for in vain; set when the test is over, so that its thread ends."""
    event = threading.Event()
    yield event
    event.set()


def silent_after(never: threading.Event, *items: Any) -> Iterator[Any]:
    yield from items
    never.wait(PATIENCE)


def timed_out(answer: Iterator[Any]) -> TimedOutError:
    with pytest.raises(TimedOutError) as caught:
        next(answer)
    assert caught.value.what == "timed out"
    assert not caught.value.retryable
    return caught.value


def test_what_the_source_gives_comes_in_order_and_ends() -> None:
    assert list(limited(["head", 1, 2])) == ["head", 1, 2]
    assert list(limited([])) == []


def test_bytes_that_came_while_the_reader_was_busy_are_one_piece() -> None:
    told = threading.Event()

    def source() -> Iterator[object]:
        yield from ("head", b"a", b"b", 7, b"c")
        told.set()

    answer = limited(source())
    assert next(answer) == "head"
    assert told.wait(PATIENCE)
    assert list(answer) == [b"ab", 7, b"c"]


def test_more_than_can_wait_comes_whole() -> None:
    assert list(limited(range(3 * MOST_WAITING))) == list(range(3 * MOST_WAITING))


def test_what_the_source_raises_is_raised_after_what_it_gave() -> None:
    def source() -> Iterator[bytes]:
        yield b"a"
        raise NetworkError("broke")

    answer = limited(source())
    assert next(answer) == b"a"
    with pytest.raises(NetworkError, match="broke"):
        next(answer)


def test_even_an_interrupt_in_the_source_is_raised() -> None:
    def interrupted(_: int) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(limited(map(interrupted, [1])))


def test_the_first_limit_holds_until_the_first_bytes(never: threading.Event) -> None:
    answer = limited(silent_after(never, "head"), first_byte=SOON)
    assert next(answer) == "head"
    error = timed_out(answer)
    assert error.why == "nothing came for 0.05 s"
    assert error.hint == "--first-byte-timeout SECONDS waits longer, 0 for ever"


def test_the_stall_limit_holds_after_the_first_bytes(never: threading.Event) -> None:
    answer = limited(silent_after(never, "head", b"a"), stall=SOON)
    assert [next(answer), next(answer)] == ["head", b"a"]
    error = timed_out(answer)
    assert (error.why, error.hint.split()[0]) == ("nothing came for 0.05 s", "--stall-timeout")


def test_the_total_limit_holds_from_the_start_of_the_first_try(never: threading.Event) -> None:
    clock = Clock()
    clock.now += 10 - SOON
    error = timed_out(limited(silent_after(never), clock, total=10))
    assert (error.why, error.hint.split()[0]) == ("it took longer than 10 s in all", "--timeout")


def test_the_total_limit_holds_even_while_much_comes() -> None:
    clock = Clock()
    answer = limited(itertools.repeat(b"a"), clock, total=10)
    assert set(next(answer)) == set(b"a")
    clock.now += 10
    assert timed_out(answer).why == "it took longer than 10 s in all"


def test_the_nearest_limit_is_the_one_that_is_named(never: threading.Event) -> None:
    assert "--first-byte-timeout" in timed_out(limited(silent_after(never), first_byte=SOON, total=10)).hint


def test_a_limit_of_zero_is_none() -> None:
    go = threading.Event()
    clock = Clock()

    def source() -> Iterator[bytes]:
        yield b"a"
        go.wait(SOON)
        yield b"b"

    answer = limited(source(), clock, first_byte=0, stall=0, total=0)
    assert next(answer) == b"a"
    clock.now += 1e9
    assert list(answer) == [b"b"]


def test_a_source_that_is_left_is_closed_and_does_not_run_ahead() -> None:
    closed = threading.Event()
    made: list[int] = []

    def source() -> Iterator[bytes]:
        try:
            for number in itertools.count():
                made.append(number)
                yield b"a"
        finally:
            closed.set()

    answer = Deadlines(source(), Clock(), first_byte=0, stall=0, total=0, started=0)
    for item in answer:
        assert set(item) == set(b"a")
        break
    assert closed.wait(PATIENCE)
    assert len(made) <= 2 * MOST_WAITING + 3


def test_a_source_that_is_no_generator_needs_no_closing() -> None:
    assert list(limited([1, 2])) == [1, 2]


def test_the_thread_does_not_keep_the_process_alive(never: threading.Event) -> None:
    answer = limited(silent_after(never, b"a"))
    next(answer)
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "nbx-wire"] == [True]
