"""Converts between Unix time and dates in the local time zone."""

import time
from datetime import date, datetime


class LocalCalendar:
    """The calendar of the local time zone, whose days differ in length. Times are Unix time in seconds."""

    def day(self, when: float) -> date:
        """Return the local date at a time."""
        return self.local(when).date()

    def start(self, day: date) -> float:
        """Return the time at which a day begins, which need not be midnight."""
        # If clocks skip midnight, timestamp() returns the time at which they skip it.
        return datetime(day.year, day.month, day.day).timestamp()  # noqa: DTZ001 - local on purpose

    def local(self, when: float) -> datetime:
        """Return a time as a local datetime."""
        return datetime.fromtimestamp(when).astimezone()

    @property
    def name(self) -> str:
        """The abbreviated name of the zone now, such as CET."""
        return time.strftime("%Z")
