"""`python -m nebius_cli.gen`, on this repository and on a small copy of it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nebius_cli.gen import man
from nebius_cli.gen.__main__ import ARCHITECTURE, SCRIPTS, command_tree, run
from nebius_cli.gen.markdown_tables import TARGETS

ROOT = Path(__file__).parents[2]
PAGES = list(man.pages(command_tree()))
GENERATED = [*SCRIPTS, *PAGES, *dict(TARGETS), ARCHITECTURE]


def spoil(path: Path) -> None:
    """Change a generated part of a file."""
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("Sampling temperature", "Warmth")
        .replace("commands='", "commands='x ")
        .replace(".SH NAME", ".SH Name")
        .replace("Purpose", "Why")
        .replace("a bug in nbx", "a mistake in nbx")
        .replace("| Stop sequences |", "| Stops |"),
        "utf-8",
    )
    assert path.read_text("utf-8") != text


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A repository with only the generated files, all up to date."""
    for name in ["pyproject.toml", *GENERATED]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_committed_files_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["--check"], ROOT)
    assert (code, capsys.readouterr().err) == (0, "")


def test_each_stale_file_is_reported_with_a_hint(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in GENERATED:
        spoil(copy / path)
    assert run(["--check"], copy) == 1
    *stale, hint = capsys.readouterr().err.splitlines()
    assert sorted(stale) == sorted(f"{path}: stale" for path in GENERATED)
    assert hint == "to update them, run python -m nebius_cli.gen --write"


def test_write_updates_stale_and_missing_files_and_lists_them(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(copy / "completions")
    readme = (copy / "README.md").read_text("utf-8")
    spoil(copy / "README.md")
    assert run(["--write"], copy / "docs") == 0
    written = [f"{path}: written" for path in [*SCRIPTS, "README.md"]]
    assert capsys.readouterr().err.splitlines() == written
    assert (copy / "README.md").read_text("utf-8") == readme
    assert run(["--check"], copy) == 0


def test_the_page_of_a_removed_command_is_deleted(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = copy / man.FOLDER / "nbx-gone.1"
    gone.write_text(".TH NBX-GONE 1\n", "utf-8")
    assert run(["--check"], copy) == 1
    assert capsys.readouterr().err.startswith(f"{man.FOLDER}/nbx-gone.1: no such command\n")
    assert run(["--write"], copy) == 0
    assert capsys.readouterr().err == f"{man.FOLDER}/nbx-gone.1: removed\n"
    assert not gone.exists()


def test_write_does_not_touch_files_that_are_up_to_date(copy: Path) -> None:
    before = {path: (copy / path).stat().st_mtime_ns for path in GENERATED}
    assert run(["--write"], copy) == 0
    assert {path: (copy / path).stat().st_mtime_ns for path in GENERATED} == before


@pytest.mark.parametrize("action", ["--check", "--write"])
def test_a_file_without_its_markers_is_reported(
    action: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "README.md").write_text("# nbx\n", "utf-8")
    assert run([action], copy) == 1
    error = capsys.readouterr().err
    assert error.startswith("nebius_cli.gen: README.md must contain the markers <!-- nbx:exit-codes -->")


def test_a_missing_hand_written_file_is_reported(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "docs" / "reference.md").unlink()
    assert run(["--write"], copy) == 1
    assert "docs/reference.md is missing" in capsys.readouterr().err


def test_running_outside_the_repository_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text('name = "another"\n', "utf-8")
    assert run(["--check"], tmp_path) == 1
    assert f"{tmp_path} is not inside the repository" in capsys.readouterr().err


def test_the_program_ends_with_an_exit_code_and_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nebius_cli.gen", "--check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("nebius_cli.gen: ")
    assert len(done.stderr.splitlines()) == 1
