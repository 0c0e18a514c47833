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
    """Make programs of a name and a shell script, in one directory."""

    def make(name: str, script: str = "") -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return make


def test_visual_beats_editor_and_both_beat_the_usual_ones() -> None:
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
def test_the_words_are_those_of_a_shell_and_no_shell_reads_them(text: str, words: list[str]) -> None:
    assert editor.choose({"EDITOR": text}, terminal=True) == words


def test_a_path_with_blanks_needs_no_quotes(program: Callable[[str, str], Path]) -> None:
    path = program("my editor", "")
    assert editor.choose({"EDITOR": str(path)}, terminal=True) == [str(path)]


def test_words_that_do_not_end_are_reported() -> None:
    with pytest.raises(ConfigError) as caught:
        editor.choose({"VISUAL": "x 'y"}, terminal=True)
    assert (caught.value.what, caught.value.why) == ("VISUAL=x 'y", "no closing quotation")


def test_without_a_variable_a_usual_one_is_taken_and_needs_a_terminal(
    program: Callable[[str, str], Path],
) -> None:
    folder = program("vi", "").parent
    environ = {"PATH": str(folder)}
    assert editor.choose(environ, terminal=True) == [str(folder / "vi")]
    program("nano", "")
    assert editor.choose(environ, terminal=True) == [str(folder / "nano")]
    with pytest.raises(ConfigError, match="no terminal"):
        editor.choose(environ, terminal=False)


def test_where_there_is_none_the_way_out_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        editor.choose({"PATH": str(tmp_path)}, terminal=True)
    assert (caught.value.what, caught.value.hint) == ("no editor found", editor.HINT)


def test_the_file_is_the_last_word(program: Callable[[str, str], Path], tmp_path: Path) -> None:
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


def test_one_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        editor.run([str(tmp_path / "none")], tmp_path / "x", os.environ)
    assert caught.value.what == f"cannot start the editor {tmp_path / 'none'}"
    assert caught.value.why == "No such file or directory"


def test_ctrl_c_is_the_editors_own(program: Callable[[str, str], Path], tmp_path: Path) -> None:
    # The editor dies of its own SIGINT, so it was not made deaf; nbx, to which it is sent first, goes on.
    path = program("e", f"kill -INT {os.getpid()}; kill -INT $$; sleep 60")
    assert threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ConfigError, match="failed") as caught:
        editor.run([str(path)], tmp_path / "x", os.environ)
    assert caught.value.why == "signal 2"
    assert signal.getsignal(signal.SIGINT) == before
