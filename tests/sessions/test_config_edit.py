"""`nbx config edit` on a terminal, which the editor gets."""

import os
from pathlib import Path

from tests.sessions.conftest import Open
from tests.support.run import Runner


def editor_that(path: Path, script: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_terminal_is_handed_to_the_editor(terminal: Open, bare: Runner, tmp_path: Path) -> None:
    program = editor_that(tmp_path / "e", "test -t 0 && test -t 1 && echo 'n = 2' > \"$1\"")
    screen = terminal("config", "edit", env={**bare.environ, "EDITOR": str(program)})
    assert screen.end() == 0
    assert bare.config_path.read_text() == "n = 2\n"


def test_a_usual_editor_is_found_where_none_is_set(terminal: Open, bare: Runner, tmp_path: Path) -> None:
    folder = editor_that(tmp_path / "bin" / "sensible-editor", "echo 'n = 3' > \"$1\"").parent
    screen = terminal("config", "edit", env={**bare.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
    assert screen.end() == 0
    assert bare.config_path.read_text() == "n = 3\n"
