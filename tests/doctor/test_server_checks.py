"""Checks of the server's answers: its clock."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from nebius_cli.doctor import server_checks
from nebius_cli.doctor.check_results import State

NOW = 1_795_000_000.0


@pytest.mark.parametrize(
    ("offset", "state", "words"),
    [
        (0, State.OK, "within 60 s of the server's clock"),
        (-60, State.OK, "within 60 s of the server's clock"),
        (3600, State.WARN, "3600 s behind the server's clock"),
        (-61, State.WARN, "61 s ahead of the server's clock"),
    ],
)
def test_a_clock_more_than_60_seconds_off_is_a_warning(offset: int, state: State, words: str) -> None:
    date = format_datetime(datetime.fromtimestamp(NOW + offset, UTC), usegmt=True)
    found = server_checks.check_clock(date, NOW)
    assert (found.state, found.text) == (state, words)
    assert bool(found.hint) == (state is State.WARN)


def test_a_date_in_asctime_format_is_read_as_utc() -> None:
    old = datetime.fromtimestamp(NOW, UTC).strftime("%a %b %d %H:%M:%S %Y")
    assert server_checks.check_clock(old, NOW).state is State.OK


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_without_a_valid_date_the_clock_check_is_skipped(date: str) -> None:
    assert server_checks.check_clock(date, NOW).state is State.SKIPPED
