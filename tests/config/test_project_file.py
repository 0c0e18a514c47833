"""The project file: where nbx looks for it, and which files it refuses."""

import os
from pathlib import Path

import pytest

from nebius_cli.config import project_file
from nebius_cli.core.errors_and_exit_codes import ConfigError

NAME = ".nbx.toml"


@pytest.fixture
def inner(tmp_path: Path) -> Path:
    """A directory well below the home directory of the test."""
    folder = tmp_path / "home" / "work" / "deep"
    folder.mkdir(parents=True)
    return folder


def test_the_nearest_file_is_used(inner: Path) -> None:
    home = inner.parent.parent
    assert project_file.find(inner, home) is None
    for folder in (home, inner.parent, inner):
        (folder / NAME).touch()
        assert project_file.find(inner, home) == folder / NAME


def test_the_search_ends_at_the_home_directory(inner: Path, tmp_path: Path) -> None:
    (tmp_path / NAME).touch()
    home = inner.parent.parent
    assert project_file.find(inner, home) is None
    assert project_file.find(tmp_path, home) == tmp_path / NAME
    assert project_file.find(inner, None) == tmp_path / NAME


def test_a_dangling_symlink_is_found(inner: Path) -> None:
    (inner / NAME).symlink_to("/no/such/file")
    assert project_file.find(inner, None) == inner / NAME


def test_the_search_starts_in_the_current_directory(inner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inner)
    assert project_file.read({"HOME": str(inner.parent.parent)}) is None
    (inner / NAME).write_text("n = 2\n")
    for environ in ({}, {"HOME": "/nonexistent"}, {"USERPROFILE": str(inner)}):
        source = project_file.read(environ)
        assert source is not None
        assert (source.path, source.table) == (str(inner / NAME), {"n": 2})


def test_a_home_that_is_a_symlink_also_ends_the_search(inner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = inner.parent.parent
    (home.parent / NAME).touch()
    link = home.parent / "link"
    link.symlink_to(home)
    monkeypatch.chdir(inner)
    assert project_file.read({"HOME": str(link)}) is None


def test_a_deleted_directory_has_no_project_file(inner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inner)
    inner.rmdir()
    assert project_file.read({}) is None


def test_invalid_toml_is_reported_with_its_line(inner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inner)
    (inner / NAME).write_text("n = 2\nx\n")
    with pytest.raises(ConfigError) as caught:
        project_file.read({})
    assert caught.value.what == f"{inner / NAME}:2:2: not valid TOML"


def test_a_file_that_another_user_may_have_planted_is_refused(
    inner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(inner)
    (inner / NAME).touch()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)  # nbx runs as another user
    owned_by_root = (inner / NAME).stat().st_uid == 0
    inner.chmod(0o755)
    assert project_file.read({}) is not None
    inner.chmod(0o1777)
    if owned_by_root:  # the tests run as root, whose files are always trusted
        assert not project_file.is_untrusted(inner / NAME)
        os.chown(inner / NAME, 54321, 54321)
    with pytest.raises(ConfigError) as caught:
        project_file.read({})
    assert caught.value.what == f"{inner / NAME} is not trusted"
