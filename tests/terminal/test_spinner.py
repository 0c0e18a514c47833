"""The sign that nbx waits."""

import threading

from nebius_cli.terminal.spinner import Spinner, spinner_frame
from tests.support.screen import Glass, streams_on


def test_the_sign_turns_and_counts() -> None:
    streams = streams_on()
    shown = [spinner_frame(seconds / 10, "waiting", streams) for seconds in range(3)]
    assert shown == ["⠋ waiting 0.0 s", "⠙ waiting 0.1 s", "⠹ waiting 0.2 s"]
    assert spinner_frame(75.04, "waiting", streams) == "⠋ waiting 75.0 s"


def test_the_sign_is_narrower_than_the_terminal() -> None:
    for columns in ("1", "2", "10", "80"):
        assert len(
            spinner_frame(0, "waiting for the server", streams_on(environ={"COLUMNS": columns}))
        ) < int(columns)


def test_the_console_of_linux_gets_characters_that_its_font_has() -> None:
    shown = spinner_frame(0.3, "waiting", streams_on(environ={"TERM": "linux"}))
    assert shown.isascii()


def test_the_sign_appears_stays_on_its_line_and_is_wiped() -> None:
    drawn = threading.Event()
    err = Glass(lambda _: drawn.set())
    waiting = Spinner(streams_on(err=err), enabled=True)
    waiting.start("waiting")
    assert drawn.wait(30)
    waiting.stop()
    assert err.text.startswith("\r")
    assert " waiting 0." in err.text
    assert err.text.endswith("\r\x1b[K")
    assert "\n" not in err.text
    before = err.text
    waiting.stop()
    assert err.text == before


def test_a_wait_that_is_over_at_once_shows_nothing() -> None:
    err = Glass()
    waiting = Spinner(streams_on(err=err), enabled=True)
    waiting.start("waiting")
    waiting.stop()
    assert err.text == ""


def test_where_it_is_not_wanted_nothing_runs() -> None:
    before = threading.active_count()
    waiting = Spinner(streams_on(err=Glass()), enabled=False)
    waiting.start("waiting")
    assert threading.active_count() == before
    waiting.stop()


def test_what_is_said_meanwhile_takes_the_place_of_the_sign() -> None:
    err = Glass()
    streams = streams_on(err=err)
    streams.write_sign("⠋ waiting")
    streams.write_err("said\n")
    streams.write_err("again\n")
    streams.write_sign("")
    assert err.text == "\r⠋ waiting\x1b[K\r\x1b[Ksaid\nagain\n"
