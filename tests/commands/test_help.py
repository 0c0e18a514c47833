"""Help over the whole command tree, whatever commands there are: what a person meets first."""

import re
from pathlib import Path

import pytest

from nebius_cli.gen.__main__ import command_tree
from nebius_cli.shell_completion.command_tree import Command
from tests.support.lines import given
from tests.support.run import Runner

COMMANDS = {command.name: command for command in command_tree().walk()}
EVERY = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
COLUMNS = 80


@pytest.fixture(autouse=True)
def usual_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Help measures the terminal by itself."""
    monkeypatch.setenv("COLUMNS", str(COLUMNS))


def examples(command: Command) -> list[str]:
    """Return the lines of the paragraph that follows the summary."""
    _, first, *_ = [*command.help.split("\n\n"), ""]
    title, *lines = first.removeprefix("\b\n").split("\n")
    assert title == "Examples:", f"{command.name}: examples come first"
    return [line.strip() for line in lines]


@EVERY
def test_examples_come_first_and_each_is_a_command_line_that_nbx_takes(
    command: Command, tmp_path: Path, bare: Runner
) -> None:
    lines = examples(command)
    runs = given("\n".join(lines), tmp_path)
    assert len(runs) >= len(lines)
    for words in runs:
        result = bare(*words, "--help")  # reported only when every flag before it is one
        assert (result.code, result.err) == (0, ""), words
    above = COMMANDS.get(" ".join(command.path[:-1]))
    # What a group runs where no command is named is typed without its name.
    own = list(command.path[1:-1] if above and above.default == command.path[-1] else command.path[1:])
    assert any(words[: len(own)] == own for words in runs), "no example is of the command itself"


@EVERY
def test_everything_is_reported_in_whole_sentences(command: Command) -> None:
    assert len(command.summary) <= COLUMNS
    texts = [command.summary, *(flag.help for flag in command.flags), *(a.help for a in command.arguments)]
    for text in texts:
        assert text.endswith("."), text
        assert not text[0].islower() or text.startswith("nbx"), text


@EVERY
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_in_a_pipe_fits_and_cuts_nothing(command: Command, flag: str, bare: Runner) -> None:
    result = bare(*command.path[1:], flag)
    assert (result.code, result.err) == (0, "")
    assert [line for line in result.out.splitlines() if len(line) > COLUMNS] == []
    one_line = " ".join(result.out.split())
    for below in command.subcommands:
        assert below.summary in one_line, f"the list of {command.name} cuts this"
    for line in examples(command):
        assert line in result.out, f"{command.name}: an example is broken over lines"


@EVERY
def test_help_on_a_terminal_shows_flags_in_panels_that_fit(command: Command, bare: Runner) -> None:
    result = bare(*command.path[1:], "-h", stdout_tty=True, env={"TERM": "xterm", "NO_COLOR": "1"})
    assert (result.code, result.err) == (0, "")
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in result.out.splitlines()]
    assert [line for line in lines if len(line) > COLUMNS] == []
    # A group that runs one of its commands takes its flags, and leaves them to that command's help.
    flags = () if command.default else command.flags
    for panel in {flag.panel for flag in flags}:
        assert any(line.startswith(f"╭─ {panel} ─") for line in lines), panel
    for line in examples(command):
        assert any(line in shown for shown in lines), f"{command.name}: an example is broken over lines"
