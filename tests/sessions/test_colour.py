"""Colour, drawing and width depend on the type of each stream, the flags and the environment."""

import time
from pathlib import Path

import pytest

from tests.sessions.conftest import Open
from tests.support.gate import Gate, one_answer
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, detail


def styled(data: bytes) -> bool:
    """Return whether bytes contain a sequence that sets colour or weight."""
    return any(part[: part.find(b"m") + 1].strip(b"0123456789;m") == b"" for part in data.split(b"\x1b[")[1:])


@pytest.mark.parametrize(
    ("env", "flags", "coloured"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": ""}, [], True),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, [], False),
        ({"FORCE_COLOR": "1"}, ["--color=never"], False),
        ({}, ["--color=never"], False),
        ({"TERM": "dumb"}, [], False),
    ],
    ids=str,
)
def test_colour_follows_the_flag_then_no_color_then_the_terminal(
    env: dict[str, str], flags: list[str], terminal: Open, server: FakeServer, *, coloured: bool
) -> None:
    server.script(answer("text"), detail(404, "none"))
    answered = terminal("complete", "x", *flags, env=env)
    assert answered.end() == 0
    assert styled(answered.raw) == coloured
    failed = terminal("complete", "x", *flags, env=env)
    assert failed.end() == 3
    assert styled(failed.raw) == coloured


def test_the_text_of_the_model_is_never_coloured(terminal: Open, server: FakeServer) -> None:
    server.script(answer("text"))
    screen = terminal("complete", "x", "--color", "always", "--no-usage")
    assert (screen.end(), screen.raw) == (0, b"text\r\n")


@pytest.mark.parametrize("choices", ["1", "2"])
def test_a_dumb_terminal_gets_no_status_line_and_no_escape_sequences(
    choices: str, terminal: Open, server: FakeServer
) -> None:
    before = Gate()
    server.script(one_answer(before, "Hello"))
    screen = terminal("complete", "x", "--n", choices, env={"TERM": "dumb"})
    before.reached()
    # Wait longer than the status line takes to appear, to see that nothing is drawn.
    until = time.monotonic() + 0.7
    screen.wait_until(lambda: time.monotonic() > until, "a while")
    assert screen.raw == b""
    before.open()
    assert screen.end() == (0 if choices == "1" else 8)
    assert b"\x1b" not in screen.raw
    assert "Hello" in screen.rows


def test_without_a_terminal_there_is_neither_colour_nor_drawing(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("text"), detail(404, "none"))
    done = nbx.process("complete", "x", "--usage")
    assert done.out == "text\n"
    assert "\x1b" not in done.err
    assert "\x1b" not in nbx.process("complete", "x").err


def test_force_color_also_applies_to_a_pipe(nbx: Runner, server: FakeServer) -> None:
    server.script(detail(404, "none"))
    assert nbx.process("complete", "x", env={"FORCE_COLOR": "1"}).err.startswith("\x1b[1;31mnbx:\x1b[0m ")


def test_columns_overrides_the_window_size(terminal: Open, server: FakeServer) -> None:
    server.script(answer("text"), answer("text"))
    for columns in ("80", "40"):
        screen = terminal("complete", "x", columns=80, env={"COLUMNS": columns})
        assert screen.end() == 0
        assert len(screen.rows) == (4 if columns == "80" else 9)


def test_with_stdout_in_a_file_only_the_status_line_is_on_the_terminal(
    terminal: Open, server: FakeServer, tmp_path: Path
) -> None:
    before, after = Gate(), Gate()
    server.script(one_answer(before, "Hello \x1b[31m", after))
    screen = terminal("complete", "x", redirect=f">{tmp_path}/out")
    screen.wait_for("waiting for the server")
    before.open()
    screen.wait_for("writing the file")
    after.open()
    assert screen.end() == 0
    assert screen.rows == []
    assert screen.cursor == (0, 0)
    assert (tmp_path / "out").read_bytes() == b"Hello \x1b[31m\n"


def test_with_stderr_in_a_file_only_the_answer_is_shown(
    terminal: Open, server: FakeServer, tmp_path: Path
) -> None:
    before = Gate()
    server.script(one_answer(before, "Hello"))
    screen = terminal("complete", "x", redirect=f"2>{tmp_path}/err")
    before.reached()
    before.open()
    assert screen.end() == 0
    assert screen.raw == b"Hello\r\n"
    assert (tmp_path / "err").read_bytes() == b""


def test_usage_in_a_file_is_tab_separated(terminal: Open, server: FakeServer, tmp_path: Path) -> None:
    server.script(answer("Hello"))
    screen = terminal("complete", "x", "--usage", redirect=f"2>{tmp_path}/err")
    assert screen.end() == 0
    lines = (tmp_path / "err").read_text().splitlines()
    assert lines[:3] == ["prompt_tokens\t5", "completion_tokens\t2", "total_tokens\t7"]
    assert lines[-2:] == ["finish_reason\tstop", "model\tm"]
    assert all(line.count("\t") == 1 for line in lines)


def test_quiet_still_shows_errors(terminal: Open, server: FakeServer) -> None:
    server.script(detail(404, "none"))
    screen = terminal("complete", "x", "-q", env={"NO_COLOR": "1"})
    assert screen.end() == 3
    assert screen.raw.startswith(b"nbx: the server answered 404\r\n")


def test_the_status_line_is_cleared_before_a_pipe_prints_text_to_the_terminal(
    terminal: Open, server: FakeServer
) -> None:
    before, after = Gate(), Gate()
    server.script(one_answer(before, "Hello", after, " again"))
    screen = terminal("complete", "x", redirect="| cat")
    screen.wait_for("waiting for the server")
    before.open()
    assert screen.wait_for("Hello") == ["Hello"]
    after.open()
    assert screen.end() == 0
    assert screen.rows == ["Hello again"]


def test_verbose_messages_replace_the_status_line(terminal: Open, server: FakeServer) -> None:
    before = Gate()
    server.script([before, *answer("Hello")])
    screen = terminal("complete", "x", "--verbose", "--no-usage")
    screen.wait_for("waiting for the server")
    before.open()
    assert screen.end() == 0
    assert screen.rows[-1] == "Hello"
    assert all(row.startswith("nbx: ") for row in screen.rows[:-1])
    assert "waiting" not in str(screen)
