"""The spinner while nbx waits."""

import threading
import time

from nebius_cli.terminal.spinner import SPINNER_DELAY_S, Spinner, spinner_text
from tests.support.screen import FakeTerminal, streams_on


def test_the_spinner_turns_and_shows_the_elapsed_time() -> None:
    streams = streams_on()
    shown = [spinner_text(seconds / 10, "waiting", streams).plain for seconds in range(3)]
    assert shown == ["⠋ waiting 0.0 s", "⠙ waiting 0.1 s", "⠹ waiting 0.2 s"]
    assert spinner_text(75.04, "waiting", streams).plain[1:] == " waiting 75.0 s"


def test_the_spinner_is_narrower_than_the_terminal() -> None:
    for columns in ("1", "2", "10", "80"):
        streams = streams_on(environ={"COLUMNS": columns})
        assert spinner_text(0, "waiting for the server", streams).cell_len < int(columns)


def test_the_linux_console_gets_an_ascii_spinner() -> None:
    shown = spinner_text(0.3, "waiting", streams_on(environ={"TERM": "linux"}))
    assert shown.plain.isascii()


def test_the_spinner_stays_on_its_line_and_is_erased() -> None:
    drawn = threading.Event()
    err = FakeTerminal(lambda _: drawn.set())
    spinner = Spinner(streams_on(err=err), enabled=True)
    spinner.start("waiting")
    assert drawn.wait(30)
    spinner.stop()
    assert err.text.startswith("\r")
    assert " waiting 0." in err.text
    assert err.text.endswith("\r\x1b[K")
    assert "\n" not in err.text
    before = err.text
    spinner.stop()
    assert err.text == before


def test_a_short_wait_shows_nothing() -> None:
    err = FakeTerminal()
    spinner = Spinner(streams_on(err=err), enabled=True)
    spinner.start("waiting")
    spinner.stop()
    time.sleep(2 * SPINNER_DELAY_S)
    assert err.text == ""


def test_a_disabled_spinner_starts_no_thread() -> None:
    before = threading.active_count()
    spinner = Spinner(streams_on(err=FakeTerminal()), enabled=False)
    spinner.start("waiting")
    assert threading.active_count() == before
    spinner.stop()


def test_a_message_replaces_the_spinner() -> None:
    err = FakeTerminal()
    streams = streams_on(err=err)
    streams.write_status("⠋ waiting")
    streams.write_err("said\n")
    streams.write_err("again\n")
    streams.write_status("")
    assert err.text == "\r⠋ waiting\x1b[K\r\x1b[Ksaid\nagain\n"
