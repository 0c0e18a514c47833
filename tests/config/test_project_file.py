"""The project file: where it is looked for."""

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


def test_the_nearest_file_counts(inner: Path) -> None:
    home = inner.parent.parent
    assert project_file.find(inner, home) is None
    for folder in (home, inner.parent, inner):
        (folder / NAME).touch()
        assert project_file.find(inner, home) == folder / NAME


def test_the_home_directory_is_the_last_that_is_looked_into(inner: Path, tmp_path: Path) -> None:
    (tmp_path / NAME).touch()
    home = inner.parent.parent
    assert project_file.find(inner, home) is None
    assert project_file.find(tmp_path, home) == tmp_path / NAME
    assert project_file.find(inner, None) == tmp_path / NAME


def test_a_link_to_nothing_is_a_file_that_cannot_be_read(inner: Path) -> None:
    (inner / NAME).symlink_to("/no/such/file")
    assert project_file.find(inner, None) == inner / NAME


def test_it_is_read_from_the_directory_of_the_run(inner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inner)
    assert project_file.read({"HOME": str(inner.parent.parent)}) is None
    (inner / NAME).write_text("n = 2\n")
    for environ in ({}, {"HOME": "/nonexistent"}, {"USERPROFILE": str(inner)}):
        source = project_file.read(environ)
        assert source is not None
        assert (source.path, source.table) == (str(inner / NAME), {"n": 2})


def test_a_home_that_is_a_link_is_the_same_home(inner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = inner.parent.parent
    (home.parent / NAME).touch()
    link = home.parent / "link"
    link.symlink_to(home)
    monkeypatch.chdir(inner)
    assert project_file.read({"HOME": str(link)}) is None


def test_a_directory_that_is_gone_has_none(inner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inner)
    inner.rmdir()
    assert project_file.read({}) is None


def test_one_with_a_mistake_is_reported_with_its_line(inner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inner)
    (inner / NAME).write_text("n = 2\nx\n")
    with pytest.raises(ConfigError) as caught:
        project_file.read({})
    assert caught.value.what == f"{inner / NAME}:2:2: not valid TOML"


def test_a_file_that_anybody_could_have_put_there_is_not_read(
    inner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(inner)
    (inner / NAME).touch()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)  # somebody else runs nbx
    owned_by_root = (inner / NAME).stat().st_uid == 0
    inner.chmod(0o755)
    assert project_file.read({}) is not None
    inner.chmod(0o1777)
    if owned_by_root:  # the tests run as root, whose files are nobody's trick
        assert not project_file.is_planted(inner / NAME)
        os.chown(inner / NAME, 54321, 54321)
    with pytest.raises(ConfigError) as caught:
        project_file.read({})
    assert caught.value.what == f"{inner / NAME} is not trusted"
