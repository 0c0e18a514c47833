"""Help texts and choices with characters that are special in a shell are shown and completed unchanged."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nebius_cli.command_tree.commands_as_data import Command
from nebius_cli.shell_completion import bash, fish, zsh
from tests.shell_completion.shells import COMPLETIONS, DESCRIBING, SCRIPTS, shell
from tests.shell_completion.special_characters_tree import HELP, TREE

MAKERS: dict[str, Callable[[Command], str]] = {"bash": bash.script, "zsh": zsh.script, "fish": fish.script}

# Commands that check a script without running it.
CHECKS = {"bash": ("bash", "-n"), "zsh": ("zsh", "-n"), "fish": ("fish", "--no-execute")}

LINES = {
    "a choice with a colon": ("nbx two-words --kind a:b\tx", "<two-words><--kind><a:b><x>"),
    "a choice with an equals sign": ("nbx two-words --kind k\tx", "<two-words><--kind><k=v><x>"),
    "the part after an equals sign": ("nbx two-words --kind k=\tx", "<two-words><--kind><k=v><x>"),
    "a choice after =": ("nbx two-words --kind=m\tx", "<two-words><--kind=m@n><x>"),
    "a choice with a colon after =": ("nbx two-words --kind=a:c\tx", "<two-words><--kind=a:c><x>"),
    "a choice with a percent sign": ("nbx two-words --kind 5\tx", "<two-words><--kind><50%><x>"),
    "a command of two words": ("nbx two\t", "<two-words>"),
    "an operand's choice": ("nbx two-words fi\tx", "<two-words><first:1><x>"),
    "the next operand's file": ("nbx two-words second onl\t", "<two-words><second><only one.txt>"),
    "a later operand's file": ("nbx two-words second x onl\t", "<two-words><second><x><only one.txt>"),
    "an operand after --": ("nbx two-words -- sec\tx", "<two-words><--><second><x>"),
    "a folder": ("nbx plain --into sub\tx", "<plain><--into><sub folder/x>"),
    "an operand's folder": ("nbx plain sub\tx", "<plain><sub folder/x>"),
    "no file for a folder": ("nbx plain --into onl\t", "<plain><--into><onl>"),
}


@pytest.fixture
def script(name: str, tmp_path: Path) -> Path:
    """The script for a tree with special characters everywhere."""
    path = tmp_path / SCRIPTS[name]
    path.write_text(MAKERS[name](TREE), "utf-8")
    return path


def test_special_characters_are_completed_unchanged(name: str, script: Path, tmp_path: Path) -> None:
    with shell(name, tmp_path, script) as running:
        given = {case: running.given(keys) for case, (keys, _) in LINES.items()}
    assert given == {case: words for case, (_, words) in LINES.items()}


@pytest.mark.parametrize(
    ("keys", "words"),
    [("nbx two-words --\t\t", ("--kind", "--into")), ("nbx \t\t", ("two-words", "plain"))],
    ids=["flags", "summaries"],
)
def test_special_characters_in_help_are_shown_unchanged(
    name: str, script: Path, tmp_path: Path, keys: str, words: tuple[str, ...]
) -> None:
    with shell(name, tmp_path, script) as running:
        shown = running.listed(keys, *words)
    described = [f"{HELP} {word}" in shown for word in words]
    assert described == [name in DESCRIBING] * 2


def test_each_script_passes_the_syntax_check_of_its_shell(name: str, script: Path) -> None:
    for path in (script, COMPLETIONS / SCRIPTS[name]):
        done = subprocess.run([*CHECKS[name], str(path)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_shellcheck_reports_no_problems_in_the_bash_script() -> None:
    if shutil.which("shellcheck"):
        path = COMPLETIONS / "nbx.bash"
        done = subprocess.run(["shellcheck", str(path)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")
