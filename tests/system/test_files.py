"""Files read whole, and files that appear whole or not at all."""

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nebius_cli.core.errors import OutputError, ReaderGone, UsageError
from nebius_cli.system import files
from nebius_cli.system.files import OutputFile, read_bytes, write_atomically


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_read_to_the_byte(folder: Path) -> None:
    (folder / "x").write_bytes(b"\xff\0\r\n")
    assert read_bytes(str(folder / "x")) == b"\xff\0\r\n"


@pytest.mark.parametrize(("name", "why"), [("nothing", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_a_usage_error(folder: Path, name: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_bytes(str(folder / name))
    assert caught.value.why == why


def test_an_argument_is_given_back_as_the_system_had_it() -> None:
    assert files.encode_argument("é\udcff") == b"\xc3\xa9\xff"


def test_an_atomic_write_makes_its_folder_and_keeps_others_out(folder: Path) -> None:
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


def test_an_atomic_write_never_replaces_a_pipe_that_a_link_leads_to(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "x").symlink_to(folder / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        write_atomically(folder / "x", b"new", mode=0o600)
    assert stat.S_ISFIFO((folder / "pipe").lstat().st_mode)
    assert names(folder) == ["pipe", "x"]


def test_an_answer_grows_beside_its_place_and_appears_whole(folder: Path) -> None:
    path = folder / "x"
    path.write_bytes(b"old")
    path.chmod(0o640)
    output = OutputFile(str(path))
    output.write(b"a")
    output.write(b"b")
    [beside] = {*folder.iterdir()} - {path}  # its name is random
    assert (path.read_bytes(), beside.read_bytes()) == (b"old", b"ab")
    output.finish()
    assert (path.read_bytes(), mode_of(path), names(folder)) == (b"ab", 0o640, ["x"])


def test_an_answer_that_is_cut_stays_partial(folder: Path) -> None:
    output = OutputFile(str(folder / "x"))
    output.write(b"a")
    assert output.abandon() == folder / "x.partial"
    assert {name: (folder / name).read_bytes() for name in names(folder)} == {"x.partial": b"a"}


def test_an_answer_of_which_nothing_came_leaves_nothing(folder: Path) -> None:
    assert OutputFile(str(folder / "x")).abandon() is None
    assert names(folder) == []


@pytest.mark.parametrize(("room", "left"), [(1000, ["x.partial"]), (0, [])])
def test_what_a_full_disk_took_is_kept_and_nothing_where_it_took_nothing(
    folder: Path, room: int, left: list[str]
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    output = OutputFile(str(folder / "x"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(OutputError, match="cannot write"):
            output.write(b"a" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert output.abandon() == (folder / "x.partial" if left else None)
    assert {name: (folder / name).stat().st_size for name in names(folder)} == dict.fromkeys(left, room)


def test_an_answer_keeps_a_symlink_and_replaces_its_target(folder: Path) -> None:
    (folder / "far").mkdir()
    link, target = folder / "x", folder / "far" / "y"
    link.symlink_to(target)
    output = OutputFile(str(link))
    output.write(b"a")
    output.finish()
    assert (link.is_symlink(), target.read_bytes(), names(folder / "far")) == (True, b"a", ["y"])


@pytest.mark.parametrize("path", ["{folder}/no/x", "{folder}", "{folder}/" + "x" * 300, "{folder}/f/x"])
def test_an_answer_that_cannot_be_kept_is_an_output_error(folder: Path, path: str) -> None:
    (folder / "f").write_text("a file")
    with pytest.raises(OutputError, match="cannot write"):
        OutputFile(path.format(folder=folder))


def test_a_full_disk_is_an_output_error() -> None:
    output = OutputFile("/dev/full")
    with pytest.raises(OutputError) as caught:
        output.write(b"a")
    assert caught.value.why == "No space left on device"
    output.abandon()


def test_a_pipe_is_written_directly(folder: Path) -> None:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    output = OutputFile(str(pipe))
    output.write(b"a")
    assert os.read(reader, 10) == b"a"
    output.finish()
    os.close(reader)
    assert names(folder) == ["pipe"]


def test_a_pipe_that_nobody_reads_any_more_is_no_error_of_ours(folder: Path) -> None:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    output = OutputFile(str(pipe))
    os.close(reader)
    with pytest.raises(ReaderGone):
        output.write(b"a")
    assert output.abandon() is None


SCRIPT = "from nebius_cli.system.files import OutputFile as O; o = O('{}'); o.write(b'answer\\n'); o.finish()"


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_the_names_of_open_files_add_to_them(folder: Path, name: str) -> None:
    script = f'echo before; "{sys.executable}" -c "{SCRIPT.format(name)}"; echo after'
    piped = subprocess.run(["sh", "-c", script], capture_output=True, check=True, timeout=60)
    assert piped.stdout == b"before\nanswer\nafter\n"
    with (folder / "log").open("ab") as log:
        subprocess.run(["sh", "-c", script], stdout=log, check=True, timeout=60)
    assert (folder / "log").read_bytes() == b"before\nanswer\nafter\n"
    assert names(folder) == ["log"]
