"""Help: the same text everywhere, with bold headings on a terminal."""

import re

import pytest

from tests.sessions.conftest import Open
from tests.support.run import Runner

BOX = "╭╮╰╯│─"


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("command", [[], ["complete"], ["config"], ["config", "set"]], ids=" ".join)
def test_on_a_terminal_help_has_bold_headings_and_fits(flag: str, command: list[str], terminal: Open) -> None:
    screen = terminal(*command, flag)
    assert screen.end() == 0
    text = "\n".join(screen.history)
    assert f"Usage: {' '.join(['nbx', *command])}" in text
    assert b"\x1b[1mExamples:\x1b[0m" in screen.raw
    assert "…" not in text, "nothing is cut"


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("command", [[], ["complete"], ["config"], ["config", "set"]], ids=" ".join)
def test_in_a_pipe_help_is_plain_text(flag: str, command: list[str], bare: Runner) -> None:
    done = bare.process(*command, flag)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Usage: nbx")
    assert not set(BOX) & set(done.out)
    assert "\x1b" not in done.out
    assert [line for line in done.out.splitlines() if line != line.rstrip()] == []


def test_a_dumb_terminal_gets_plain_and_complete_help(terminal: Open) -> None:
    screen = terminal("complete", "--help", env={"TERM": "dumb"})
    assert screen.end() == 0
    assert b"\x1b" not in screen.raw
    assert b"--strip-final-newline" in screen.raw


@pytest.mark.parametrize(("env", "columns"), [({}, 40), ({"COLUMNS": "40"}, 80)])
def test_help_is_wrapped_between_words_on_a_narrow_terminal(
    env: dict[str, str], columns: int, terminal: Open
) -> None:
    screen = terminal("complete", "--help", env=env, columns=columns)
    assert screen.end() == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", screen.raw.decode())
    assert [line for line in text.splitlines() if len(line) > 40] == []
    assert "--strip-final-newline" in text


def test_help_has_no_colour_with_no_color(terminal: Open) -> None:
    screen = terminal("--help", env={"NO_COLOR": "1"})
    assert screen.end() == 0
    assert {(char.fg, char.bg) for char in screen.styles()} <= {("default", "default")}


def test_color_never_before_the_command_applies_to_help(terminal: Open) -> None:
    screen = terminal("--color", "never", "complete", "--help")
    assert screen.end() == 0
    assert b"\x1b" not in screen.raw


def test_help_needs_no_key_no_config_and_no_home(bare: Runner) -> None:
    done = bare.process("complete", "--help", env={"HOME": "/nonexistent", "NBX_CONFIG_DIR": "/nonexistent"})
    assert (done.code, done.err) == (0, "")


def test_complete_without_a_prompt_on_a_terminal_is_a_usage_error(terminal: Open) -> None:
    screen = terminal("complete", redirect=">/dev/null")
    assert screen.end() == 2
    assert screen.rows[0] == "nbx: no prompt given"
    assert len(screen.rows) == 3
    assert terminal("complete", redirect="2>/dev/null").end() == 2


@pytest.mark.parametrize("columns", [80, 40])
def test_a_usage_error_on_a_terminal_has_at_most_three_lines(columns: int, terminal: Open) -> None:
    screen = terminal("complete", "x", "--temperature", "9", columns=columns)
    assert screen.end() == 2
    assert screen.raw.count(b"\n") <= 3
    assert screen.rows[0].startswith("nbx: --temperature 9")
