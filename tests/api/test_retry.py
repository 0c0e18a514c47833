"""Which failures are retried, and how long the wait is."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.api.retry import (
    MAX_BACKOFF_S,
    MAX_RETRY_AFTER_S,
    RowRule,
    announcement,
    delay,
    ends_run,
    is_missing,
    is_overload,
    is_rate_limit,
    is_refused_input,
    is_unreachable,
    longest_backoff,
    may_be_billed,
    next_wait,
    parse_retry_after,
    retryable,
    row_retryable,
    row_rule,
)
from nebius_cli.core.errors_and_exit_codes import (
    ConfigError,
    IncompleteError,
    NbxError,
    NetworkError,
    TimedOutError,
    UsageError,
    from_status,
)

BROKE = NetworkError("broke", retryable=True)


def asking(seconds: float | None, status: int = 429) -> NbxError:
    return from_status(status, "", retry_after=seconds)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529, 599])
def test_a_transient_status_is_retried(status: int) -> None:
    assert retryable(from_status(status, ""))


@pytest.mark.parametrize("status", [301, 400, 401, 402, 403, 404, 410, 413, 422, 451])
def test_a_permanent_status_is_not_retried(status: int) -> None:
    assert not retryable(from_status(status, ""))


def test_only_errors_marked_as_retryable_are_retried() -> None:
    assert retryable(BROKE)
    assert retryable(TimedOutError("no connection", retryable=True))
    for error in (
        NetworkError("tls"),
        TimedOutError("stall"),
        IncompleteError("x"),
        UsageError("x"),
        ConfigError("x"),
    ):
        assert not retryable(error)


@pytest.mark.parametrize(
    ("attempt", "wait"), [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 8), (6, 16), (7, 30), (100, 30)]
)
def test_the_wait_doubles_up_to_a_limit_and_jitter_takes_up_to_half_of_it(attempt: int, wait: float) -> None:
    assert delay(BROKE, attempt, 100, 0.0) == wait / 2
    assert delay(BROKE, attempt, 100, 0.5) == wait * 0.75
    assert delay(BROKE, attempt, 100, 0.999999) == pytest.approx(wait, rel=1e-5)


@pytest.mark.parametrize(
    ("attempt", "retries", "again"), [(1, 0, False), (1, 1, True), (2, 1, False), (3, 3, True)]
)
def test_the_number_of_retries_is_limited(attempt: int, retries: int, *, again: bool) -> None:
    assert (delay(BROKE, attempt, retries, 0.0) is not None) is again


def test_a_retry_after_wait_is_kept_in_full() -> None:
    assert delay(asking(7), 1, 3, 0.0) == 7
    assert delay(asking(7, 503), 3, 3, 0.9) == 7
    assert delay(asking(MAX_RETRY_AFTER_S), 1, 3, 0.0) == MAX_RETRY_AFTER_S
    assert delay(asking(None), 1, 3, 0.0) == 0.25


@pytest.mark.parametrize("asked", [0.0, 0.001, 0.24])
def test_a_retry_after_of_less_than_a_second_has_a_growing_minimum(asked: float) -> None:
    assert [next_wait(asking(asked), attempt, 0.0) for attempt in range(1, 6)] == [0.25, 0.5, 1, 2, 4]
    assert next_wait(asking(0.9), 1, 0.0) == 0.9
    assert next_wait(asking(1), 9, 0.0) == 1


def test_a_request_is_not_retried_if_retry_after_is_too_long() -> None:
    assert MAX_BACKOFF_S < MAX_RETRY_AFTER_S
    assert delay(asking(MAX_RETRY_AFTER_S + 0.1), 1, 3, 0.0) is None


def test_retry_after_changes_neither_what_is_retried_nor_how_often() -> None:
    assert delay(asking(1, 400), 1, 3, 0.0) is None
    assert delay(asking(1), 4, 3, 0.0) is None


def test_a_request_is_not_retried_if_the_wait_exceeds_the_remaining_time() -> None:
    error = asking(7)
    assert delay(error, 1, 3, 0.0, total=10, left=7) == 7
    assert delay(error, 1, 3, 0.0, total=10, left=6.9) is None
    assert error.hint == "no time is left to try again: --timeout is 10 s"
    assert delay(error, 1, 3, 0.0, total=0, left=-5) == 7


def test_the_hint_says_why_a_long_wait_is_refused() -> None:
    error = asking(500)
    assert delay(error, 1, 3, 0.0) is None
    assert error.hint == "the server asks to wait 500 s; nbx waits at most 120 s"


def test_a_retry_is_announced() -> None:
    assert announcement(BROKE, 0.375, 1, 3) == "broke; trying again in 0.4 s (1 of 3)"


def test_a_row_is_also_retried_after_an_incomplete_answer() -> None:
    assert row_retryable(IncompleteError("cut"))
    assert row_retryable(BROKE)
    assert not row_retryable(from_status(400, ""))


def test_a_run_ends_with_the_reason_if_retry_after_is_too_long() -> None:
    error = asking(3600)
    assert ends_run(error, only_model=False)
    assert error.hint == "the server asks to wait 3600 s; nbx waits at most 120 s"


@pytest.mark.parametrize(
    ("error", "only_model", "ends"),
    [
        (from_status(401, ""), False, True),
        (from_status(404, ""), True, True),
        (from_status(404, ""), False, False),
        (from_status(500, ""), True, False),
        (BROKE, True, False),
        (IncompleteError("cut"), True, False),
        (ConfigError("x"), False, True),
        (asking(MAX_RETRY_AFTER_S), True, False),
        (asking(MAX_RETRY_AFTER_S + 1, 503), False, True),
        (asking(3600, 400), True, False),
    ],
    ids=str,
)
def test_a_run_ends_if_no_row_can_succeed(error: NbxError, *, only_model: bool, ends: bool) -> None:
    assert ends_run(error, only_model=only_model) is ends


RULES: dict[RowRule, tuple[int, ...]] = {
    RowRule.END_RUN: (401, 402, 404),
    RowRule.FORBIDDEN: (403,),
    RowRule.BUSY: (429, 503),
    RowRule.UNREACHABLE: (502, 504),
    RowRule.TRY_AGAIN: (408, 409, 500, 501, 505, 520, 529, 599),
    RowRule.FAIL: (301, 400, 405, 406, 410, 413, 418, 422, 451),
}


@pytest.mark.parametrize(
    ("rule", "status"), [(rule, code) for rule, codes in RULES.items() for code in codes]
)
def test_each_status_has_one_rule_in_a_run(rule: RowRule, status: int) -> None:
    assert row_rule(from_status(status, ""), only_model=True, answering=True) is rule


@pytest.mark.parametrize(
    ("error", "rule"),
    [
        (BROKE, RowRule.UNREACHABLE),
        (NetworkError("tls"), RowRule.UNREACHABLE),
        (TimedOutError("stall"), RowRule.UNREACHABLE),
        (from_status(503, ""), RowRule.UNREACHABLE),
        (from_status(429, ""), RowRule.BUSY),
        (IncompleteError("cut"), RowRule.TRY_AGAIN),
        (from_status(404, ""), RowRule.FAIL),
        (from_status(429, "", retry_after=MAX_RETRY_AFTER_S), RowRule.BUSY),
        (from_status(429, "", retry_after=MAX_RETRY_AFTER_S + 1), RowRule.END_RUN),
        (from_status(503, "", retry_after=3600), RowRule.END_RUN),
        (ConfigError("x"), RowRule.END_RUN),
    ],
)
def test_each_failure_has_one_rule_in_a_run_without_answers(error: NbxError, rule: RowRule) -> None:
    assert row_rule(error, only_model=False, answering=False) is rule


def test_the_longest_backoff_is_the_sum_over_all_retries() -> None:
    assert [longest_backoff(retries) for retries in (0, 1, 3)] == [0, 0.5, 3.5]


@pytest.mark.parametrize(
    ("what", "statuses"),
    [
        (is_missing, {404}),
        (is_rate_limit, {429}),
        (is_overload, {429, 503}),
        (is_unreachable, {502, 503, 504}),
        (is_refused_input, {400, 413, 422}),
        (may_be_billed, set()),
    ],
)
def test_each_predicate_matches_its_statuses(what: Callable[[NbxError], bool], statuses: set[int]) -> None:
    assert {code for code in range(300, 600) if what(from_status(code, ""))} == statuses


def test_a_request_that_may_have_reached_the_server_may_be_billed() -> None:
    assert may_be_billed(BROKE)
    assert may_be_billed(IncompleteError("cut"))
    assert not may_be_billed(NetworkError("refused", sent=False))
    assert is_unreachable(BROKE)


NOW = datetime(2026, 11, 8, 8, 49, 37, tzinfo=UTC)

HEADERS = [
    ("0", 0),
    ("5", 5),
    (" 5 ", 5),
    ("1.5", 1.5),
    ("2s", 2),
    ("-3", 0),
    ("nan", 0),
    ("inf", float("inf")),
    ("Sun, 08 Nov 2026 08:50:37 GMT", 60),
    ("Sun, 08 Nov 2026 08:48:37 GMT", 0),
    ("Sunday, 08-Nov-26 08:50:37 GMT", 60),
    ("Sun Nov  8 08:50:37 2026", 60),
    ("Sun, 08 Nov 2026 08:50:37 -0000", 60),
    ("Sun, 08 Nov 2026 09:50:37 +0100", 60),
    ("", None),
    ("soon", None),
    ("5 minutes", None),
    ("Sun, 99 Nov 2026 08:50:37 GMT", None),
]


@pytest.fixture(params=["UTC", "Asia/Tokyo"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The time zone of the machine."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(("header", "seconds"), HEADERS)
def test_a_retry_after_header_is_seconds_or_a_date_in_utc(
    header: str, seconds: float | None, zone: None
) -> None:
    assert parse_retry_after(header, NOW.timestamp()) == seconds


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_any_http_date_is_parsed(date: datetime) -> None:
    header = format_datetime(date.replace(microsecond=0), usegmt=True)
    assert parse_retry_after(header, 0) == date.replace(microsecond=0).timestamp()


@given(st.text(max_size=40) | st.text("0123456789 :+-,.GMTSunNov", max_size=40))
def test_any_header_gives_none_or_a_wait_that_is_not_negative(header: str) -> None:
    wait = parse_retry_after(header, 0)
    assert wait is None or wait >= 0
