"""The local calendar, as this machine's time zone has it."""

import time
from datetime import date, datetime


class LocalCalendar:
    """Days and instants of the local time zone; see core.periods.Calendar."""

    def day(self, when: float) -> date:
        """Return the day that an instant is on."""
        return self.local(when).date()

    def start(self, day: date) -> float:
        """Return the first instant of a day, also of one that does not begin at midnight."""
        # A midnight that clocks skip stands for the instant at which they do.
        return datetime(day.year, day.month, day.day).timestamp()  # noqa: DTZ001 - local on purpose

    def local(self, when: float) -> datetime:
        """Return an instant in local time."""
        return datetime.fromtimestamp(when).astimezone()

    @property
    def name(self) -> str:
        """The zone's name in these days, such as CET."""
        return time.strftime("%Z")
