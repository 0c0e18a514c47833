"""The progress of a bulk run: lines redrawn in place on a terminal, or a line every 30 s in a log."""

from dataclasses import replace
from decimal import Decimal

import pyte
import pytest

from nebius_cli.bulk.progress_display import LINE_INTERVAL_S, BulkDisplay, facts, folded, table_rows
from nebius_cli.bulk.rates_and_time_left import ProgressSnapshot, ThroughputMeter
from nebius_cli.system.streams import Streams
from tests.support.screen import FakeTerminal, streams_on

START = ProgressSnapshot(at=0.0, total=10_000)
LATER = ProgressSnapshot(
    at=5.0,
    total=10_000,
    seen=4300,
    left_out=200,
    answered=3997,
    failed=3,
    requests=4012,
    retries=12,
    tokens=400_000,
    cost=Decimal("0.0123"),
    concurrency=64,
)
WORDS = [
    "4,200 of 10,000 rows",
    "3 failed",
    "64 in flight",
    "7 s left",
    "5 s elapsed",
    "802.4 requests/s",
    "400k tokens (80k/s)",
    "12 retries",
    "$0.0123 of about $0.0293",
]


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def display_on(
    glass: FakeTerminal, *, tty: bool = True, columns: int = 80, quiet: bool = False
) -> tuple[BulkDisplay, Streams, Clock]:
    streams, clock = streams_on(None, glass, tty=tty, environ={"COLUMNS": str(columns)}), Clock()
    streams.monotonic = clock
    return BulkDisplay(streams, drawn=tty, color=False, quiet=quiet), streams, clock


def rows(glass: FakeTerminal, columns: int = 80) -> list[str]:
    """Return the lines that a terminal would show."""
    screen = pyte.Screen(columns, 20)
    pyte.ByteStream(screen).feed(glass.data.replace(b"\n", b"\r\n"))
    return [row.rstrip() for row in screen.display if row.strip()]


def test_the_figures_have_units_and_unknown_ones_are_left_out() -> None:
    meter = ThroughputMeter()
    assert facts(meter.read(START)) == ["0 of 10,000 rows", "0 in flight"]
    assert facts(meter.read(LATER)) == WORDS
    few = ProgressSnapshot(
        at=6.0, answered=1, retries=1, seen=10, fraction_read=0.5, note="waits 3 s\x1b, as the server asks"
    )
    assert facts(ThroughputMeter().read(few)) == [
        "1 of about 20 rows",
        "0 in flight",
        "1 retry",
        "waits 3 s␛, as the server asks",
    ]
    assert facts(ThroughputMeter().read(ProgressSnapshot(at=0.0, cost=Decimal(1))))[0] == "0 rows"


@pytest.mark.parametrize("width", [20, 39, 60, 79, 200])
def test_the_lines_fit_the_terminal_and_contain_all_figures(width: int) -> None:
    lines = list(folded(WORDS, width))
    assert max(map(len, lines)) <= width
    if width >= max(map(len, WORDS)):
        assert [word for line in lines for word in line.split(" · ")] == WORDS


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_the_display_is_redrawn_in_place_and_erased_at_the_end(columns: int) -> None:
    glass = FakeTerminal()
    display, _, _ = display_on(glass, columns=columns)
    with display:
        display.show(START)
        assert rows(glass, columns)[0].endswith("0 %")
        display.show(LATER)
        bar, *lines = rows(glass, columns)
        assert bar.startswith("━")
        assert bar.endswith("42 %")
        assert max(map(len, [bar, *lines])) < columns
        assert " · ".join(lines).split(" · ") == WORDS
    assert rows(glass, columns) == []
    assert b"\x1b[?25l" not in glass.data


def test_without_a_number_of_rows_the_bar_shows_no_percentage() -> None:
    glass = FakeTerminal()
    display, _, _ = display_on(glass)
    with display:
        display.show(ProgressSnapshot(at=1.0, answered=7))
        bar, line = rows(glass)
        assert "%" not in bar
        assert line == "7 rows · 0 in flight"


def test_a_message_is_printed_above_the_display_and_remains() -> None:
    glass = FakeTerminal()
    display, _, _ = display_on(glass)
    with display:
        display.show(START)
        display.note("a note [bold]")
        display.warn("a doubt")
        display.show(LATER)
        assert rows(glass)[:2] == ["nbx: a note [bold]", "nbx: warning: a doubt"]
        assert rows(glass)[2].startswith("━")
    assert rows(glass) == ["nbx: a note [bold]", "nbx: warning: a doubt"]


def test_a_log_gets_a_line_every_thirty_seconds() -> None:
    glass = FakeTerminal()
    display, _, clock = display_on(glass, tty=False)
    with display:
        for second in range(0, 100, 5):
            clock.now = float(second)
            display.show(replace(LATER, at=clock.now, requests=10 * second, tokens=0))
    lines = glass.text.splitlines()
    assert len(lines) == 100 // LINE_INTERVAL_S
    assert lines[0].startswith(
        "nbx: 4,200 of 10,000 rows, 3 failed, 64 in flight, 30 s elapsed, 10.0 requests/s, "
    )


def test_no_rate_of_zero_is_shown_while_long_answers_are_generated() -> None:
    meter = ThroughputMeter()
    for second in range(100):
        view = meter.read(ProgressSnapshot(at=float(second), total=8, requests=4, concurrency=4))
    assert facts(view) == ["0 of 8 rows", "4 in flight", "1:39 elapsed"]
    known = meter.read(replace(view.now, at=100.0, generating=1200))
    assert facts(known)[1] == "4 in flight (1.2k tokens so far)"


def test_the_display_is_redrawn_at_most_five_times_a_second() -> None:
    glass = FakeTerminal()
    display, _, _ = display_on(glass)
    with display:
        for hundredth in range(100):
            display.show(replace(LATER, at=hundredth / 100))
    assert glass.text.count("4,200 of 10,000 rows") == 5 + 1  # rich draws once more before erasing


def test_warnings_from_other_threads_are_printed_with_the_next_snapshot_or_at_the_end() -> None:
    glass = FakeTerminal()
    display, _, _ = display_on(glass, tty=False)
    with display:
        display.post("first")
        assert glass.text == ""
        display.show(START)
        assert glass.text == "nbx: warning: first\n"
        display.post("last")
    assert glass.text.endswith("nbx: warning: last\n")


@pytest.mark.parametrize("tty", [True, False])
def test_with_quiet_nothing_is_printed(*, tty: bool) -> None:
    glass = FakeTerminal()
    display, _, _ = display_on(glass, tty=tty, quiet=True)
    with display:
        display.show(replace(START, at=-100.0))
        display.show(replace(LATER, at=100.0))
        display.note("x")
        display.warn("y")
    assert glass.data == b""


SHOWN = [("rows", "3,000"), ("cost", "$1.20")]
PLAIN = {"rows": 3000, "cost_usd": "1.2", "stopped": None}


def test_a_drawn_table_has_labels_and_a_plain_one_has_names_and_raw_values() -> None:
    assert table_rows(SHOWN, PLAIN, drawn=True) == SHOWN
    assert table_rows(SHOWN, PLAIN, drawn=False) == [("rows", "3000"), ("cost_usd", "1.2"), ("stopped", "")]
