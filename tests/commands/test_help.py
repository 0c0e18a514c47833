"""The help of every command: its examples, flags and layout."""

import re
from pathlib import Path

import pytest

from nebius_cli.command_tree.commands_as_data import Command
from nebius_cli.config.settings_table import SETTINGS
from nebius_cli.gen.__main__ import command_tree
from tests.support.bash_arguments import given
from tests.support.run import Runner

COMMANDS = {command.name: command for command in command_tree().walk()}
EVERY = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
COLUMNS = 80


@pytest.fixture(autouse=True)
def usual_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the width that the help reads from the environment."""
    monkeypatch.setenv("COLUMNS", str(COLUMNS))


def examples(command: Command) -> list[str]:
    """Return the lines of the paragraph that follows the summary."""
    _, first, *_ = [*command.help.split("\n\n"), ""]
    title, *lines = first.removeprefix("\b\n").split("\n")
    assert title == "Examples:", f"{command.name}: examples come first"
    return [line.strip() for line in lines]


@EVERY
def test_examples_come_first_and_each_is_a_valid_command_line(
    command: Command, tmp_path: Path, bare: Runner
) -> None:
    lines = examples(command)
    runs = given("\n".join(lines), tmp_path)
    assert len(runs) >= len(lines)
    for words in runs:
        result = bare(*words, "--help")  # shown only if every flag before it is valid
        assert (result.code, result.err) == (0, ""), words
    above = COMMANDS.get(" ".join(command.path[:-1]))
    # The default command of a group is typed without its name.
    own = list(command.path[1:-1] if above and above.default == command.path[-1] else command.path[1:])
    assert any(words[: len(own)] == own for words in runs), "no example is of the command itself"


@EVERY
def test_all_help_texts_are_complete_sentences(command: Command) -> None:
    assert len(command.summary) <= COLUMNS
    texts = [command.summary, *(flag.help for flag in command.flags), *(a.help for a in command.arguments)]
    for text in texts:
        assert text.endswith("."), text
        assert not text[0].islower() or text.startswith("nbx"), text


@EVERY
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_in_a_pipe_fits_and_truncates_nothing(command: Command, flag: str, bare: Runner) -> None:
    result = bare(*command.path[1:], flag)
    assert (result.code, result.err) == (0, "")
    assert [line for line in result.out.splitlines() if len(line) > COLUMNS] == []
    one_line = " ".join(result.out.split())
    for below in command.subcommands:
        assert below.summary in one_line, f"the list of {command.name} cuts this"
    for line in examples(command):
        assert line in result.out, f"{command.name}: an example is broken over lines"


@EVERY
def test_help_on_a_terminal_is_the_same_with_bold_headings(command: Command, bare: Runner) -> None:
    piped = bare(*command.path[1:], "-h")
    shown = bare(*command.path[1:], "-h", stdout_tty=True, env={"TERM": "xterm"})
    assert (shown.code, shown.err) == (0, "")
    assert "\x1b[1mExamples:\x1b[0m" in shown.out
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown.out) == piped.out


@EVERY
def test_help_names_every_flag_under_its_group(command: Command, bare: Runner) -> None:
    described = bare(*command.path[1:], "--help-all" if "--help-all" in names_of(command) else "-h").out
    # A group with a default command also accepts its flags, which only the help of that command describes.
    for flag in () if command.default else command.flags:
        assert f"\n{flag.panel}:\n" in described
        for name in (*flag.names, *flag.negations):
            assert re.search(rf"(?<!\S){name}\b", described), name
        assert flag.help in " ".join(described.split()), flag.long


def names_of(command: Command) -> set[str]:
    """Return the long names of a command's flags."""
    return {flag.long for flag in command.flags}


@pytest.mark.parametrize("words", [["complete"], ["bulk", "run"]], ids=" ".join)
def test_help_with_many_flags_describes_ten_everyday_flags_and_lists_the_others(
    words: list[str], bare: Runner
) -> None:
    command = COMMANDS[" ".join(["nbx", *words])]
    result = bare(*words, "--help").out
    everyday = result.partition("\nCommon flags:\n")[2].partition("\n\n")[0].splitlines()
    assert len(everyday) == 10, "ten flags, a line each"
    listed = result.partition("\nOther flags (")[2]
    for flag in command.flags:
        shown = sum(flag.long in line.replace(",", " ").split() for line in everyday)
        assert shown + bool(re.search(rf"{flag.long}\b", listed)) >= 1, flag.long


def test_the_help_of_connection_flags_names_their_defaults() -> None:
    flags = {flag.long: flag.help for flag in COMMANDS["nbx complete"].flags}
    defaults = {s.field.flag: s.default for s in SETTINGS if s.field.panel == "Connection" and s.default}
    assert {"--retries", "--base-url", "--stall-timeout"} <= set(defaults)
    for flag, default in defaults.items():
        assert flags[flag].endswith(f". Default {default}."), flag


def test_the_help_of_complete_fits_two_screens(bare: Runner) -> None:
    assert len(bare("complete", "--help").out.splitlines()) <= 2 * 24


@EVERY
def test_in_40_columns_help_breaks_lines_between_words(command: Command, bare: Runner) -> None:
    for line in bare(*command.path[1:], "-h", env={"COLUMNS": "40"}).out.splitlines():
        words = line.removesuffix(" \\").split()
        quoted = re.search(r"""["'].*["']""", line)
        assert len(line) <= 40 or len(words) == 1 or quoted, line
