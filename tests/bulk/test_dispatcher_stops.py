"""Errors that stop or pause a bulk run without failing rows."""

import math
from decimal import Decimal

import pytest

from nebius_cli.bulk.detect_outage import MAX_OUTAGE_S, MIN_OUTAGE_FAILURES
from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.limit_concurrency_and_rate import RateController
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.request_batch import Batch, Wait
from nebius_cli.bulk.row_error_or_run_error import MAX_FORBIDDEN, MAX_SUSPECTS
from nebius_cli.bulk.run_budget import Budget
from nebius_cli.core.errors_and_exit_codes import ConfigError, NbxError, NetworkError, NoResourcesError
from nebius_cli.core.prices_and_costs import FREE, UNKNOWN_PRICE, Price, PriceList
from nebius_cli.response.answer_events import Usage
from tests.support.bulk import make_row
from tests.support.dispatching import BROKEN, GARBAGE, answer, dispatcher, fail_until_over, refused, sent


@pytest.mark.parametrize("code", [401, 402, 404])
def test_an_error_that_affects_all_rows_stops_the_run_and_fails_no_row(code: int) -> None:
    of = dispatcher(*map(make_row, range(9)), fixed=2)
    first, second = sent(of), sent(of)
    error = refused(code)
    assert of.failed(first, error, 0.0) == []
    assert (of.next(0.0), of.stopped, of.fatal) == (None, True, error)
    assert len(answer(of, second)) == 1  # requests in flight may still be answered


@pytest.mark.parametrize("error", [refused(403), GARBAGE])
def test_an_error_of_one_row_or_of_all_rows_is_decided_by_the_other_rows(error: NbxError) -> None:
    of = dispatcher(*map(make_row, range(9)), fixed=1, retries=0)
    assert of.failed(sent(of), error, 0.0) == []
    assert not of.stopped
    first, answered = answer(of, sent(of))[::-1]
    assert (first.row.index, first.error, answered.row.index, answered.error) == (0, error, 1, None)
    assert len(of.failed(sent(of), error, 0.0)) == 1  # after an answer, the error is one of the row


@pytest.mark.parametrize("error", [refused(403), GARBAGE])
def test_the_same_error_for_several_first_rows_stops_the_run_and_fails_no_row(error: NbxError) -> None:
    of = dispatcher(*map(make_row, range(9)), fixed=1, retries=0)
    for _ in range(MAX_SUSPECTS):
        assert not of.stopped
        assert of.failed(sent(of), error, 0.0) == []
    assert (of.stopped, of.fatal, of.next(9.0)) == (True, error, None)


def test_the_only_row_of_a_run_that_is_forbidden_stops_it() -> None:
    of, error = dispatcher(make_row(0), retries=0), refused(403)
    assert of.failed(sent(of), error, 0.0) == []
    assert (of.next(0.0), of.fatal) == (None, error)


def test_a_key_refused_in_the_middle_of_a_run_stops_it_after_some_rows() -> None:
    of = dispatcher(*map(make_row, range(99)))
    answer(of, sent(of))
    results, requests = fail_until_over(of, refused(403))
    assert (len(results), requests, of.stopped) == (MAX_FORBIDDEN - 1, MAX_FORBIDDEN + 1, True)


def test_a_group_with_a_forbidden_prompt_is_split_and_only_this_prompt_fails() -> None:
    of = dispatcher(*map(make_row, range(4)), group=4, fixed=1)
    results: list[Result] = []
    while isinstance(step := of.next(0.0), Batch):
        bad = any(row.index == 0 for row in step.rows)
        results += of.failed(step, refused(403), 0.0) if bad else answer(of, step)
    assert sorted((result.row.index, result.error is None) for result in results) == [
        (0, False), (1, True), (2, True), (3, True)
    ]  # fmt: skip


@pytest.mark.parametrize("error", [BROKEN, refused(502), refused(503)])
@pytest.mark.parametrize("rows", [1, 5, 40])
def test_a_server_that_is_down_at_the_start_is_retried_and_no_row_fails(error: NbxError, rows: int) -> None:
    of, now, results = dispatcher(*map(make_row, range(rows)), retries=3, fixed=None), 0.0, 0
    while (step := of.next(now)) is not None:
        if isinstance(step, Batch):
            results += len(of.failed(step, error, now) if now < 3.4 else answer(of, step, now))
        else:
            now = step.until
    assert (results, of.fatal) == (rows, None)


def test_a_model_removed_in_the_middle_of_a_run_stops_it() -> None:
    of = dispatcher(make_row(0), make_row(1))
    answer(of, sent(of))
    assert of.failed(sent(of), refused(404), 0.0) == []
    assert of.stopped


def test_a_wrong_model_set_in_a_row_fails_only_this_row() -> None:
    of = dispatcher(make_row(0), make_row(1, common=b'{"model":"typo"}'), make_row(2))
    answer(of, sent(of))
    assert len(of.failed(sent(of), refused(404), 0.0)) == 1
    assert sent(of).rows[0].index == 2


def test_an_error_that_is_not_a_failed_request_stops_the_run() -> None:
    of, error = dispatcher(make_row(0)), ConfigError("cannot call it")
    assert of.failed(sent(of), error, 0.0) == []
    assert of.fatal is error


@pytest.mark.parametrize("error", [BROKEN, GARBAGE, refused(503), NetworkError("no TLS")])
def test_if_no_request_is_ever_answered_the_run_stops_and_no_row_fails(error: NbxError) -> None:
    of = dispatcher(*map(make_row, range(100)))
    results, requests = fail_until_over(of, error)
    assert (results, of.fatal) == ([], error)
    assert requests <= MIN_OUTAGE_FAILURES


def test_a_first_row_that_breaks_its_connection_waits_for_the_others() -> None:
    of = dispatcher(make_row(0), make_row(1), retries=0)
    first, second = sent(of), sent(of)
    assert of.failed(first, BROKEN, 0.0) == []
    assert not of.stopped
    answer(of, second)
    assert len(of.failed(sent(of, 9.0), BROKEN, 9.0)) == 1


def test_many_failures_at_the_start_stop_the_run_while_others_are_in_flight() -> None:
    of = dispatcher(*map(make_row, range(100)), fixed=2, retries=0)
    sent(of)
    now = 0.0
    while not of.stopped:
        step = of.next(now)
        if isinstance(step, Batch):
            of.failed(step, BROKEN, now)
        else:
            assert isinstance(step, Wait)
            now = step.until
    assert of.requests == MIN_OUTAGE_FAILURES + 1


def down(of: Dispatcher, error: NbxError = BROKEN) -> float:
    """Make a server that has answered once unreachable; return the time."""
    answer(of, sent(of))
    for _ in range(MIN_OUTAGE_FAILURES):
        assert of.failed(sent(of), error, 0.0) == []
    return 0.0


@pytest.mark.parametrize("error", [BROKEN, refused(502)])
def test_a_server_that_goes_down_and_comes_back_causes_no_failed_row(error: NbxError) -> None:
    of = dispatcher(*map(make_row, range(50)))
    now, results, requests = down(of, error), [], of.requests
    while (step := of.next(now)) is not None:
        if isinstance(step, Batch):
            assert now > 100 or of.in_flight == 1
            results += of.failed(step, error, now) if now < 100 else answer(of, step, now)
        elif isinstance(step, Wait):
            now = step.until
        requests += now < 100
    assert len(results) == 49
    assert all(result.error is None for result in results)


def test_a_server_that_stays_down_stops_the_run() -> None:
    of = dispatcher(*map(make_row, range(50)), retries=5)
    results, _ = fail_until_over(of, BROKEN, down(of))
    assert (results, of.fatal) == ([], BROKEN)
    assert of.requests < 21 + MAX_OUTAGE_S / 10


def test_during_an_outage_new_rows_are_sent_only_one_at_a_time() -> None:
    of = Dispatcher(RateController(0.0, fixed=4), Budget(), retries=0, jitter=lambda: 0.0)
    for index in range(MIN_OUTAGE_FAILURES + 1):
        of.offer(make_row(index))
    answer(of, sent(of))
    for _ in range(MIN_OUTAGE_FAILURES):
        assert isinstance(of.failed(sent(of), BROKEN, 0.0), list)
    assert of.next(5.0) == Wait(math.inf, rows=True)  # without retries, only a new row can test the server
    of.offer(make_row(99))
    sent(of, 5.0)
    assert of.next(5.0) == Wait()


def test_a_lack_of_descriptors_fails_no_row_and_lowers_the_concurrency() -> None:
    of, error = dispatcher(*map(make_row, range(9)), retries=0), NoResourcesError("too many open files")
    first, second, third = sent(of), sent(of), sent(of)
    assert of.failed(third, error, 0.0) == []
    assert (of.rate.concurrency, of.next(0.0)) == (2, Wait())
    answer(of, first)
    assert sent(of).rows[0].index == 2
    answer(of, second)
    assert of.failed(third, error, 0.0) == []
    assert (of.next(0.0), of.fatal) == (None, error)


def test_a_cap_waits_for_requests_in_flight_and_then_stops_the_run() -> None:
    of = dispatcher(*map(make_row, range(9)), budget=Budget(max_tokens=45))
    first, second = sent(of), sent(of)
    assert of.next(0.0) == Wait()  # at most 20 tokens each
    answer(of, first, usage=Usage(2, 3, 5))
    third = sent(of)
    answer(of, second, usage=Usage(10, 10, 20))
    assert (of.next(0.0), of.capped) == (Wait(), None)
    answer(of, third, usage=Usage(10, 10, 20))
    assert (of.next(0.0), of.capped is not None, of.stopped, of.fatal) == (None, True, True, None)


def test_costs_are_summed_with_all_digits() -> None:
    prices = PriceList(default=Price(Decimal("0.00000013"), Decimal("0.0000004")))
    of = dispatcher(make_row(0), budget=Budget(prices=prices))
    (result,) = answer(of, sent(of), usage=Usage(1, 1, 2))
    assert result.usage == {"prompt_tokens": 1, "completion_tokens": 1, "cost": "0.00000053"}


def test_rate_limit_headers_are_read_at_intervals() -> None:
    of = dispatcher(*map(make_row, range(9)))
    limit = "x-ratelimit-limit-requests"
    for now, reported in ((1.0, "700"), (1.01, "600"), (1.1, "500")):
        of.answered(sent(of, 100 * now), [{}], None, {limit: reported}, now)
        assert of.rate.rpm == (500 if now > 1.05 else 700)


def test_after_a_stop_nothing_more_is_sent() -> None:
    of = dispatcher(*map(make_row, range(9)))
    batch = sent(of)
    of.failed(sent(of), refused(500), 0.0)
    of.stop()
    assert (of.next(99.0), of.room, of.in_flight) == (None, False, 1)
    answer(of, batch)
    assert (of.next(99.0), of.fatal, of.capped) == (None, None, None)


def test_the_cost_of_unfinished_rows_is_reported_when_the_run_stops() -> None:
    of = dispatcher(*map(make_row, range(6)), budget=Budget(max_tokens=999), group=2)
    broken, refused_one, away = sent(of), sent(of), sent(of)
    of.failed(broken, BROKEN, 0.0)  # may have been billed, 40 tokens in the worst case
    of.failed(refused_one, refused(500), 0.0)  # not billed
    of.stop()
    results = of.unfinished()
    assert [(result.row.index, result.attempts) for result in results] == [(0, 1), (4, 1)]
    assert [(result.usage or {})["prompt_tokens"] for result in results] == [20, 20]
    assert all(result.error is not None and result.response is None for result in results)
    assert (of.in_flight, of.budget.tokens, of.unfinished()) == (0, 80, [])
    # Later answers are dropped: their requests were counted when they were given up.
    assert of.answered(away, [{}, {}], Usage(1, 1, 2), {}, 1.0) == []
    assert of.failed(away, BROKEN, 1.0) == []
    assert (of.budget.tokens, of.budget.reserved_tokens) == (80, 0)


@pytest.mark.parametrize(("price", "why"), [(FREE, ""), (UNKNOWN_PRICE, "it may have been billed")])
def test_only_an_unfinished_row_that_is_not_free_may_have_been_billed(price: Price, why: str) -> None:
    of = dispatcher(make_row(0), budget=Budget(prices=PriceList(default=price)))
    sent(of)
    (result,) = of.unfinished()
    assert result.error is not None
    assert result.error.why == why


def test_the_earlier_attempts_of_the_request_that_ended_the_run_are_reported() -> None:
    of = dispatcher(make_row(0), fixed=1)
    of.failed(sent(of), BROKEN, 0.0)
    of.failed(sent(of, 99.0), refused(401), 99.0)
    (result,) = of.unfinished()
    assert (result.attempts, (result.usage or {})["prompt_tokens"]) == (2, 10)


def test_a_wrong_model_set_in_the_rows_of_a_group_fails_them_in_one_request() -> None:
    of = dispatcher(*(make_row(n, common=b'{"model":"typo"}') for n in range(4)), group=4)
    results = of.failed(sent(of), refused(404), 0.0)
    assert [result.error is not None and result.error.code for result in results] == [3] * 4
    assert (of.next(0.0), of.fatal) == (None, None)
