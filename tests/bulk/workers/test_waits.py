"""One thread runs at a time; work that can continue never waits for work that is blocked."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.senders.api_sender import ApiSender
from nebius_cli.bulk.workers import one_thread_at_a_time
from nebius_cli.bulk.workers.send_and_receive import Listeners, WorkerPool
from tests.support import server
from tests.support.bulk import make_row
from tests.support.server import Reply, Request, status
from tests.support.service import (
    TEST_TIMEOUT_S,
    Respond,
    Run,
    Service,
    expected_texts,
    good_answer,
    rows,
    waiting_for,
)

SMALL_BUFFER_BYTES = 65536


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_a_body_that_cannot_be_sent_at_once_gets_its_answer(
    serve: Callable[[Respond], Service], authority: tuple[ssl.SSLContext, str], *, tls: bool
) -> None:
    service = serve(lambda request, _: good_answer(request))
    service._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
    service.tls = authority[0] if tls else None
    large = [make_row(index, f"{index}" + "x" * 6_000_000) for index in range(3)]
    began = time.process_time()
    run = Run(service, large, fixed=2, first_byte=20.0, retries=0, cacert=authority[1] if tls else "").go()
    assert sorted(run.texts()) == [0, 1, 2]
    assert time.process_time() - began < 10  # CPU time of client and server: the client does not poll


def test_a_refusal_received_while_the_body_is_sent_is_the_answer(
    serve: Callable[[Respond], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(connection: socket.socket) -> Request | None:
        if not connection.recv(1000):
            return None
        time.sleep(0.3)
        [refusal] = status(413, b'{"detail": "too long"}')
        assert isinstance(refusal, bytes)
        connection.sendall(refusal)
        connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while connection.recv(1 << 20):  # read all, so that a reset does not overtake the answer
                pass
        return None

    monkeypatch.setattr(server, "read_request", refuse)
    run = Run(
        serve(lambda request, _: good_answer(request)),
        [make_row(0, "x" * 12_000_000)],
        first_byte=10.0,
        retries=0,
    ).go()
    errors = [result.error for result in run.results] or [run.dispatcher.fatal]
    assert [error and error.why for error in errors] == ["too long"]


def test_bytes_after_an_answer_over_tls_are_not_taken_for_the_next_one(
    serve: Callable[[Respond], Service], authority: tuple[ssl.SSLContext, str]
) -> None:
    def respond(request: Request, number: int) -> Reply:
        [answer] = good_answer(request)
        assert isinstance(answer, bytes)
        # Extra bytes in the TLS record that holds the end of the first answer.
        more = answer.replace(b"0!", b"2!") if number == 1 else b""
        return [answer[:-5], lambda _: time.sleep(0.1), answer[-5:] + more]

    service = serve(respond)
    service.tls = authority[0]
    run = Run(service, rows(2), fixed=1, cacert=authority[1]).go()
    assert run.texts() == expected_texts(2)
    assert service.connections == 2


def slow_end(request: Request, release: threading.Event) -> Reply:
    """Answer at once, except for the last bytes."""
    [answer] = good_answer(request)
    assert isinstance(answer, bytes)
    return [answer[:-3], waiting_for(release), answer[-3:]]


def test_a_request_delayed_by_the_rate_is_sent_while_a_slow_answer_is_read(
    serve: Callable[[Respond], Service],
) -> None:
    second = threading.Event()

    def respond(request: Request, number: int) -> Reply:
        if number == 1:
            return slow_end(request, second)
        second.set()
        return good_answer(request)

    began = time.monotonic()
    run = Run(serve(respond), rows(3), fixed=4, group=2, rpm=60, fast_rows=True).go()
    assert run.texts() == expected_texts(3)
    assert time.monotonic() - began < TEST_TIMEOUT_S / 2  # the second request released the first answer


def test_an_incomplete_group_of_a_pipe_does_not_wait_for_an_answer(
    serve: Callable[[Respond], Service],
) -> None:
    sent: list[float] = []
    release = threading.Event()

    def respond(request: Request, number: int) -> Reply:
        sent.append(time.monotonic())
        return [waiting_for(release), *good_answer(request)] if number == 1 else good_answer(request)

    def reading() -> Iterator[Row]:
        yield from rows(2)
        time.sleep(0.55)  # by now, the other thread is waiting for the first answer
        offered.append(time.monotonic())
        yield make_row(2)
        time.sleep(1.0)
        release.set()

    offered: list[float] = []
    run = Run(serve(respond), reading(), fixed=4, group=2).go()
    assert run.texts() == expected_texts(3)
    assert sent[1] - offered[0] < 0.4  # about half of it is the intended delay


def test_all_answers_are_read_when_the_concurrency_drops_below_those_in_flight(
    serve: Callable[[Respond], Service],
) -> None:
    together, others = threading.Barrier(8), threading.Event()

    def warm(request: Request, number: int) -> Reply:
        del number
        return [waiting_for(together), *good_answer(request)]

    def slow(request: Request, number: int) -> Reply:
        number -= 8
        if number <= 2:
            return [waiting_for(capped), *slow_end(request, others)]
        return [waiting_for(capped), lambda _: time.sleep(0.3), *good_answer(request)]

    capped = threading.Event()
    service = serve(warm)
    run = Run(service, rows(8), fixed=8, fast_rows=True).go()
    service.respond, run.dispatcher.input_ended = slow, False
    done: list[int] = []

    def take(results: list[Result]) -> None:
        done.extend(result.row.index for result in results)
        if len(done) == 6:
            others.set()

    def tick() -> None:
        if run.dispatcher.in_flight == 8:
            run.dispatcher.rate.cap(1)
            capped.set()

    # On open connections no thread has to wait, so only a few threads have been started.
    listeners = Listeners(take, lambda *_: None, lambda _: None)
    sender, limits = ApiSender(run.api), run.pool._limits
    pool = WorkerPool(
        sender, run.dispatcher, iter(rows(8)), listeners, time.monotonic, limits, fast_rows=True
    )
    began = time.monotonic()
    pool.run(tick)
    assert sorted(done) == [*range(8)]
    assert time.monotonic() - began < TEST_TIMEOUT_S / 2  # the other answers released the slow ones


def test_the_only_thread_reads_answers_before_it_waits_for_a_pipe(
    serve: Callable[[Respond], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()

    def reading() -> Iterator[Row]:
        monkeypatch.setattr(
            one_thread_at_a_time, "MIN_FREE_BYTES", 1 << 62
        )  # the first thread is already running
        yield from rows(3)
        assert answered.wait(TEST_TIMEOUT_S)

    run = Run(serve(lambda request, _: good_answer(request)), reading(), fixed=4)

    def tick() -> None:
        if len(run.results) == 3:
            answered.set()

    run.pool.run(tick)
    assert run.texts() == expected_texts(3)


def test_a_run_that_is_stopped_does_not_wait_for_a_silent_pipe(serve: Callable[[Respond], Service]) -> None:
    never = threading.Event()

    def reading() -> Iterator[Row]:
        never.wait(TEST_TIMEOUT_S)
        yield from rows(1)

    run = Run(serve(lambda request, _: good_answer(request)), reading())
    began = time.monotonic()
    run.pool.run(run.dispatcher.stop)
    assert time.monotonic() - began < TEST_TIMEOUT_S / 2
    never.set()
