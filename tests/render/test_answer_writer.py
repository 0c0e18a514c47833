"""One answer: where it is written, when usage is shown, and what an incomplete answer leaves."""

from pathlib import Path
from typing import Any

import pytest

from nebius_cli.core.errors_and_exit_codes import Interrupted, OutputError
from nebius_cli.render.answer_writer import AnswerWriter
from nebius_cli.render.output_options import Layout, Mode, OutputOptions
from nebius_cli.render.usage_metrics import Timing
from nebius_cli.response.answer_events import Finished, TextDelta, Usage
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.system.output_file import OutputFile
from tests.support.screen import FakeTerminal, streams_on

TIMING = Timing(0, 1, 2)


class Run:
    """An answer that is written to fake streams."""

    def __init__(self, *, tty: bool = True, target: Path | None = None, **show: Any) -> None:
        self.out, self.err = FakeTerminal(), FakeTerminal()
        settings = {"mode": Mode.TEXT, "layout": Layout(), "choices": 1, **show}
        file = OutputFile(str(target)) if target else None
        self.answer = AnswerWriter(streams_on(self.out, self.err, tty=tty), OutputOptions(**settings), file)
        self.completion = Completion(1)

    def take(self, *events: Any) -> "Run":
        """Add events to the answer."""
        for event in events:
            self.completion.add(event)
            self.answer.event(event)
        return self

    def finish(self) -> "Run":
        """Finish the answer successfully."""
        self.answer.finish(self.take(Finished(0, "stop"), Usage(1, 2, 3)).completion, TIMING)
        return self


@pytest.mark.parametrize(
    ("tty", "show", "table"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"usage": False}, False),
        (False, {"usage": True}, True),
        (True, {"quiet": True}, False),
        (True, {"quiet": True, "usage": True}, True),
        (True, {"mode": Mode.JSON}, False),
        (True, {"mode": Mode.JSON, "usage": True}, True),
    ],
    ids=str,
)
def test_usage_is_shown_on_a_terminal_or_on_request(show: dict[str, Any], *, tty: bool, table: bool) -> None:
    run = Run(tty=tty, **show).take(TextDelta(0, "text")).finish()
    assert bool(run.err.text) == table


def test_an_output_file_gets_exact_bytes_even_if_stdout_is_a_terminal(tmp_path: Path) -> None:
    run = Run(target=tmp_path / "out").take(TextDelta(0, "text\x1b[31m")).finish()
    assert (tmp_path / "out").read_bytes() == b"text\x1b[31m\n"
    assert run.out.data == b""
    assert "completion" in run.err.text, "a person watches, and sees what it took"


def test_an_incomplete_answer_reports_its_partial_file(tmp_path: Path) -> None:
    run = Run(target=tmp_path / "out").take(TextDelta(0, "half"))
    partial = tmp_path / "out.partial"
    assert (
        run.answer.finish_incomplete(run.completion, TIMING) == f"the answer received so far is in {partial}"
    )
    assert partial.read_bytes() == b"half\n"
    assert run.err.text == ""


def test_an_empty_incomplete_answer_leaves_no_file(tmp_path: Path) -> None:
    run = Run(target=tmp_path / "out")
    assert run.answer.finish_incomplete(run.completion, TIMING) == ""
    assert (list(tmp_path.glob("*out*")), run.answer.nothing_written) == ([], True)


def test_an_incomplete_answer_shows_its_usage_if_it_is_known() -> None:
    run = Run().take(TextDelta(0, "half"), Usage(1, 2, 3))
    assert run.answer.finish_incomplete(run.completion, TIMING) == ""
    assert run.out.text == "half\n"
    assert "completion" in run.err.text


def test_an_answer_is_untouched_until_its_first_byte() -> None:
    run = Run()
    assert run.answer.nothing_written
    run.take(TextDelta(0, "t"))
    assert not run.answer.nothing_written


def test_a_stream_that_failed_is_not_written_to_again() -> None:
    def fail(data: bytes) -> None:
        raise OSError(28, "No space left on device")

    run = Run(tty=False)
    run.out._before = fail
    with pytest.raises(OutputError):
        run.take(TextDelta(0, "text"))
    run.out._before = len
    run.answer.finish_incomplete(run.completion, TIMING)
    assert run.out.text == ""


def test_a_signal_in_the_middle_of_a_write_still_ends_the_line() -> None:
    def interrupt(data: bytes) -> None:
        raise Interrupted

    run = Run()
    run.out._before = interrupt
    with pytest.raises(Interrupted):
        run.take(TextDelta(0, "text"))
    run.out._before = len
    run.answer.finish_incomplete(run.completion, TIMING)
    assert run.out.text == "\n"


def test_waiting_and_pausing_write_nothing_in_quiet_mode() -> None:
    run = Run(quiet=True)
    run.answer.wait()
    run.answer.pause()
    run.answer.wait_to_retry()
    run.answer.pause()
    assert run.err.text == ""
