"""The pool over real sockets: every row gets exactly one result, whatever the server does."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.run_budget import Budget
from nebius_cli.bulk.workers import one_thread_at_a_time
from nebius_cli.bulk.workers.results_to_write import MAX_UNWRITTEN
from nebius_cli.core.errors_and_exit_codes import NetworkError
from tests.conftest import CANARY
from tests.support.server import Reply, Request, reset, sse, status, token
from tests.support.service import (
    TEST_TIMEOUT_S,
    Respond,
    Run,
    Service,
    expected_texts,
    good_answer,
    kept_open,
    rows,
    unreliable,
    waiting_for,
)


def test_every_row_gets_its_own_answer(serve: Callable[[Respond], Service]) -> None:
    run = Run(serve(lambda request, _: good_answer(request)), rows(100)).go()
    assert run.texts() == expected_texts(100)
    assert len(run.results) == run.dispatcher.requests == 100
    assert {result.usage["prompt_tokens"] for result in run.results if result.usage} == {3}


@pytest.mark.parametrize("group", [1, 4])
def test_fast_rows_are_read_by_the_thread_that_sends_them(
    serve: Callable[[Respond], Service], group: int
) -> None:
    def reading() -> Iterator[Row | None]:
        for index, row in enumerate(rows(100)):
            if index % 7 == 0:
                yield None  # the next row may be delayed
            yield row
        yield None

    run = Run(serve(lambda request, _: good_answer(request)), reading(), fast_rows=True, group=group).go()
    assert run.texts() == expected_texts(100)
    assert len(run.results) == 100


def test_an_empty_input_needs_no_requests(serve: Callable[[Respond], Service]) -> None:
    assert Run(serve(lambda request, _: good_answer(request)), []).go().results == []


@pytest.mark.parametrize("fixed", [1, 6])
def test_as_many_requests_are_in_flight_as_the_concurrency_allows(
    serve: Callable[[Respond], Service], fixed: int
) -> None:
    together = threading.Barrier(fixed)

    def respond(request: Request, number: int) -> Reply:
        del number
        return [waiting_for(together), *good_answer(request)]

    run = Run(serve(respond), rows(fixed * 5), fixed=fixed).go()
    assert run.texts() == expected_texts(fixed * 5)
    assert len(run.threads) <= fixed + 1


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_slow_answer_delays_no_other_row(serve: Callable[[Respond], Service], part: str) -> None:
    others_done = threading.Event()

    def respond(request: Request, number: int) -> Reply:
        [whole] = good_answer(request)
        assert isinstance(whole, bytes)
        if number > 1:
            return [whole]
        cut = 5 if part == "head" else len(whole) - 5
        return [whole[:cut], waiting_for(others_done), whole[cut:]]

    run = Run(serve(respond), rows(20), fixed=2)
    take = run.pool._listeners.results

    def count(results: list[Result]) -> None:
        take(results)
        if len(run.results) == 19:
            others_done.set()

    run.pool._listeners = run.pool._listeners._replace(results=count)
    began = time.monotonic()
    assert run.go().texts() == expected_texts(20)
    assert time.monotonic() - began < TEST_TIMEOUT_S / 2  # it ended when the other rows did, not at a timeout


def test_results_are_written_in_small_batches(serve: Callable[[Respond], Service]) -> None:
    written: list[int] = []
    run = Run(serve(lambda request, _: good_answer(request)), rows(200), fixed=32)
    take = run.pool._listeners.results

    def count(results: list[Result]) -> None:
        written.append(len(results))
        take(results)

    run.pool._listeners = run.pool._listeners._replace(results=count)
    assert run.go().texts() == expected_texts(200)
    assert max(written) <= MAX_UNWRITTEN
    assert sum(written) == 200


def test_the_rows_at_the_end_are_sent_in_smaller_groups(serve: Callable[[Respond], Service]) -> None:
    service = serve(lambda request, _: good_answer(request))
    run = Run(service, rows(10), group=4).go()
    assert run.texts() == expected_texts(10)
    assert sorted(len(request.json["prompt"]) for request in service.requests) == [2, 4, 4]


def test_a_bad_prompt_fails_only_its_own_row_of_a_group(serve: Callable[[Respond], Service]) -> None:
    def respond(request: Request, number: int) -> Reply:
        del number
        return status(422, b'{"detail": "bad"}') if b'"5"' in request.body else good_answer(request)

    run = Run(serve(respond), rows(8), group=8).go()
    assert run.texts() == {index: f"{index}!" for index in range(8) if index != 5}
    (failed,) = (result for result in run.results if result.error is not None)
    assert (failed.row.index, failed.error and failed.error.why) == (5, "bad")


def test_a_streamed_answer_is_accepted(serve: Callable[[Respond], Service]) -> None:
    run = Run(serve(lambda *_: sse(token("0"), token("!", reason="stop"))), rows(1)).go()
    assert run.texts() == expected_texts(1)


def test_an_unreliable_server_causes_retries_but_no_failed_rows(serve: Callable[[Respond], Service]) -> None:
    run = Run(serve(unreliable), rows(60), retries=20).go()
    assert run.texts() == expected_texts(60)
    assert len(run.results) == 60
    assert run.dispatcher.retried == run.dispatcher.requests - 60 > 0


def test_an_api_key_repeated_by_the_server_is_redacted(serve: Callable[[Respond], Service]) -> None:
    body = json.dumps({"error": f"what is {CANARY}?"}).encode()
    run = Run(
        serve(lambda request, n: good_answer(request) if n == 1 else kept_open(body)), rows(2), retries=0
    ).go()
    (failed,) = (result for result in run.results if result.error is not None)
    assert failed.error is not None
    assert failed.error.why == "what is ***?"


def test_an_api_key_in_a_request_id_is_redacted(serve: Callable[[Respond], Service]) -> None:
    refusal = status(422, b"", X_Request_Id=CANARY)
    run = Run(serve(lambda request, n: good_answer(request) if n == 1 else refusal), rows(2), retries=0).go()
    (failed,) = (result for result in run.results if result.error is not None)
    assert failed.error is not None
    assert failed.error.what == "the server answered 422 (request ***)"


def test_an_error_that_ends_the_run_fails_no_other_rows(serve: Callable[[Respond], Service]) -> None:
    run = Run(serve(lambda *_: status(401, b"")), rows(1000)).go()
    assert run.results == []
    assert run.dispatcher.fatal is not None


def test_an_unreachable_server_stops_the_run(serve: Callable[[Respond], Service]) -> None:
    run = Run(serve(lambda *_: [reset]), rows(1000), retries=0).go()
    assert (run.results, type(run.dispatcher.fatal)) == ([], NetworkError)


def test_a_token_limit_stops_the_run(serve: Callable[[Respond], Service]) -> None:
    run = Run(serve(lambda request, _: good_answer(request)), rows(100), budget=Budget(max_tokens=60)).go()
    assert run.dispatcher.capped
    assert 10 <= len(run.results) <= 15
    assert run.dispatcher.budget.tokens <= 60


def test_an_answer_lost_to_a_memory_error_is_charged_and_requested_again(
    serve: Callable[[Respond], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    parse, failed = json.loads, threading.Event()

    def no_memory_once(text: str | bytes, **more: Any) -> Any:
        if isinstance(text, bytes) and b'"choices"' in text and not failed.is_set():
            failed.set()
            raise MemoryError
        return parse(text, **more)

    def respond(request: Request, number: int) -> Reply:
        return good_answer(request) if number == 1 else [waiting_for(failed), *good_answer(request)]

    monkeypatch.setattr(json, "loads", no_memory_once)
    # Fast rows, so that the second is in flight when the first fails.
    run = Run(serve(respond), rows(2), fixed=2, fast_rows=True).go()
    assert run.texts() == expected_texts(2)
    usages = [result.usage or {} for result in run.results]
    once, twice = sorted(usage["prompt_tokens"] for usage in usages)
    assert twice > once


def test_a_request_on_a_closed_connection_is_sent_again_even_without_retries(
    serve: Callable[[Respond], Service],
) -> None:
    def respond(request: Request, number: int) -> Reply:
        return [reset] if number == 2 else good_answer(request)

    assert Run(serve(respond), rows(2), fixed=1, retries=0).go().texts() == expected_texts(2)


def test_no_thread_is_started_if_too_little_memory_would_be_left(
    serve: Callable[[Respond], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    def reading() -> Iterator[Row]:
        monkeypatch.setattr(
            one_thread_at_a_time, "MIN_FREE_BYTES", 1 << 62
        )  # the first thread is already running
        yield from rows(20)

    run = Run(serve(lambda request, _: good_answer(request)), reading(), fixed=8).go()
    assert run.texts() == expected_texts(20)
    assert len(run.threads) == 1
    with pytest.raises(MemoryError):
        Run(serve(lambda request, _: good_answer(request)), rows(20), fixed=8).go()
