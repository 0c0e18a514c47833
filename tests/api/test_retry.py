"""What is tried again, and how long the wait is."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.api.retry import LONGEST_BACKOFF, LONGEST_WAIT, delay, parse_retry_after, retryable
from nebius_cli.core.errors import (
    ConfigError,
    IncompleteError,
    NbxError,
    NetworkError,
    TimedOutError,
    UsageError,
    from_status,
)

BROKE = NetworkError("broke", retryable=True)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529, 599])
def test_a_status_that_may_pass_is_tried_again(status: int) -> None:
    assert retryable(from_status(status, ""))


@pytest.mark.parametrize("status", [301, 400, 401, 402, 403, 404, 410, 413, 422, 451])
def test_a_status_that_will_not_pass_is_not(status: int) -> None:
    assert not retryable(from_status(status, ""))


def test_only_connections_that_broke_are_tried_again() -> None:
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
def test_the_wait_doubles_up_to_a_limit_and_chance_takes_up_to_half_of_it(attempt: int, wait: float) -> None:
    assert delay(BROKE, attempt, 100, 0.0) == wait / 2
    assert delay(BROKE, attempt, 100, 0.5) == wait * 0.75
    assert delay(BROKE, attempt, 100, 0.999999) == pytest.approx(wait, rel=1e-5)


@pytest.mark.parametrize(
    ("attempt", "retries", "again"), [(1, 0, False), (1, 1, True), (2, 1, False), (3, 3, True)]
)
def test_there_are_as_many_tries_again_as_asked_for(attempt: int, retries: int, *, again: bool) -> None:
    assert (delay(BROKE, attempt, retries, 0.0) is not None) is again


def asking(seconds: float | None, status: int = 429) -> NbxError:
    return from_status(status, "", retry_after=seconds)


def test_a_wait_the_server_asks_for_is_kept_whole() -> None:
    assert delay(asking(7), 1, 3, 0.0) == 7
    assert delay(asking(7, 503), 3, 3, 0.9) == 7
    assert delay(asking(0), 3, 3, 0.9) == 0
    assert delay(asking(LONGEST_WAIT), 1, 3, 0.0) == LONGEST_WAIT
    assert delay(asking(None), 1, 3, 0.0) == 0.25


def test_a_server_that_asks_for_too_long_a_wait_is_not_waited_for() -> None:
    assert LONGEST_BACKOFF < LONGEST_WAIT
    assert delay(asking(LONGEST_WAIT + 0.1), 1, 3, 0.0) is None


def test_a_wait_that_is_asked_for_changes_neither_what_is_tried_again_nor_how_often() -> None:
    assert delay(asking(1, 400), 1, 3, 0.0) is None
    assert delay(asking(1), 4, 3, 0.0) is None


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
def test_any_date_is_read(date: datetime) -> None:
    header = format_datetime(date.replace(microsecond=0), usegmt=True)
    assert parse_retry_after(header, 0) == date.replace(microsecond=0).timestamp()


@given(st.text(max_size=40) | st.text("0123456789 :+-,.GMTSunNov", max_size=40))
def test_any_header_is_a_wait_or_none(header: str) -> None:
    wait = parse_retry_after(header, 0)
    assert wait is None or wait >= 0
