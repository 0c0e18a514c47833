"""Messages on stderr."""

from nebius_cli.core.errors_and_exit_codes import Interrupted, UsageError
from nebius_cli.terminal import messages
from tests.support.screen import FakeTerminal, streams_on


def test_an_error_has_lines_for_what_why_and_hint() -> None:
    err = FakeTerminal()
    messages.report(UsageError("what", "why", "next"), streams_on(err=err), color=False)
    assert err.text == "nbx: what\n  why\n  next\n"


def test_an_empty_part_of_an_error_takes_no_line() -> None:
    err = FakeTerminal()
    messages.report(UsageError("what", "", "next"), streams_on(err=err), color=False)
    messages.report(UsageError("what"), streams_on(err=err), color=False)
    assert err.text == "nbx: what\n  next\nnbx: what\n"


def test_newlines_and_control_characters_in_messages_are_replaced() -> None:
    err = FakeTerminal()
    messages.report(UsageError("a\nb", "c\r\x1b[2J", "d\te"), streams_on(err=err), color=False)
    assert err.text == "nbx: a b\n  c ␛[2J\n  d e\n"


def test_only_the_prefix_is_coloured() -> None:
    err = FakeTerminal()
    messages.report(UsageError("what"), streams_on(err=err), color=True)
    messages.warn("careful", streams_on(err=err), color=True)
    assert err.text == "\x1b[1;31mnbx:\x1b[0m what\n\x1b[33mnbx: warning:\x1b[0m careful\n"


def test_warnings_and_notes_are_one_line() -> None:
    err = FakeTerminal()
    messages.warn("a\nb", streams_on(err=err), color=False)
    messages.note("c\nd", streams_on(err=err))
    assert err.text == "nbx: warning: a b\nnbx: c d\n"


def test_a_signal_is_reported_on_one_line_with_its_notes() -> None:
    err = FakeTerminal()
    stop = Interrupted()
    messages.stopped("Ctrl-C", stop, streams_on(err=err))
    stop.add_note("what came is in f\x1b.partial")
    messages.stopped("Ctrl-C", stop, streams_on(err=err))
    assert err.text == "nbx: stopped by Ctrl-C\nnbx: stopped by Ctrl-C; what came is in f␛.partial\n"
