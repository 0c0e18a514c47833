"""A server that answers any number of requests, and a worker pool that sends to it."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from nebius_cli.api.http_client import Api
from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.limit_concurrency_and_rate import RateController
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.run_budget import Budget
from nebius_cli.bulk.senders.api_sender import ApiSender
from nebius_cli.bulk.workers.send_and_receive import Listeners, WorkerPool
from nebius_cli.core.secret import Secret
from tests.support.bulk import completed, make_row
from tests.support.canary import CANARY
from tests.support.server import FakeServer, Reply, Request, Step, event, hang_up, head, reset, status, token

TEST_TIMEOUT_S = 30  # seconds; only a failing test waits this long
Respond = Callable[[Request, int], Reply]


def kept_open(body: bytes, **headers: str) -> Reply:
    """Return a complete reply on a connection that stays open."""
    return [head(200, "application/json", Content_Length=str(len(body)), **headers) + body]


def good_answer(request: Request) -> Reply:
    return kept_open(json.dumps(completed(request.body)).encode())


class Service(FakeServer):
    """Answers every request with what `respond` returns for the request and its number."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.counting = threading.Lock()
        self.count = 0
        super().__init__()
        self.keep_alive = True

    def _reply(self, request: Request) -> Reply:
        with self.counting:
            self.count += 1
            number = self.count
        return self.respond(request, number)


def waiting_for(event: threading.Event | threading.Barrier) -> Step:
    """Return a step at which the server waits for `event`."""

    def step(connection: object) -> None:
        del connection
        event.wait(TEST_TIMEOUT_S)

    return step


def unreliable(request: Request, number: int) -> Reply:
    """Fail every third request, each time in a different way."""
    ways: list[Reply] = [
        status(429, b"", Retry_After="0.05"),
        status(500, b""),
        [reset],
        [head(200, "application/json", Content_Length="500"), b'{"choices": [', reset],
        kept_open(b"garbage"),
        kept_open(b'{"choices": [{"index": 0, "text": "x", "finish_reason": null}]}'),
        [head(200, "text/event-stream", Connection="close"), event(token("0")), hang_up],
        status(503, b"", Retry_After="0"),
    ]
    return ways[number // 3 % len(ways)] if number % 3 == 0 else good_answer(request)


class Run:
    """A worker pool that sends to a service, and the results it returned."""

    def __init__(self, service: FakeServer, rows: Iterator[Row | None] | list[Row], **more: Any) -> None:
        self.results: list[Result] = []
        self.threads: set[int] = set()
        first_byte, stall, total = (more.pop(name, 0.0) for name in ("first_byte", "stall", "total"))
        limits = Limits(first_byte, stall, total, 0)
        fast_rows, cacert = more.pop("fast_rows", False), more.pop("cacert", "")
        on_result: Callable[[Result], None] = more.pop("on_result", self.keep)

        def take(results: list[Result]) -> None:
            for result in results:
                on_result(result)

        rate = RateController(time.monotonic(), fixed=more.pop("fixed", 4), rpm=more.pop("rpm", None))
        budget = more.pop("budget", Budget())
        settings = {"retries": 3, "jitter": random.Random(0).random, **more}
        self.dispatcher = Dispatcher(rate, budget, **settings)
        self.api = Api(
            service.url,
            Secret(CANARY),
            connect_timeout=TEST_TIMEOUT_S,
            now=time.time,
            log=lambda _: None,
            pool=8,
            cacert=cacert,
        )
        self.pool = WorkerPool(
            ApiSender(self.api),
            self.dispatcher,
            iter(rows),
            Listeners(take, lambda *_: None, lambda _: None),
            time.monotonic,
            limits,
            fast_rows=fast_rows,
        )
        self.ticks = 0

    def keep(self, result: Result) -> None:
        self.results.append(result)
        self.threads.add(threading.get_ident())

    def tick(self) -> None:
        self.ticks += 1
        assert self.ticks < TEST_TIMEOUT_S * 10, "the run does not end"

    def go(self) -> "Run":
        self.pool.run(self.tick)
        return self

    def texts(self) -> dict[int, str]:
        """Return the text of each answered row by the row's index."""
        found = {}
        for result in self.results:
            if result.error is None:
                value = result.response
                value = json.loads(value) if isinstance(value, bytes) else value
                assert value is not None
                found[result.row.index] = value["choices"][0]["text"]
        return found


def rows(count: int) -> list[Row]:
    return [make_row(index) for index in range(count)]


def expected_texts(count: int) -> dict[int, str]:
    return {index: f"{index}!" for index in range(count)}
