"""Progress of a download: a bar for a person, a few lines for a log."""

import io

import pyte

from nebius_cli.system.streams import Streams
from nebius_cli.terminal.download_progress import DownloadProgress

REPORTS = [
    (0, 0, "find"),
    (0, 93_000_000, "download"),
    (40_000_000, 93_000_000, "download"),
    (93_000_000, 93_000_000, "download"),
    (0, 93_000_000, "verify"),
    (98_000_000, 98_000_000, "extract"),
]


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def streams_with(clock: Clock) -> tuple[Streams, io.BytesIO]:
    err = io.BytesIO()
    environ = {"COLUMNS": "80", "TERM": "xterm"}
    return Streams(None, None, err, stderr_tty=True, environ=environ, monotonic=clock), err


def shown(data: bytes) -> list[str]:
    """Return the rows of a terminal after `data`, without those that are empty."""
    screen = pyte.Screen(80, 10)
    stream = pyte.ByteStream(screen)
    stream.feed(data.replace(b"\n", b"\r\n"))
    return [row.rstrip() for row in screen.display if row.strip()]


def test_without_a_bar_there_is_a_line_at_the_start_and_one_every_five_seconds() -> None:
    clock = Clock()
    streams, err = streams_with(clock)
    with DownloadProgress("m", streams, drawn=False, color=False) as report:
        for done, total, stage in REPORTS:
            report(done, total, stage)
            clock.now += 3
    assert err.getvalue().decode().splitlines() == [
        "nbx: downloading: m, 93.0 MB",
        "nbx: downloaded 100 % of 93.0 MB",
    ]


def test_waiting_for_another_process_is_reported_once() -> None:
    streams, err = streams_with(Clock())
    with DownloadProgress("m", streams, drawn=False, color=False) as report:
        report(0, 0, "wait")
        report(0, 0, "wait")
    assert err.getvalue() == b"nbx: waiting for another nbx process: m\n"


def test_quiet_mode_shows_no_progress() -> None:
    for drawn in (True, False):
        streams, err = streams_with(Clock())
        with DownloadProgress("m", streams, drawn=drawn, color=False, quiet=True) as report:
            for done, total, stage in REPORTS:
                report(done, total, stage)
        assert err.getvalue() == b""


def test_the_bar_is_a_single_row_and_is_erased_at_the_end() -> None:
    for count in range(1, len(REPORTS) + 1):
        streams, err = streams_with(Clock())
        with DownloadProgress("m", streams, drawn=True, color=False) as report:
            for done, total, stage in REPORTS[:count]:
                report(done, total, stage)
            report._bar.refresh()  # a thread does this ten times a second
            rows = shown(err.getvalue())
            assert len(rows) == 1
            if REPORTS[count - 1] == (40_000_000, 93_000_000, "download"):
                assert rows[0].startswith("downloading ━")
                assert rows[0].endswith(" 40.0 of 93.0 MB")
        assert shown(err.getvalue()) == []
        assert b"\x1b[?25l" not in err.getvalue()


def test_the_bar_shows_the_remaining_time() -> None:
    clock = Clock()
    streams, err = streams_with(clock)
    with DownloadProgress("m", streams, drawn=True, color=False) as report:
        for done in range(0, 50_000_001, 10_000_000):
            report(done, 100_000_000, "download")
            report(done + 1, 100_000_000, "download")
            clock.now += 1
        report._bar.refresh()  # a thread does this ten times a second
        assert shown(err.getvalue())[0].endswith(" 50.0 of 100.0 MB, 5 s left")


def test_a_stage_that_cannot_be_counted_shows_no_numbers() -> None:
    streams, err = streams_with(Clock())
    with DownloadProgress("m", streams, drawn=True, color=False) as report:
        report(0, 93_000_000, "pip")
        report._bar.refresh()  # a thread does this ten times a second
        row = shown(err.getvalue())[0]
        assert row.startswith("downloading with pip")
        assert "MB" not in row
