"""`nbx config edit` on a terminal, which it passes to the editor."""

import os
from pathlib import Path

from tests.sessions.conftest import Open
from tests.support.run import Runner


def make_editor(path: Path, script: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_editor_gets_the_terminal(terminal: Open, bare: Runner, tmp_path: Path) -> None:
    program = make_editor(tmp_path / "e", "test -t 0 && test -t 1 && echo 'n = 2' > \"$1\"")
    screen = terminal("config", "edit", env={**bare.environ, "EDITOR": str(program)})
    assert screen.end() == 0
    assert bare.config_path.read_text() == "n = 2\n"


def test_a_default_editor_is_used_if_none_is_set(terminal: Open, bare: Runner, tmp_path: Path) -> None:
    folder = make_editor(tmp_path / "bin" / "sensible-editor", "echo 'n = 3' > \"$1\"").parent
    screen = terminal("config", "edit", env={**bare.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
    assert screen.end() == 0
    assert bare.config_path.read_text() == "n = 3\n"
