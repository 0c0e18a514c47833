"""Several choices on a terminal: separate blocks while they stream, complete and in order at the end."""

import signal

import pytest

from tests.sessions.conftest import Open
from tests.support.gate import Gate, gated
from tests.support.server import USAGE, FakeServer, token


def bars(rows: list[str]) -> list[str]:
    """Return the headings among rows."""
    return [row for row in rows if row.startswith("── ")]


def test_interleaved_choices_are_shown_in_separate_blocks_while_they_stream(
    terminal: Open, server: FakeServer
) -> None:
    gates = [Gate() for _ in range(4)]
    server.script(
        gated(
            *(token("The first", 0), token("The second", 1), gates[0]),
            *(token(" one", 1), token(" choice", 0), gates[1]),
            *(
                token(" ends.", 0, "stop"),
                gates[2],
                token("The third", 2),
                token("", 2, "content_filter"),
                gates[3],
            ),
            *(token(" is last", 1), token("", 1, "stop"), USAGE),
        )
    )
    screen = terminal("complete", "x", "--n", "3", "--no-usage")
    rows = screen.wait_for("The second")
    assert rows[:-1] == [
        *("── choice 1 · writing ──", "The first"),
        *("── choice 2 · writing ──", "The second"),
        "── choice 3 · waiting ──",
    ]
    assert "0 of 3 done" in rows[-1]
    gates[0].open()
    assert screen.wait_for("The first choice", "The second one")[:2] == [
        "── choice 1 · writing ──",
        "The first choice",
    ]
    gates[1].open()
    assert screen.wait_for("The first choice ends.", "1 of 3 done")[:4] == [
        *("── choice 1 · stop ──", "The first choice ends."),
        *("── choice 2 · writing ──", "The second one"),
    ]
    gates[2].open()
    assert screen.wait_for("The third", "2 of 3 done")[2:6] == [
        *("── choice 2 · writing ──", "The second one"),
        *("── choice 3 · content_filter ──", "The third"),
    ]
    gates[3].open()
    assert screen.end() == 0
    assert screen.history == [
        *("── choice 1 · stop ──", "The first choice ends."),
        *("── choice 2 · stop ──", "The second one is last"),
        *("── choice 3 · content_filter ──", "The third"),
    ]
    assert screen.cursor == (6, 0)


def test_the_status_line_shows_the_time_while_no_text_arrives(terminal: Open, server: FakeServer) -> None:
    gate = Gate()
    server.script(gated(token("a", 0), gate, token("b", 1, "stop"), token("", 0, "stop")))
    screen = terminal("complete", "x", "--n", "2", "--no-usage")
    first = screen.wait_for("of 2 done")[-1]
    screen.wait_until(lambda: screen.rows[-1] != first, "the time to go on")
    gate.open()
    assert screen.end() == 0


def test_headings_name_the_prompt_and_the_choice(terminal: Open, server: FakeServer) -> None:
    server.script(gated(*(token(f"text {index}", index, "stop") for index in range(4)), USAGE))
    screen = terminal("complete", "p", "q", "--n", "2", "--no-usage")
    assert screen.end() == 0
    assert screen.history == [
        "nbx: 2 arguments are 2 prompts; quote them to make one",
        *("── prompt 1, choice 1 · stop ──", "text 0"),
        *("── prompt 1, choice 2 · stop ──", "text 1"),
        *("── prompt 2, choice 1 · stop ──", "text 2"),
        *("── prompt 2, choice 2 · stop ──", "text 3"),
    ]


@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (24, 40), (6, 40), (4, 40)])
def test_more_choices_than_rows_are_complete_and_in_order_at_the_end(
    rows: int, columns: int, terminal: Open, server: FakeServer
) -> None:
    count = 30
    gate = Gate()
    starts = [token(f"choice number {index}\nhas two lines", index) for index in range(count)]
    ends = [token(" and an end", index, "stop") for index in reversed(range(count))]
    server.script(gated(*starts, gate, *ends))
    screen = terminal("complete", "x", "--n", str(count), "--no-usage", rows=rows, columns=columns)
    screen.wait_until(lambda: len(screen.rows) >= min(rows - 1, 20), "a full window")
    assert screen.history == screen.rows, "nothing may scroll away while it can still change"
    gate.open()
    assert screen.end() == 0
    blocks = [
        (f"── choice {index + 1} · stop ──", f"choice number {index}", "has two lines and an end")
        for index in range(count)
    ]
    assert screen.history == [row for block in blocks for row in block]


def test_a_text_longer_than_its_block_shows_its_last_lines_and_is_complete_at_the_end(
    terminal: Open, server: FakeServer
) -> None:
    gate = Gate()
    lines = [f"row {number}" for number in range(100)]
    server.script(
        gated(token("\n".join(lines), 0), token("other", 1), gate, token("", 0, "stop"), token("", 1, "stop"))
    )
    screen = terminal("complete", "x", "--n", "2", "--no-usage")
    rows = screen.wait_for("row 99", "other")
    assert rows[0] == "── choice 1 · writing ──"
    assert rows[1:9] == lines[-8:]
    gate.open()
    assert screen.end() == 0
    assert screen.history == ["── choice 1 · stop ──", *lines, "── choice 2 · stop ──", "other"]


def test_finished_text_can_be_copied_exactly(terminal: Open, server: FakeServer) -> None:
    text = "a\tb " + "long " * 40 + "日本語\n\n  end  "
    server.script(gated(token(text, 0, "stop"), token("x", 1, "stop")))
    screen = terminal("complete", "x", "--n", "2", "--no-usage", columns=40)
    assert screen.end() == 0
    assert screen.raw.count(text.replace("\n", "\r\n").encode()) == 1


def test_wide_characters_do_not_break_the_blocks_that_are_redrawn(terminal: Open, server: FakeServer) -> None:
    gate = Gate()
    server.script(
        gated(token("日本語" * 30, 0), token("b", 1), gate, token("", 0, "stop"), token("", 1, "stop"))
    )
    screen = terminal("complete", "x", "--n", "2", "--no-usage", columns=41)
    rows = screen.wait_for("choice 2 · writing")
    assert bars(rows) == ["── choice 1 · writing ──", "── choice 2 · writing ──"]
    assert len(rows) == 9
    gate.open()
    assert screen.end() == 0
    assert screen.raw.count(("日本語" * 30).encode()) == 1


def test_blocks_are_redrawn_when_the_window_becomes_narrower(terminal: Open, server: FakeServer) -> None:
    gate = Gate()
    server.script(gated(token("word " * 30, 0), gate, token("", 0, "stop"), token("x", 1, "stop")))
    screen = terminal("complete", "x", "--n", "2", "--no-usage")
    screen.wait_for("word word")
    screen.resize(24, 40)
    screen.wait_until(lambda: ("word " * 7).encode() + b"word\r" in screen.raw, "rows of 40 columns")
    gate.open()
    assert screen.end() == 0


def test_an_interrupted_stream_keeps_the_text_of_each_choice(terminal: Open, server: FakeServer) -> None:
    server.script(gated(token("half", 0), token("whole", 1, "stop")))
    screen = terminal("complete", "x", "--n", "3")
    assert screen.end() == 8
    assert screen.history[:5] == [
        *("── choice 1 · unfinished ──", "half"),
        *("── choice 2 · stop ──", "whole"),
        "── choice 3 · no text ──",
    ]
    assert screen.history[5] == "nbx: the answer is incomplete"


def test_ctrl_c_during_a_stream_keeps_the_text_received_and_restores_the_terminal(
    terminal: Open, server: FakeServer
) -> None:
    gate = Gate()
    server.script(gated(token("one", 0), token("two", 1), gate))
    screen = terminal("complete", "x", "--n", "2")
    screen.wait_for("two")
    screen.type("\x03")
    assert screen.end() == 130
    assert screen.history == [
        *("── choice 1 · unfinished ──", "one"),
        *("── choice 2 · unfinished ──", "two"),
        "nbx: stopped by Ctrl-C",
    ]
    assert not screen.cursor_hidden
    assert screen.cursor == (5, 0)


def test_sigterm_during_a_stream_restores_the_terminal(terminal: Open, server: FakeServer) -> None:
    gate = Gate()
    server.script(gated(token("one", 0), token("two", 1), gate))
    screen = terminal("complete", "x", "--n", "2")
    screen.wait_for("two")
    screen.kill(signal.SIGTERM)
    assert screen.end() == 143
    assert screen.history[-1] == "nbx: stopped by SIGTERM"
    assert not screen.cursor_hidden


def test_the_cursor_is_never_hidden(terminal: Open, server: FakeServer) -> None:
    gate = Gate()
    server.script(gated(token("one", 0), gate, token("", 0, "stop"), token("two", 1, "stop")))
    screen = terminal("complete", "x", "--n", "2")
    screen.wait_for("one")
    assert b"\x1b[?25" not in screen.raw
    gate.open()
    assert screen.end() == 0


def test_a_dumb_terminal_shows_one_choice_after_the_other(terminal: Open, server: FakeServer) -> None:
    gate = Gate()
    server.script(
        gated(token("a1", 0), token("b", 1, "stop"), gate, token("a2", 0), token("", 0, "stop"), USAGE)
    )
    screen = terminal("complete", "x", "--n", "2", "--no-usage", env={"TERM": "dumb"})
    assert screen.wait_for("a1") == ["── choice 1 ──", "a1"]
    gate.open()
    assert screen.end() == 0
    assert screen.raw.decode() == "── choice 1 ──\r\na1a2\r\n── choice 2 ──\r\nb\r\n"
