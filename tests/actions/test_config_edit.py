"""`nbx config edit`: the editor works on a draft, which replaces the file if it is valid."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nebius_cli.actions.config import TEMPLATE
from tests.support.run import Runner

NOTHING = "nbx: nothing changed; if your editor returns at once, add its wait flag, as in 'code --wait'\n"

Editor = Callable[[str], dict[str, str]]


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    """Return a function that makes a shell script the editor; $1 is the file to edit."""

    def make(script: str) -> dict[str, str]:
        program = tmp_path / "editor"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return {"EDITOR": str(program)}

    return make


def files(path: Path) -> list[Path]:
    return sorted(path.parent.iterdir())


def test_a_valid_text_replaces_the_file(bare: Runner, path: Path, editor: Editor) -> None:
    bare.write_config("# mine\nn = 1\n")
    path.chmod(0o600)
    script = 'stat -c %a "$1" > mode; dirname "$1" >> mode; echo \'model = "m"\' >> "$1"'
    place = path.parent.parent
    result = bare("config", "edit", env=editor(f"cd {place}; {script}"))
    assert (result.code, result.out, result.err) == (0, "", f"nbx: saved {path}\n")
    assert path.read_text() == '# mine\nn = 1\nmodel = "m"\n'
    assert (place / "mode").read_text() == f"600\n{path.parent}\n"
    assert files(path) == [path]
    assert f"{path.stat().st_mode & 0o777:o}" == "600"


def test_a_new_file_begins_with_the_template(bare: Runner, path: Path, editor: Editor) -> None:
    assert bare("config", "edit", env=editor("echo 'n = 1' >> \"$1\"")).code == 0
    assert path.read_bytes() == TEMPLATE + b"n = 1\n"
    assert f"{path.stat().st_mode & 0o777:o}" == "600"


@pytest.mark.parametrize("old", [None, "n = 1\n", "broken"])
def test_an_unchanged_text_is_not_written(bare: Runner, path: Path, editor: Editor, old: str | None) -> None:
    if old is not None:
        bare.write_config(old)
    result = bare("config", "edit", env=editor("true"))
    assert (result.code, result.out, result.err) == (0, "", NOTHING)
    assert files(path) == ([path] if old is not None else [])


def test_an_invalid_text_is_reported_kept_as_a_draft_and_edited_again(
    bare: Runner, path: Path, editor: Editor
) -> None:
    bare.write_config("n = 1\n")
    wrong = "printf 'modle = 1\\nn = 0\\n[profile.w]\\ntop_p = 2\\n' > \"$1\""
    first = bare("config", "edit", env=editor(wrong))
    assert path.read_text() == "n = 1\n"
    (_, draft) = sorted(files(path), reverse=True)
    assert first.code == 78
    assert first.err == (
        f"nbx: {draft}:1: no setting 'modle'; did you mean model?\n"
        f"nbx: {draft}:2: n must be 1 or more\n"
        f"nbx: {draft}:4: top_p must be between 0 and 1\n"
        f"nbx: {path} is unchanged\n  the draft is kept in {draft}\n"
        "  nbx config edit continues with it; delete it to start over\n"
    )
    assert f"{draft.stat().st_mode & 0o777:o}" == "600"
    mend = 'sed -i -e s/modle/user/ -e "s/= 1/= \'u\'/" -e "s/= 0/= 2/" -e "s/= 2$/= 1/" "$1"'
    second = bare("config", "edit", env=editor(mend))
    assert second.err == (
        f"nbx: continuing with the draft {draft}; delete it to start over\nnbx: saved {path}\n"
    )
    assert path.read_text() == "user = 'u'\nn = 1\n[profile.w]\ntop_p = 1\n"
    assert files(path) == [path]


@pytest.mark.parametrize("end", [":", "exit 3", "kill -TERM $PPID; exec sleep 600"])
def test_a_draft_saved_by_renaming_is_readable_only_by_its_owner_and_logout_names_it(
    bare: Runner, path: Path, editor: Editor, end: str
) -> None:
    script = f'printf "n = 0\\napi_key = \\"k\\"\\n" > "$1~"; chmod 644 "$1~"; mv "$1~" "$1"; {end}'
    words = [sys.executable, "-m", "nebius_cli", "config", "edit"]
    run = subprocess.run(words, env=bare.process_env(editor(script)), capture_output=True, check=False)
    assert run.returncode in (78, 143)
    (draft,) = files(path)
    assert f"{draft.stat().st_mode & 0o777:o}" == "600"
    said = bare("auth", "logout").err
    assert f"{draft}, a draft of nbx config edit, may still contain a key: delete it" in said


@pytest.mark.parametrize("text", ["n = = 1", "\\377"])
def test_invalid_toml_is_kept_as_a_draft(bare: Runner, path: Path, editor: Editor, text: str) -> None:
    result = bare("config", "edit", env=editor(f"printf '{text}' > \"$1\""))
    (draft,) = files(path)
    assert result.code == 78
    assert result.err.splitlines()[0].startswith(f"nbx: {draft}:1:")


def test_a_file_that_is_not_valid_toml_can_be_corrected(bare: Runner, path: Path, editor: Editor) -> None:
    bare.write_config("n = = 1\n")
    assert bare("config", "edit", env=editor('sed -i "s/= =/=/" "$1"')).code == 0
    assert path.read_text() == "n = 1\n"


def test_changes_by_another_process_are_not_lost(bare: Runner, path: Path, editor: Editor) -> None:
    bare.write_config("n = 1\n")
    set_it = f"{sys.executable} -m nebius_cli config set model m"
    environ = editor(f"NBX_CONFIG_DIR={path.parent} {set_it}; echo 'n = 2' > \"$1\"")
    result = bare("config", "edit", env=environ)
    assert path.read_text() == 'n = 1\nmodel = "m"\n'
    (_, draft) = sorted(files(path), reverse=True)
    assert draft.read_text() == "n = 2\n"
    assert result.code == 78
    assert result.err == (
        f"nbx: {path} changed in the meantime\n  the draft is kept in {draft}\n"
        "  nbx config edit starts from the new file\n"
    )
    again = bare("config", "edit", env=editor('cat "$1" > seen; mv seen "$1"'))
    assert again.err == f"nbx: ignoring the older draft {draft}: the config file has changed since\n{NOTHING}"


@pytest.mark.parametrize(("script", "kept"), [("exit 3", False), ("echo x > $1; exit 3", True)])
def test_the_file_is_unchanged_if_the_editor_fails(
    bare: Runner, path: Path, editor: Editor, script: str, *, kept: bool
) -> None:
    bare.write_config("n = 1\n")
    environ = editor(script)
    result = bare("config", "edit", env=environ)
    lines = result.err.splitlines()
    assert (result.code, lines[:2]) == (78, [f"nbx: the editor {environ['EDITOR']} failed", "  exit code 3"])
    assert len(files(path)) == 1 + kept
    if kept:
        (_, draft) = sorted(files(path), reverse=True)
        assert lines[2] == f"  {path} is unchanged; the draft is kept in {draft}; delete it to start over"
        draft.unlink()
        assert bare("config", "edit", env=editor("true")).err == NOTHING
    assert path.read_text() == "n = 1\n"


def test_the_file_is_unchanged_if_the_editor_removes_the_draft(
    bare: Runner, path: Path, editor: Editor
) -> None:
    bare.write_config("n = 1\n")
    result = bare("config", "edit", env=editor('rm "$1"'))
    assert (result.code, path.read_text()) == (78, "n = 1\n")
    assert result.err.startswith("nbx: the draft no longer exists\n")


def test_without_an_editor_and_a_terminal_a_hint_says_what_to_do(bare: Runner, path: Path) -> None:
    result = bare("config", "edit", stdin=b"")
    assert (result.code, result.out) == (78, "")
    assert result.err == (
        "nbx: no editor is set, and stdin or stdout is not a terminal\n"
        "  set VISUAL or EDITOR to an editor, such as nano or 'code --wait'\n"
    )
    assert not path.parent.exists()


def test_a_killed_run_keeps_the_draft(bare: Runner, path: Path, editor: Editor) -> None:
    bare.write_config("n = 1\n")
    environ = editor("echo 'n = 2' > \"$1\"; echo ready; exec sleep 600")
    words = [sys.executable, "-m", "nebius_cli", "config", "edit"]
    with subprocess.Popen(
        words, env=bare.process_env(environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        second = bare("config", "edit", env=environ)
        assert (second.code, second.err.splitlines()[0]) == (78, f"nbx: {path} is being edited")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    (_, draft) = sorted(files(path), reverse=True)
    assert (process.returncode, err) == (143, f"nbx: stopped by SIGTERM; the draft is kept in {draft}\n")
    assert bare("config", "edit", env=editor("true")).code == 0
    assert path.read_text() == "n = 2\n"
