"""The progress of a bulk run: lines that stay in place for a person, one now and then for a log."""

from dataclasses import replace
from decimal import Decimal

import pyte
import pytest

from nebius_cli.bulk.progress_display import LINE_INTERVAL_S, BulkDisplay, facts, folded, table_rows
from nebius_cli.bulk.rates_and_time_left import ProgressSnapshot, ThroughputMeter
from nebius_cli.system.streams import Streams
from tests.support.screen import Glass, streams_on

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
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def board_on(
    glass: Glass, *, tty: bool = True, columns: int = 80, quiet: bool = False
) -> tuple[BulkDisplay, Streams, Clock]:
    streams, clock = streams_on(None, glass, tty=tty, environ={"COLUMNS": str(columns)}), Clock()
    streams.monotonic = clock
    return BulkDisplay(streams, drawn=tty, color=False, quiet=quiet), streams, clock


def rows(glass: Glass, columns: int = 80) -> list[str]:
    """Return what a terminal shows."""
    screen = pyte.Screen(columns, 20)
    pyte.ByteStream(screen).feed(glass.data.replace(b"\n", b"\r\n"))
    return [row.rstrip() for row in screen.display if row.strip()]


def test_the_facts_are_in_words_and_what_is_unknown_is_left_out() -> None:
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
def test_facts_are_never_wider_than_the_terminal_and_none_is_lost(width: int) -> None:
    lines = list(folded(WORDS, width))
    assert max(map(len, lines)) <= width
    if width >= max(map(len, WORDS)):
        assert [word for line in lines for word in line.split(" · ")] == WORDS


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_drawn_it_stays_in_place_and_is_gone_at_the_end(columns: int) -> None:
    glass = Glass()
    board, _, _ = board_on(glass, columns=columns)
    with board:
        board.show(START)
        assert rows(glass, columns)[0].endswith("0 %")
        board.show(LATER)
        bar, *lines = rows(glass, columns)
        assert bar.startswith("━")
        assert bar.endswith("42 %")
        assert max(map(len, [bar, *lines])) < columns
        assert " · ".join(lines).split(" · ") == WORDS
    assert rows(glass, columns) == []
    assert b"\x1b[?25l" not in glass.data


def test_without_a_number_of_rows_the_bar_says_no_share() -> None:
    glass = Glass()
    board, _, _ = board_on(glass)
    with board:
        board.show(ProgressSnapshot(at=1.0, answered=7))
        bar, line = rows(glass)
        assert "%" not in bar
        assert line == "7 rows · 0 in flight"


def test_a_message_stands_above_what_is_drawn_and_stays() -> None:
    glass = Glass()
    board, _, _ = board_on(glass)
    with board:
        board.show(START)
        board.note("a note [bold]")
        board.warn("a doubt")
        board.show(LATER)
        assert rows(glass)[:2] == ["nbx: a note [bold]", "nbx: warning: a doubt"]
        assert rows(glass)[2].startswith("━")
    assert rows(glass) == ["nbx: a note [bold]", "nbx: warning: a doubt"]


def test_undrawn_it_is_a_line_every_thirty_seconds() -> None:
    glass = Glass()
    board, _, clock = board_on(glass, tty=False)
    with board:
        for second in range(0, 100, 5):
            clock.now = float(second)
            board.show(replace(LATER, at=clock.now, requests=10 * second, tokens=0))
    lines = glass.text.splitlines()
    assert len(lines) == 100 // LINE_INTERVAL_S
    assert lines[0].startswith(
        "nbx: 4,200 of 10,000 rows, 3 failed, 64 in flight, 30 s elapsed, 10.0 requests/s, "
    )


def test_while_long_answers_are_generated_the_time_passes_and_no_rate_says_zero() -> None:
    meter = ThroughputMeter()
    for second in range(100):
        view = meter.read(ProgressSnapshot(at=float(second), total=8, requests=4, concurrency=4))
    assert facts(view) == ["0 of 8 rows", "4 in flight", "1:39 elapsed"]
    known = meter.read(replace(view.now, at=100.0, generating=1200))
    assert facts(known)[1] == "4 in flight (1.2k tokens so far)"


def test_it_is_drawn_five_times_a_second_at_most() -> None:
    glass = Glass()
    board, _, _ = board_on(glass)
    with board:
        for hundredth in range(100):
            board.show(replace(LATER, at=hundredth / 100))
    assert glass.text.count("4,200 of 10,000 rows") == 5 + 1  # rich draws once more before it wipes


def test_what_another_thread_posts_is_said_with_the_next_snapshot_or_at_the_end() -> None:
    glass = Glass()
    board, _, _ = board_on(glass, tty=False)
    with board:
        board.post("first")
        assert glass.text == ""
        board.show(START)
        assert glass.text == "nbx: warning: first\n"
        board.post("last")
    assert glass.text.endswith("nbx: warning: last\n")


@pytest.mark.parametrize("tty", [True, False])
def test_quiet_is_quiet(*, tty: bool) -> None:
    glass = Glass()
    board, _, _ = board_on(glass, tty=tty, quiet=True)
    with board:
        board.show(replace(START, at=-100.0))
        board.show(replace(LATER, at=100.0))
        board.note("x")
        board.warn("y")
    assert glass.data == b""


SHOWN = [("rows", "3,000"), ("cost", "$1.20")]
PLAIN = {"rows": 3000, "cost_usd": "1.2", "stopped": None}


def test_figures_are_words_for_a_person_and_plain_values_for_a_program() -> None:
    assert table_rows(SHOWN, PLAIN, drawn=True) == SHOWN
    assert table_rows(SHOWN, PLAIN, drawn=False) == [("rows", "3000"), ("cost_usd", "1.2"), ("stopped", "")]
