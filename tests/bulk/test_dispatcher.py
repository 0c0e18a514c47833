"""The order in which rows are sent, groups of rows, retries, and the results of rows."""

import math
from typing import Any

import pytest

from nebius_cli.bulk.dispatcher import GROUP_WAIT_S, RETRY_QUEUE_FACTOR, Dispatcher
from nebius_cli.bulk.limit_concurrency_and_rate import RateController
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.request_batch import Batch, Wait
from nebius_cli.bulk.run_budget import Budget
from nebius_cli.bulk.send_queue import DEFERRED_RETRY_FACTOR
from nebius_cli.core.errors_and_exit_codes import NbxError, NetworkError, TimedOutError
from nebius_cli.response.answer_events import Usage
from tests.support.bulk import make_row
from tests.support.dispatching import BROKEN, GARBAGE, answer, dispatcher, fail_until_over, refused, sent


def test_rows_are_sent_in_order_up_to_the_concurrency() -> None:
    of = dispatcher(*map(make_row, range(3)), fixed=2)
    first, second = sent(of), sent(of)
    assert [first.rows[0].index, second.rows[0].index, of.in_flight, of.room] == [0, 1, 2, False]
    assert of.next(0.0) == Wait()
    (result,) = answer(of, second, 1.5, Usage(3, 4, 7))
    assert (result.row.index, result.attempts, result.latency_s, result.error) == (1, 1, 1.5, None)
    assert result.usage == {"prompt_tokens": 3, "completion_tokens": 4, "cost": None}
    assert sent(of).rows[0].index == 2


def test_the_run_ends_when_every_request_has_ended() -> None:
    of = dispatcher(make_row(0))
    batch = sent(of)
    assert of.next(0.0) == Wait()
    answer(of, batch)
    assert of.next(0.0) is None


def test_rows_are_read_only_when_they_are_needed() -> None:
    of = Dispatcher(RateController(0.0, fixed=1), Budget(), retries=0, jitter=lambda: 0.0)
    assert of.next(0.0) == Wait(math.inf, rows=True)
    of.offer(make_row(0))
    batch = sent(of)
    assert of.next(0.0) == Wait()  # one request is in flight, and no more are allowed
    answer(of, batch)
    assert of.next(0.0) == Wait(math.inf, rows=True)
    of.no_more_rows()
    assert of.next(0.0) is None


def test_no_row_is_taken_while_may_take_returns_false() -> None:
    of = Dispatcher(
        RateController(0.0), Budget(), retries=0, jitter=lambda: 0.0, group=3, may_take=lambda: False
    )
    assert of.next(0.0) == Wait()
    of.offer(make_row(0))
    assert len(sent(of).rows) == 1  # no row would ever complete its group


def test_no_new_rows_are_read_while_too_many_wait_for_a_retry() -> None:
    of = Dispatcher(RateController(0.0, fixed=1), Budget(), retries=2, jitter=lambda: 0.0)
    for index in range(RETRY_QUEUE_FACTOR):
        of.offer(make_row(index))
        assert of.failed(sent(of), refused(500), 0.0) == []
    assert of.waiting == RETRY_QUEUE_FACTOR
    assert of.next(0.0) == Wait(0.25)


def test_rows_with_the_same_fields_share_a_request() -> None:
    other = make_row(3, common=b'{"model":"other"}')
    of = dispatcher(*map(make_row, range(3)), other, make_row(4), group=2)
    assert [[row.index for row in sent(of).rows] for _ in range(4)] == [[0, 1], [2], [3], [4]]


def test_an_incomplete_group_waits_for_more_rows() -> None:
    of = Dispatcher(RateController(0.0), Budget(), retries=0, jitter=lambda: 0.0, group=2)
    of.offer(make_row(0))
    assert of.next(0.0) == Wait(GROUP_WAIT_S, rows=True)
    of.offer(make_row(1))
    assert len(sent(of).rows) == 2


def test_an_incomplete_group_is_sent_after_a_time_limit() -> None:
    of = Dispatcher(RateController(0.0), Budget(), retries=0, jitter=lambda: 0.0, group=3)
    of.offer(make_row(0))
    assert of.next(5.0) == Wait(5 + GROUP_WAIT_S, rows=True)
    of.offer(make_row(1))
    assert of.next(9.0) == Wait(9 + GROUP_WAIT_S, rows=True)
    assert of.waiting == 2
    assert len(sent(of, 9 + GROUP_WAIT_S).rows) == 2


def test_the_usage_of_a_group_is_recorded_in_its_first_row() -> None:
    of = dispatcher(make_row(0), make_row(1), group=2)
    first, second = answer(of, sent(of), usage=Usage(6, 8, 14))
    assert (first.usage, second.usage) == ({"prompt_tokens": 6, "completion_tokens": 8, "cost": None}, None)
    assert [first.response, second.response] == [{"of": 0}, {"of": 1}]


@pytest.mark.parametrize("code", [400, 413, 422])
def test_a_group_with_a_bad_prompt_is_split_until_the_prompt_is_alone(code: int) -> None:
    of = dispatcher(*map(make_row, range(5)), group=5)
    results: list[Result] = []
    while isinstance(step := of.next(0.0), Batch):
        bad = any(row.index == 3 for row in step.rows)
        results += of.failed(step, refused(code), 0.0) if bad else answer(of, step)
    assert sorted((result.row.index, result.error is None) for result in results) == [
        (index, index != 3) for index in range(5)
    ]
    assert max(result.attempts for result in results) == 4


def test_a_group_that_fails_after_its_retries_is_tried_once_more_in_halves() -> None:
    results, requests = fail_until_over(dispatcher(make_row(0), make_row(1), group=2), refused(500))
    assert [result.attempts for result in results] == [4, 4]
    assert requests == 3 + 2


def test_the_possible_cost_of_a_failed_group_is_recorded_in_its_first_row() -> None:
    alone = make_row(9, common=b'{"model":"other"}')
    of = dispatcher(alone, make_row(0), make_row(1), group=2, retries=0)
    answer(of, sent(of))
    of.failed(sent(of), BROKEN, 0.0)
    first, second = (answer(of, sent(of), usage=Usage(1, 1, 2))[0] for _ in range(2))
    assert first.usage == {"prompt_tokens": 21, "completion_tokens": 21, "cost": None}
    assert second.usage == {"prompt_tokens": 1, "completion_tokens": 1, "cost": None}


@pytest.mark.parametrize("error", [BROKEN, GARBAGE, refused(500), refused(408)])
def test_a_row_fails_after_its_retries(error: NbxError) -> None:
    of = dispatcher(make_row(0), make_row(1))
    answer(of, sent(of))
    results, requests = fail_until_over(of, error)
    assert [(result.attempts, result.error) for result in results] == [(3, error)]
    assert (requests, of.retried) == (4, 2)


@pytest.mark.parametrize("error", [TimedOutError("timed out"), refused(400), refused(405)])
def test_errors_that_a_retry_would_not_fix_are_not_retried(error: NbxError) -> None:
    of = dispatcher(make_row(0), make_row(1))
    answer(of, sent(of))
    results, requests = fail_until_over(of, error)
    assert (len(results), requests) == (1, 2)


@pytest.mark.parametrize(
    ("error", "used"),
    [
        (refused(500), None),
        (BROKEN, {"prompt_tokens": 30, "completion_tokens": 30, "cost": None}),
        (GARBAGE, {"prompt_tokens": 30, "completion_tokens": 30, "cost": None}),
    ],
)
def test_failed_attempts_that_may_be_billed_count_with_their_worst_case(
    error: NbxError, used: dict[str, Any] | None
) -> None:
    of = dispatcher(make_row(0), make_row(1))
    answer(of, sent(of))
    (result,) = fail_until_over(of, error)[0]
    assert result.usage == used


def test_a_request_that_never_reached_the_server_costs_nothing() -> None:
    error = NetworkError("refused", retryable=True)
    error.sent = False
    of = dispatcher(make_row(0), make_row(1))
    answer(of, sent(of))
    (result,) = fail_until_over(of, error)[0]
    assert result.usage is None


def test_a_retry_waits_longer_each_time_and_is_then_sent_before_new_rows() -> None:
    of = dispatcher(*map(make_row, range(5)), fixed=1, retries=9)
    answer(of, sent(of))
    now, order = 1.0, []
    for wait in (0.25, 0.5, 1.0):
        of.failed(sent(of, now), refused(500), now)
        answer(of, new := sent(of, now))
        order.append(new.rows[0].index)
        now += wait
    assert (order, sent(of, now).rows[0].index) == ([2, 3, 4], 1)


def test_a_429_pauses_all_requests_and_may_occur_more_often_than_retries() -> None:
    of = dispatcher(make_row(0), make_row(1))
    of.failed(sent(of), refused(429, 7.0), 1.0)
    assert of.next(1.0) == Wait(8.0)
    results, requests = fail_until_over(of, refused(429, 100.0), 8.0)
    assert {result.attempts for result in results} == {DEFERRED_RETRY_FACTOR * 2 + 1}
    assert requests == 2 * (DEFERRED_RETRY_FACTOR * 2 + 1)


def test_a_429_that_asks_for_an_hour_stops_the_run_and_fails_no_row() -> None:
    of = dispatcher(make_row(0), make_row(1))
    assert of.failed(sent(of), error := refused(429, 3600.0), 1.0) == []
    assert (of.stopped, of.fatal) == (True, error)
    assert error.hint == "the server asks to wait 3600 s; nbx waits at most 120 s"


def test_a_429_without_retry_after_is_retried_for_minutes() -> None:
    of, now = dispatcher(make_row(0)), 0.0
    while (step := of.next(now)) is not None and now < 180.0:
        if isinstance(step, Batch):
            assert of.failed(step, refused(429), now) == []
        else:
            now = step.until
    assert of.requests < 25


def test_without_retries_a_429_fails_the_row() -> None:
    assert len(fail_until_over(dispatcher(make_row(0), retries=0), refused(429))[0]) == 1
