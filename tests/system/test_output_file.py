"""The file of -o: it appears complete or not at all, and text received so far is kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nebius_cli.core.errors_and_exit_codes import OutputError, ReaderGone
from nebius_cli.system.output_file import OutputFile
from tests.support.folder import disk_of, mode_of, names


def test_an_answer_is_written_to_a_temporary_file_and_then_renamed(folder: Path) -> None:
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


def test_an_incomplete_answer_is_kept_in_a_partial_file(folder: Path) -> None:
    output = OutputFile(str(folder / "x"))
    output.write(b"a")
    assert output.abandon() == folder / "x.partial"
    assert {name: (folder / name).read_bytes() for name in names(folder)} == {"x.partial": b"a"}


def test_an_empty_answer_leaves_no_file(folder: Path) -> None:
    assert OutputFile(str(folder / "x")).abandon() is None
    assert names(folder) == []


@pytest.mark.parametrize(("room", "left"), [(1000, ["x.partial"]), (0, [])])
def test_text_written_before_the_disk_was_full_is_kept(folder: Path, room: int, left: list[str]) -> None:
    output = OutputFile(str(folder / "x"))
    with disk_of(room), pytest.raises(OutputError, match="cannot write"):
        output.write(b"a" * 2000)
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
def test_a_path_that_cannot_be_written_is_an_output_error(folder: Path, path: str) -> None:
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


def test_writing_to_a_pipe_without_a_reader_raises_reader_gone(folder: Path) -> None:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    output = OutputFile(str(pipe))
    os.close(reader)
    with pytest.raises(ReaderGone):
        output.write(b"a")
    assert output.abandon() is None


SCRIPT = (
    "from nebius_cli.system.output_file import OutputFile as O;o = O('{}'); o.write(b'answer\\n'); o.finish()"
)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_paths_of_open_files_such_as_dev_stdout_are_appended_to(folder: Path, name: str) -> None:
    script = f'echo before; "{sys.executable}" -c "{SCRIPT.format(name)}"; echo after'
    piped = subprocess.run(["sh", "-c", script], capture_output=True, check=True, timeout=60)
    assert piped.stdout == b"before\nanswer\nafter\n"
    with (folder / "log").open("ab") as log:
        subprocess.run(["sh", "-c", script], stdout=log, check=True, timeout=60)
    assert (folder / "log").read_bytes() == b"before\nanswer\nafter\n"
    assert names(folder) == ["log"]
