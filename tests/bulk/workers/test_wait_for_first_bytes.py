"""One thread waits for the answers to many requests; each is taken when it begins or times out."""

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.http_client import Api
from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.bulk.request_batch import Batch
from nebius_cli.bulk.run_budget import NOTHING
from nebius_cli.bulk.senders.api_sender import ApiSender
from nebius_cli.bulk.senders.local_scoring_sender import LocalScoringSender
from nebius_cli.bulk.workers.wait_for_first_bytes import AnswerWatch, InFlight
from nebius_cli.core.errors_and_exit_codes import TimedOutError
from nebius_cli.core.secret import Secret
from tests.conftest import CANARY
from tests.support.bulk import make_row
from tests.support.server import Request
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


class Clock:
    """A clock that can be set forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


class Watching:
    """An AnswerWatch and requests to a service."""

    def __init__(self, service: Service, cacert: str = "") -> None:
        self.clock = Clock()
        self.watch = AnswerWatch(self.clock)
        api = Api(service.url, Secret(CANARY), connect_timeout=5, now=time.time, log=print, cacert=cacert)
        self.sender = ApiSender(api)
        self.sent: list[InFlight] = []

    def send(self, index: int, first_byte: float = 0.0) -> InFlight:
        deadline = Deadline(Limits(first_byte, 0.0, 0.0, 0), self.clock)
        batch = Batch([make_row(index)], NOTHING)
        request = InFlight(batch, deadline, self.sender.start(batch, deadline))
        assert self.watch.add(request)
        self.sent.append(request)
        return request

    def close(self) -> None:
        self.watch.close()
        for request in self.sent:
            request.give_up()

    def taken(self, seconds: float = TEST_TIMEOUT_S) -> list[int]:
        """Return the rows whose requests are ready, as soon as there is one."""
        until = time.monotonic() + seconds
        taken: list[InFlight] = []
        while not taken and time.monotonic() < until:
            taken = self.watch.take(self.watch.wait(self.clock() + until - time.monotonic()))
        self.last = taken
        return [request.batch.rows[0].index for request in taken]


@pytest.fixture
def watching() -> Iterator[Callable[..., Watching]]:
    with contextlib.ExitStack() as stack:

        def make(service: Service, cacert: str = "") -> Watching:
            made = Watching(service, cacert)
            stack.callback(made.close)
            return made

        yield make


def answering(*events: threading.Event) -> Respond:
    """Answer the request for row k after event k."""

    def respond(request: Request, number: int) -> list[object]:
        del number
        index = int(request.json["prompt"])
        return [waiting_for(events[index]), *good_answer(request)]

    return respond  # type: ignore[return-value]


def test_each_answer_is_taken_as_soon_as_it_begins(
    serve: Callable[[Respond], Service], watching: Callable[..., Watching]
) -> None:
    events = [threading.Event() for _ in range(3)]
    here = watching(serve(answering(*events)))
    for index in range(3):
        here.send(index)
    assert (here.taken(0.1), len(here.watch)) == ([], 3)
    events[1].set()
    assert (here.taken(), len(here.watch)) == ([1], 2)
    assert here.last[0].started.finish().reasons == "stop"
    for event in events:
        event.set()
    assert sorted(here.taken() + here.taken(1.0)) == [0, 2]


def test_a_request_that_timed_out_is_taken_without_an_answer(
    serve: Callable[[Respond], Service], watching: Callable[..., Watching]
) -> None:
    never = threading.Event()
    here = watching(serve(answering(never, never)))
    here.send(0)
    here.send(1, first_byte=0.3)
    assert here.taken() == [1]
    with pytest.raises(TimedOutError):
        here.last[0].started.finish()
    assert here.taken(0.1) == []
    never.set()
    assert here.taken() == [0]


def test_time_while_the_process_was_suspended_does_not_count(
    serve: Callable[[Respond], Service], watching: Callable[..., Watching]
) -> None:
    release = threading.Event()
    here = watching(serve(answering(release)))
    request = here.send(0, first_byte=50.0)

    def suspended() -> None:
        here.clock.ahead = 100.0
        here.watch.wake()

    timer = threading.Timer(0.1, suspended)
    timer.start()
    assert here.watch.take(here.watch.wait(here.clock() + 10)) == []
    timer.join()
    assert request.deadline.left() > 40
    release.set()
    assert here.taken() == [0]


def test_a_wait_can_be_interrupted_from_another_thread(
    serve: Callable[[Respond], Service], watching: Callable[..., Watching]
) -> None:
    here = watching(serve(lambda request, _: good_answer(request)))
    timer = threading.Timer(0.05, here.watch.wake)
    began = time.monotonic()
    timer.start()
    assert here.watch.wait(here.clock() + TEST_TIMEOUT_S) == []
    assert time.monotonic() - began < 0.9  # the longest wait is a second
    timer.join()


def test_a_request_without_a_socket_is_not_watched(
    serve: Callable[[Respond], Service], watching: Callable[..., Watching]
) -> None:
    here = watching(serve(lambda request, _: good_answer(request)))
    deadline = Deadline(Limits(0.0, 0.0, 0.0, 0), here.clock)
    batch = Batch([make_row(0)], NOTHING)
    local = LocalScoringSender(lambda item, part: (item, part))
    assert not here.watch.add(InFlight(batch, deadline, local.start(batch, deadline)))


def test_the_connections_of_abandoned_requests_are_closed(serve: Callable[[Respond], Service]) -> None:
    service = serve(lambda request, _: [service.until_hung_up, *good_answer(request)])
    here = Watching(service)
    here.send(0)
    here.watch.close()
    assert service.hung_up.wait(TEST_TIMEOUT_S)


def test_tls_session_tickets_are_not_taken_for_an_answer(
    serve: Callable[[Respond], Service],
    watching: Callable[..., Watching],
    authority: tuple[ssl.SSLContext, str],
) -> None:
    release = threading.Event()
    service = serve(answering(release))
    service.tls = authority[0]
    here = watching(service, authority[1])
    here.send(0)
    assert here.taken(0.2) == []  # although the session tickets of TLS 1.3 have arrived
    release.set()
    assert here.taken() == [0]
    assert here.last[0].started.finish().reasons == "stop"


def test_a_run_over_tls_gives_every_row_its_own_answer(
    serve: Callable[[Respond], Service], authority: tuple[ssl.SSLContext, str]
) -> None:
    service = serve(lambda request, _: good_answer(request))
    service.tls = authority[0]
    run = Run(service, rows(60), cacert=authority[1]).go()
    assert run.texts() == expected_texts(60)
