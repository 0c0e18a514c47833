"""Parses periods such as `today`, `7d` and `2026-11-01`, and formats times.

Days are in the local time zone; times are Unix times in seconds.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.system.calendar import LocalCalendar

_SPAN = re.compile(r"([0-9]{1,6})(h|d|w)")
_HOURS = {"h": 1, "d": 24, "w": 168}
FORMS = "today, yesterday, all, 24h, 7d, 4w, or a date such as 2026-11-01"


class Period(NamedTuple):
    """The time from `since` up to but not including `until`; None is unlimited."""

    since: float | None = None
    until: float | None = None


def period(since: str, until: str, now: float, calendar: LocalCalendar) -> Period:
    """Return the period from `--since` and `--until`; an empty string sets no limit. Raises UsageError."""
    return Period(
        _parse("--since", since, now, calendar) if since else None,
        _parse("--until", until, now, calendar, end=True) if until else None,
    )


def _parse(flag: str, text: str, now: float, calendar: LocalCalendar, *, end: bool = False) -> float | None:
    """Return the start of the day or span that a text names; with `end`, the end of a day."""
    today = calendar.day(now)
    day = {"today": today, "yesterday": today - timedelta(1)}.get(text)
    try:
        if text == "all":
            return None
        if span := _SPAN.fullmatch(text):
            count, unit = int(span[1]), span[2]
            if unit == "h":
                return now - count * 3600
            # Whole days including today: part of a day would look like a day with less usage.
            days = count * _HOURS[unit] // 24
            # Both flags name the same moment, so that `--until 7d` and `--since 7d` leave no gap.
            return calendar.start(today - timedelta(max(0, days - 1)))
        day = day or date.fromisoformat(text)
        return calendar.start(day + timedelta(1) if end else day)
    except (ValueError, OverflowError):
        raise UsageError(f"{flag} {text}", f"must be {FORMS}") from None


def age(text: str) -> float:
    """Return the length in seconds of the span of `--older-than`, such as `30d`. Raises UsageError."""
    if not (span := _SPAN.fullmatch(text)):
        raise UsageError(f"--older-than {text}", "must be a time span such as 12h, 30d or 8w")
    return int(span[1]) * _HOURS[span[2]] * 3600.0


def is_day(text: str, last: date) -> bool:
    """Return whether a text is an ISO date no later than `last`."""
    try:
        return date.fromisoformat(text) <= last
    except ValueError:
        return False


def filled(days: Sequence[str]) -> list[str]:
    """Return every day from the first to the last of some sorted ISO dates."""
    first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
    return [(first + timedelta(number)).isoformat() for number in range((last - first).days + 1)]


def utc(when: float, timespec: str = "auto") -> str:
    """Format a Unix time for programs: in UTC, in the format of RFC 3339."""
    return datetime.fromtimestamp(when, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def dated(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the ledger with its time, which is stored in milliseconds, formatted by `utc`."""
    time = row["time"]
    return {**row, "time": None if time is None else utc(time / 1000, "milliseconds")}
