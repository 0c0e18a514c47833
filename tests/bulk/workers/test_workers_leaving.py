"""A worker pool can always be stopped: at a signal, on a full disk, with a silent server or pipe."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.workers import send_and_receive
from nebius_cli.core.errors_and_exit_codes import BadInputError, Interrupted, OutputError, TimedOutError
from tests.support.server import Reply, Request
from tests.support.service import (
    TEST_TIMEOUT_S,
    Respond,
    Run,
    Service,
    expected_texts,
    good_answer,
    rows,
    unreliable,
    waiting_for,
)


@pytest.mark.parametrize("problem", [OutputError("disk full"), ValueError("a bug"), Interrupted()])
def test_an_error_while_handling_a_result_ends_the_run(
    serve: Callable[[Respond], Service], problem: BaseException
) -> None:
    seen = []

    def on_result(result: Result) -> None:
        seen.append(result)
        raise problem

    run = Run(serve(lambda request, _: good_answer(request)), rows(1000), on_result=on_result)
    with pytest.raises(type(problem)) as caught:
        run.go()
    assert caught.value is problem
    assert len(seen) <= 5
    with pytest.raises(type(problem)):
        run.pool.drain(0)


@pytest.mark.parametrize("fast_rows", [False, True])
def test_an_error_reading_rows_ends_the_run_after_all_requests_have_ended(
    serve: Callable[[Respond], Service], *, fast_rows: bool
) -> None:
    def reading() -> Iterator[Row]:
        yield from rows(20)
        raise BadInputError("line 21")

    run = Run(serve(lambda request, _: good_answer(request)), reading(), fast_rows=fast_rows)
    with pytest.raises(BadInputError):
        run.go()
    assert run.texts() == expected_texts(20)


class Leave(BaseException):
    """The exception that a signal handler would raise."""


def leaving(run: Run, when: threading.Event) -> Callable[[], None]:
    def tick() -> None:
        run.tick()
        if when.is_set():
            raise Leave

    return tick


def test_a_drain_waits_for_requests_in_flight_and_sends_no_more(serve: Callable[[Respond], Service]) -> None:
    begun, release = threading.Event(), threading.Event()

    def respond(request: Request, number: int) -> Reply:
        if number == 4:
            begun.set()
        return [waiting_for(release), *good_answer(request)]

    run = Run(serve(respond), rows(100))
    with pytest.raises(Leave):
        run.pool.run(leaving(run, begun))
    timer = threading.Timer(0.1, release.set)
    timer.start()
    assert run.pool.drain(TEST_TIMEOUT_S)
    timer.join()
    assert len(run.results) == run.dispatcher.requests == 4


def held_back(begun: threading.Event, release: threading.Event) -> Respond:
    """Answer after `release` is set."""

    def respond(request: Request, number: int) -> Reply:
        del number
        begun.set()
        return [waiting_for(release), *good_answer(request)]

    return respond


def test_requests_that_do_not_end_in_time_are_abandoned(serve: Callable[[Respond], Service]) -> None:
    begun, release = threading.Event(), threading.Event()
    run = Run(serve(held_back(begun, release)), rows(100), fixed=1)
    with pytest.raises(Leave):
        run.pool.run(leaving(run, begun))
    assert not run.pool.drain(0.05)
    release.set()
    assert run.pool._over.wait(TEST_TIMEOUT_S)
    assert run.results == []  # results of abandoned requests are discarded


def test_a_drain_interrupted_by_another_signal_takes_no_results(serve: Callable[[Respond], Service]) -> None:
    begun, release = threading.Event(), threading.Event()

    def leave(*_: object) -> None:
        raise Leave

    run = Run(serve(held_back(begun, release)), rows(100), fixed=1)
    with pytest.raises(Leave):
        run.pool.run(leaving(run, begun))
    before = signal.signal(signal.SIGALRM, leave)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(Leave):
            run.pool.drain(TEST_TIMEOUT_S)
    finally:
        signal.signal(signal.SIGALRM, before)
    (left,) = run.pool.abandon()
    assert (left.row.index, left.attempts) == (0, 1)
    release.set()
    assert run.pool._over.wait(TEST_TIMEOUT_S)
    assert run.results == []


def test_an_answer_being_checked_when_the_drain_ends_is_not_lost(serve: Callable[[Respond], Service]) -> None:
    begun, release = threading.Event(), threading.Event()

    def late(*_: object) -> None:
        begun.set()
        release.wait(TEST_TIMEOUT_S)

    run = Run(serve(lambda request, _: good_answer(request)), rows(1), fixed=1)
    run.pool._listeners = run.pool._listeners._replace(request=late)
    with pytest.raises(Leave):
        run.pool.run(leaving(run, begun))
    assert not run.pool.drain(0.05)
    release.set()
    assert run.pool._over.wait(TEST_TIMEOUT_S)
    (left,) = run.pool.abandon()
    assert (left.row.index, run.results) == (0, [])


def test_an_answer_already_taken_is_passed_on_for_each_of_its_rows(
    serve: Callable[[Respond], Service],
) -> None:
    begun, release = threading.Event(), threading.Event()
    taken = []

    def late(result: Result) -> None:
        begun.set()
        release.wait(TEST_TIMEOUT_S)
        taken.append(result.row.index)

    run = Run(serve(lambda request, _: good_answer(request)), rows(3), group=3, on_result=late)
    with pytest.raises(Leave):
        run.pool.run(leaving(run, begun))
    assert not run.pool.drain(0.05)
    threading.Timer(0.1, release.set).start()
    assert (run.pool.abandon(), taken) == ([], [0, 1, 2])
    assert run.pool._over.wait(TEST_TIMEOUT_S)


def test_a_thread_that_hangs_while_passing_on_results_is_not_waited_for(
    serve: Callable[[Respond], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, release = threading.Event(), threading.Event()

    def late(_: Result) -> None:
        begun.set()
        release.wait(TEST_TIMEOUT_S)

    monkeypatch.setattr(send_and_receive, "WRITE_TIMEOUT_S", 0.05)
    run = Run(serve(lambda request, _: good_answer(request)), rows(1), on_result=late)
    with pytest.raises(Leave):
        run.pool.run(leaving(run, begun))
    assert not run.pool.drain(0.05)
    assert run.pool.abandon() == []
    assert not release.is_set()
    release.set()
    assert run.pool._over.wait(TEST_TIMEOUT_S)


def test_an_incomplete_group_is_sent_if_the_pipe_is_silent(serve: Callable[[Respond], Service]) -> None:
    never = threading.Event()

    def reading() -> Iterator[Row]:
        yield from rows(3)
        never.wait(TEST_TIMEOUT_S)

    run = Run(serve(lambda request, _: good_answer(request)), reading(), group=8)
    done = threading.Event()
    tick = leaving(run, done)

    def until_answered() -> None:
        if len(run.results) == 3:
            done.set()
        tick()

    with pytest.raises(Leave):
        run.pool.run(until_answered)
    never.set()
    assert run.pool.drain(TEST_TIMEOUT_S)
    assert run.texts() == expected_texts(3)


@pytest.mark.parametrize("fast_rows", [False, True])
def test_a_silent_pipe_delays_neither_answers_nor_the_end(
    serve: Callable[[Respond], Service], *, fast_rows: bool
) -> None:
    asked, never = threading.Event(), threading.Event()

    def reading() -> Iterator[Row | None]:
        yield from rows(3)
        yield None
        asked.set()
        never.wait(TEST_TIMEOUT_S)

    run = Run(serve(unreliable), reading(), fixed=1, retries=20, fast_rows=fast_rows)
    done = threading.Event()
    tick = leaving(run, done)

    def until_answered() -> None:
        if len(run.results) == 3 and asked.is_set():
            done.set()
        tick()

    with pytest.raises(Leave):
        run.pool.run(until_answered)
    assert run.pool.drain(TEST_TIMEOUT_S)
    never.set()
    assert run.texts() == expected_texts(3)


@pytest.mark.parametrize("limits", [{"first_byte": 1.0}, {"total": 1.0}, {"first_byte": 1.0, "stall": 0.5}])
def test_a_server_that_sends_single_bytes_does_not_block_a_thread_forever(
    serve: Callable[[Respond], Service], limits: dict[str, float]
) -> None:
    def drip(connection: socket.socket) -> None:
        for _ in range(TEST_TIMEOUT_S * 50):
            connection.sendall(b"H")
            time.sleep(0.02)

    run = Run(
        serve(lambda request, n: [drip] if n == 2 else good_answer(request)),
        rows(3),
        fixed=1,
        retries=0,
        **limits,
    ).go()
    (failed,) = (result for result in run.results if result.error is not None)
    assert isinstance(failed.error, TimedOutError)
    assert len(run.results) == 3


def test_the_run_continues_if_fewer_threads_can_be_started_than_wanted(
    serve: Callable[[Respond], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = serve(lambda request, _: good_answer(request))
    run, start = Run(service, rows(50), fixed=8), threading.Thread.start
    started: list[threading.Thread] = []

    def limited(thread: threading.Thread) -> None:
        if thread.name == "nbx-bulk":
            if len(started) >= 2:
                raise RuntimeError("can't start new thread")
            started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    assert run.go().texts() == expected_texts(50)
    with pytest.raises(RuntimeError):
        Run(service, rows(1)).go()
