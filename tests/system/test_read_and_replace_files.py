"""Reading files, and writing files that appear complete or not at all."""

import os
import stat
from pathlib import Path

import pytest

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.system import read_and_replace_files
from nebius_cli.system.read_and_replace_files import read_bytes, write_atomically
from tests.support.folder import mode_of, names


def test_a_file_is_read_byte_for_byte(folder: Path) -> None:
    (folder / "x").write_bytes(b"\xff\0\r\n")
    assert read_bytes(str(folder / "x")) == b"\xff\0\r\n"


@pytest.mark.parametrize(("name", "why"), [("nothing", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_a_usage_error(folder: Path, name: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_bytes(str(folder / name))
    assert caught.value.why == why


def test_an_argument_is_encoded_to_its_original_bytes() -> None:
    assert read_and_replace_files.encode_argument("é\udcff") == b"\xc3\xa9\xff"


def test_an_atomic_write_creates_its_folder_and_both_are_private(folder: Path) -> None:
    path = folder / "new" / "config.toml"
    write_atomically(path, b"one", mode=0o600)
    assert (path.read_bytes(), mode_of(path), mode_of(path.parent)) == (b"one", 0o600, 0o700)
    path.chmod(0o644)
    write_atomically(path, b"two", mode=0o600)
    assert (path.read_bytes(), mode_of(path), names(path.parent)) == (b"two", 0o600, ["config.toml"])


def test_an_atomic_write_that_fails_leaves_the_old_file_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "config.toml"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new", mode=0o600)
    assert (path.read_bytes(), names(folder)) == (b"old", ["config.toml"])


def test_an_atomic_write_keeps_a_symlink(folder: Path) -> None:
    (folder / "dotfiles").mkdir()
    link, target = folder / "config.toml", folder / "dotfiles" / "nbx.toml"
    link.symlink_to(target)
    write_atomically(link, b"one", mode=0o600)
    assert (link.is_symlink(), target.read_bytes()) == (True, b"one")


def test_an_atomic_write_never_replaces_a_pipe_behind_a_symlink(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "x").symlink_to(folder / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        write_atomically(folder / "x", b"new", mode=0o600)
    assert stat.S_ISFIFO((folder / "pipe").lstat().st_mode)
    assert names(folder) == ["pipe", "x"]
