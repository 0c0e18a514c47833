"""Periods as the user types them, on a calendar with days of 23, 24 or 25 hours."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.ledger import periods
from nebius_cli.ledger.periods import Period
from nebius_cli.system.calendar import LocalCalendar


class Zone(LocalCalendar):
    """The calendar of a time zone."""

    def __init__(self, name: str) -> None:
        self._zone = ZoneInfo(name)

    def start(self, day: date) -> float:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()

    def local(self, when: float) -> datetime:
        return datetime.fromtimestamp(when, self._zone)


BERLIN = Zone("Europe/Berlin")
NOW = datetime(2026, 10, 27, 12, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()  # 2 days after a 25-hour day


def at(text: str, zone: str = "Europe/Berlin") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("since", "until", "start", "end"),
    [
        ("", "", None, None),
        ("all", "all", None, None),
        ("today", "today", "2026-10-27", "2026-10-28"),
        ("yesterday", "yesterday", "2026-10-26", "2026-10-27"),
        ("1d", "", "2026-10-27", None),
        ("7d", "", "2026-10-21", None),
        ("1w", "2d", "2026-10-21", "2026-10-26"),
        ("2d", "2d", "2026-10-26", "2026-10-26"),
        ("2026-10-25", "2026-10-25", "2026-10-25", "2026-10-26"),
        ("3h", "1h", "2026-10-27T09:00", "2026-10-27T11:00"),
    ],
)
def test_periods_are_local_days(since: str, until: str, start: str | None, end: str | None) -> None:
    wanted = Period(start and at(start), end and at(end))  # type: ignore[arg-type]
    assert periods.period(since, until, NOW, BERLIN) == wanted


def test_the_day_on_which_the_clocks_go_back_has_25_hours() -> None:
    found = periods.period("2026-10-25", "2026-10-25", NOW, BERLIN)
    assert found.since is not None
    assert found.until is not None
    assert found.until - found.since == 25 * 3600


@pytest.mark.parametrize("text", ["7", "d", "7x", "-1d", "2026-13-01", "tomorrow", "999999w", "7d "])
def test_the_error_of_an_invalid_period_lists_the_valid_ones(text: str) -> None:
    for flag, since, until in (("--since", text, ""), ("--until", "", text)):
        with pytest.raises(UsageError) as caught:
            periods.period(since, until, NOW, BERLIN)
        assert caught.value.what == f"{flag} {text}"
        assert "2026-11-01" in caught.value.why


def test_an_age_is_parsed_as_seconds() -> None:
    assert periods.age("30d") == timedelta(days=30).total_seconds()
    assert periods.age("12h") == 43_200
    assert periods.age("8w") == timedelta(weeks=8).total_seconds()
    with pytest.raises(UsageError, match="--older-than today"):
        periods.age("today")


def test_missing_days_between_two_days_are_filled_in() -> None:
    assert periods.filled(["2026-10-24", "2026-10-26"]) == ["2026-10-24", "2026-10-25", "2026-10-26"]
    assert periods.filled(["2026-10-24"]) == ["2026-10-24"]
