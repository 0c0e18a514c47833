"""The user's editor: which one is started, and how."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.system import editor


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str, str], Path]:
    """Return a function that creates shell scripts in one directory."""

    def make(name: str, script: str = "") -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return make


def test_visual_takes_precedence_over_editor() -> None:
    environ = {"VISUAL": "v", "EDITOR": "e"}
    assert editor.choose(environ, terminal=True) == ["v"]
    assert editor.choose({**environ, "VISUAL": " "}, terminal=False) == ["e"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("code --wait", ["code", "--wait"]),
        ("'my editor' -x", ["my editor", "-x"]),
        ("e $HOME;x", ["e", "$HOME;x"]),
    ],
)
def test_the_command_is_split_as_a_shell_would_but_not_run_by_a_shell(text: str, words: list[str]) -> None:
    assert editor.choose({"EDITOR": text}, terminal=True) == words


def test_the_path_of_a_program_may_contain_spaces_without_quotes(program: Callable[[str, str], Path]) -> None:
    path = program("my editor", "")
    assert editor.choose({"EDITOR": str(path)}, terminal=True) == [str(path)]


def test_a_missing_closing_quotation_mark_is_reported() -> None:
    with pytest.raises(ConfigError) as caught:
        editor.choose({"VISUAL": "x 'y"}, terminal=True)
    assert (caught.value.what, caught.value.why) == ("VISUAL=x 'y", "no closing quotation")


def test_without_a_variable_a_default_editor_is_used_and_needs_a_terminal(
    program: Callable[[str, str], Path],
) -> None:
    folder = program("vi", "").parent
    environ = {"PATH": str(folder)}
    assert editor.choose(environ, terminal=True) == [str(folder / "vi")]
    program("nano", "")
    assert editor.choose(environ, terminal=True) == [str(folder / "nano")]
    with pytest.raises(ConfigError, match="not a terminal"):
        editor.choose(environ, terminal=False)


def test_a_missing_editor_is_reported_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        editor.choose({"PATH": str(tmp_path)}, terminal=True)
    assert (caught.value.what, caught.value.hint) == ("no editor found", editor.HINT)


def test_the_file_is_the_last_argument(program: Callable[[str, str], Path], tmp_path: Path) -> None:
    path = program("e", 'echo "$1" > "$2"')
    editor.run([str(path), "a b"], tmp_path / "a file", os.environ)
    assert (tmp_path / "a file").read_text() == "a b\n"


@pytest.mark.parametrize(
    ("script", "why"), [("exit 3", "exit code 3"), ("kill -9 $$", "signal 9")], ids=["code", "signal"]
)
def test_an_editor_that_fails_is_reported(
    program: Callable[[str, str], Path], tmp_path: Path, script: str, why: str
) -> None:
    path = program("e", script)
    with pytest.raises(ConfigError) as caught:
        editor.run([str(path)], tmp_path / "x", os.environ)
    assert (caught.value.what, caught.value.why) == (f"the editor {path} failed", why)


def test_an_editor_that_cannot_be_started_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        editor.run([str(tmp_path / "none")], tmp_path / "x", os.environ)
    assert caught.value.what == f"cannot start the editor {tmp_path / 'none'}"
    assert caught.value.why == "No such file or directory"


def test_ctrl_c_ends_the_editor_but_not_nbx(program: Callable[[str, str], Path], tmp_path: Path) -> None:
    # nbx receives SIGINT first, and continues; the editor dies of SIGINT, so it does not ignore the signal.
    path = program("e", f"kill -INT {os.getpid()}; kill -INT $$; sleep 60")
    assert threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ConfigError, match="failed") as caught:
        editor.run([str(path)], tmp_path / "x", os.environ)
    assert caught.value.why == "signal 2"
    assert signal.getsignal(signal.SIGINT) == before
