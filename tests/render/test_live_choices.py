"""Live blocks of choices on a fake terminal: what is written when, and what a failure does."""

import threading

import pytest
from rich.cells import cell_len

from nebius_cli.core.errors_and_exit_codes import Interrupted, OutputError, ReaderGone
from nebius_cli.render.live_choices import LiveChoices
from nebius_cli.render.output_options import Layout, Mode, OutputOptions
from nebius_cli.response.answer_events import Finished, Frame, TextDelta
from nebius_cli.response.events_to_answer import Completion
from tests.support.screen import FakeTerminal, streams_on


def blocks(glass: FakeTerminal, choices: int = 2, *, color: bool = False, **environ: str) -> LiveChoices:
    """Return blocks that are drawn on `glass`."""
    streams = streams_on(glass, environ=environ)
    return LiveChoices(
        streams,
        streams.write_out,
        OutputOptions(Mode.TEXT, Layout(), choices, color_out=color),
        streams.monotonic(),
    )


def rows(part: LiveChoices, width: int = 80, height: int = 24) -> list[str]:
    """Return the rows of the live part."""
    return [text.plain for text in part.rows(width, height)]


def test_the_live_part_never_fills_the_window() -> None:
    part = blocks(FakeTerminal(), choices=50)
    for index in range(50):
        part.event(TextDelta(index, "row\n" * 30))
    for height in (2, 3, 4, 5, 10, 24, 60, 200):
        assert len(rows(part, height=height)) < height
    part.finish(Completion(50))


def test_choices_in_progress_are_shown_before_finished_and_waiting_ones() -> None:
    part = blocks(FakeTerminal(), choices=6)
    part.event(TextDelta(4, "being written"))
    part.event(TextDelta(1, "done"))
    part.event(Finished(1, "stop"))
    shown = rows(part, height=6)
    assert shown[:2] == ["── choice 1 · waiting ──", "── choice 5 · writing ──"]
    assert shown[-1][2:].startswith("1 of 6 done, 4 not shown, ")
    part.finish(Completion(6))


def test_tabs_and_wide_characters_are_measured() -> None:
    part = blocks(FakeTerminal())
    part.event(TextDelta(0, "\tx" * 20 + "\n" + "日本" * 30))
    width = 30
    sizes = {cell_len(row) for row in rows(part, width)}
    assert max(sizes) == width - 1  # of letters; the last column is left for the cursor
    assert width - 2 in sizes  # of wide characters, which cannot be split
    assert "\t" not in "".join(rows(part, width))
    part.finish(Completion(2))


def test_a_finished_choice_is_not_drawn_twice_in_one_frame() -> None:
    frames: list[str] = []
    glass = FakeTerminal(lambda data: frames.append(data.decode()))
    part = blocks(glass)
    part.event(TextDelta(0, "first"))
    part.event(TextDelta(1, "second"))
    part.event(Finished(0, "stop"))
    settling = next(frame for frame in frames if "choice 1 · stop" in frame)
    assert settling.count("choice 1") == 1
    assert settling.count("first") == 1
    part.finish(Completion(2))
    assert glass.text.endswith("── choice 2 · unfinished ──\nsecond\n")


def test_headings_are_bold_only_if_colour_is_on() -> None:
    for color in (True, False):
        glass = FakeTerminal()
        part = blocks(glass, color=color)
        part.event(TextDelta(0, "text"))
        part.finish(Completion(2))
        assert ("\x1b[1m" in glass.text) == color


def test_a_signal_while_a_choice_is_printed_loses_no_text() -> None:
    def interrupt(data: bytes) -> None:
        if b"choice 1" in data and b"stop" in data and not struck.is_set():
            struck.set()
            raise Interrupted

    struck = threading.Event()
    glass = FakeTerminal(interrupt)
    part = blocks(glass)
    part.event(TextDelta(0, "first"))
    with pytest.raises(Interrupted):
        part.event(Finished(0, "stop"))
    part.finish(Completion(2))
    assert "── choice 1 · stop ──\nfirst\n" in glass.text


@pytest.mark.parametrize("failure", [ReaderGone(), OutputError("full")])
def test_a_failure_in_the_drawing_thread_is_raised_at_the_next_event(failure: BaseException) -> None:
    failed = threading.Event()

    def fail(data: bytes) -> None:
        del data
        if threading.current_thread() is not threading.main_thread():
            failed.set()
            raise failure

    streams = streams_on(FakeTerminal())
    part = LiveChoices(streams, fail, OutputOptions(Mode.TEXT, Layout(), 2), 0)
    part.event(TextDelta(0, "text"))
    assert failed.wait(30)
    part._live.stop()  # waits until the thread has recorded its failure
    with pytest.raises(type(failure)):
        part.event(TextDelta(0, "more"))
    part.finish(Completion(2))


def test_other_events_draw_nothing() -> None:
    glass = FakeTerminal()
    part = blocks(glass)
    part.event(Frame({}))
    assert glass.text == ""


def test_a_failure_of_the_first_write_is_raised_at_once() -> None:
    def fail(data: bytes) -> None:
        raise ReaderGone

    part = LiveChoices(streams_on(FakeTerminal()), fail, OutputOptions(Mode.TEXT, Layout(), 2), 0)
    with pytest.raises(ReaderGone):
        part.event(TextDelta(0, "text"))
    part.finish(Completion(2))
