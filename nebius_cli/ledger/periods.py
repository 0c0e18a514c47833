"""Spans of time as they are typed: `today`, `7d`, `2026-11-01`; days are those of the local calendar.

What the local calendar is comes from outside, as a `Calendar`; instants are Unix times in seconds.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from nebius_cli.core.errors import UsageError

_SPAN = re.compile(r"([0-9]{1,6})(h|d|w)")
_HOURS = {"h": 1, "d": 24, "w": 168}
FORMS = "today, yesterday, all, 24h, 7d, 4w, or a date as 2026-11-01"


class Calendar(Protocol):
    """The local calendar: days differ in length where clocks are put back or forward."""

    def day(self, when: float) -> date:
        """Return the day that an instant is on."""

    def start(self, day: date) -> float:
        """Return the first instant of a day."""

    def local(self, when: float) -> datetime:
        """Return an instant in local time."""


class Period(NamedTuple):
    """From an instant up to, and without, another; None is open."""

    since: float | None = None
    until: float | None = None


def period(since: str, until: str, now: float, calendar: Calendar) -> Period:
    """Return the period between two texts, empty ones for open ends. Raises UsageError."""
    return Period(
        _instant("--since", since, now, calendar) if since else None,
        _instant("--until", until, now, calendar, end=True) if until else None,
    )


def _instant(flag: str, text: str, now: float, calendar: Calendar, *, end: bool = False) -> float | None:
    """Return the first instant of what a text names; of a day that ends a period, the one after it."""
    today = calendar.day(now)
    day = {"today": today, "yesterday": today - timedelta(1)}.get(text)
    try:
        if text == "all":
            return None
        if span := _SPAN.fullmatch(text):
            count, unit = int(span[1]), span[2]
            if unit == "h":
                return now - count * 3600
            # Whole days, this one among them: a day cut in half would look like a day with less use.
            days = count * _HOURS[unit] // 24
            return calendar.start(today - timedelta(days if end else max(0, days - 1)))
        day = day or date.fromisoformat(text)
        return calendar.start(day + timedelta(1) if end else day)
    except (ValueError, OverflowError):
        raise UsageError(f"{flag} {text}", f"it takes {FORMS}") from None


def age(flag: str, text: str) -> float:
    """Return the seconds that a span such as `30d` stands for. Raises UsageError."""
    if not (span := _SPAN.fullmatch(text)):
        raise UsageError(f"{flag} {text}", "it takes a span such as 12h, 30d or 8w")
    return int(span[1]) * _HOURS[span[2]] * 3600.0


def first_of_month(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def filled(days: Sequence[str]) -> list[str]:
    """Return every day from the first to the last of some ISO dates in order."""
    first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
    return [(first + timedelta(number)).isoformat() for number in range((last - first).days + 1)]


def utc(when: float, timespec: str = "auto") -> str:
    """Return an instant as programs read it: in UTC, as RFC 3339 writes it."""
    return datetime.fromtimestamp(when, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def dated(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the ledger with its time, kept in milliseconds, as programs read it."""
    return {**row, "time": utc(row["time"] / 1000, "milliseconds")}
