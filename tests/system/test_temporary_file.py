"""Temporary files beside their target: links are not followed, and killed runs are cleaned up after."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nebius_cli.system import temporary_file
from nebius_cli.system.output_file import OutputFile, replace_file
from nebius_cli.system.read_and_replace_files import write_atomically
from nebius_cli.system.temporary_file import ANSWER, COPY, TemporaryFile, partial_path, sibling
from tests.support.folder import names

WRITERS = {
    "answer": "from nebius_cli.system.output_file import OutputFile as O;"
    "o = O(sys.argv[1]); o.write(b'paid for')",
    "copy": "from nebius_cli.system.temporary_file import TemporaryFile as T; from pathlib import Path;"
    "t = T(Path(sys.argv[1]), 0o600); t.file.write(b'secret')",
}


def killed(kind: str, target: Path) -> None:
    """Start a process that writes beside a target, and kill it."""
    with writing(kind, target) as process:
        process.kill()


def writing(kind: str, target: Path) -> "subprocess.Popen[bytes]":
    script = f"import sys, time; {WRITERS[kind]}; print(flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", script, target], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"\n"
    return process


@pytest.mark.parametrize("length", [1, 200, 247, 248, 255])
@pytest.mark.parametrize("letter", ["x", "é", "\udcff"])
def test_a_file_name_of_any_allowed_length_can_be_written(folder: Path, letter: str, length: int) -> None:
    size = len(os.fsencode(letter))
    path = folder / (letter * (length // size) + "y" * (length % size))
    output = OutputFile(str(path))
    output.write(b"a")
    output.finish()
    write_atomically(path, b"b", mode=0o600)
    assert path.read_bytes() == b"b"
    cut = OutputFile(str(path))
    cut.write(b"half")
    kept = cut.abandon()
    assert kept is not None
    assert kept.read_bytes() == b"half"
    assert names(folder) == sorted([path.name, kept.name])


def test_two_long_names_get_different_partial_files() -> None:
    one, two = (partial_path(Path("d") / ("x" * 254 + end)) for end in "ab")
    assert one != two
    assert max(len(one.name), len(two.name)) <= temporary_file.MAX_NAME_BYTES
    assert partial_path(Path("d/short")) == Path("d/short.partial")


@pytest.mark.parametrize("planted", ["link", "dangling", "pipe", "folder"])
def test_a_link_pipe_or_folder_at_the_partial_path_is_not_written_to(folder: Path, planted: str) -> None:
    victim, partial = folder / "victim", folder / "x.partial"
    if planted == "pipe":
        os.mkfifo(partial)
    elif planted == "folder":
        partial.mkdir()
    else:
        partial.symlink_to(victim)
    if planted == "link":
        victim.write_bytes(b"mine")
    output = OutputFile(str(folder / "x"))
    output.write(b"half")
    kept = output.abandon()
    assert kept is not None
    assert kept.read_bytes() == b"half"
    assert not kept.is_symlink()
    assert (kept == partial) is (planted != "folder")
    assert victim.exists() is (planted == "link")
    assert not victim.exists() or victim.read_bytes() == b"mine"


def test_temporary_names_are_random_and_unique(folder: Path) -> None:
    made = [TemporaryFile(folder / "x", None) for _ in range(20)]
    assert len({file.path for file in made}) == 20
    for file in made:
        assert file.path.parent == folder
        file.discard()
    assert names(folder) == []


def test_a_copy_left_by_a_killed_run_is_removed_by_the_next_run(folder: Path) -> None:
    path = folder / "config.toml"
    killed("copy", path)
    assert [name.endswith(COPY) for name in names(folder)] == [True]
    write_atomically(path, b"new", mode=0o600)
    assert names(folder) == ["config.toml"]


def test_text_received_by_a_killed_run_is_kept_by_the_next_run(folder: Path) -> None:
    path = folder / "x"
    killed("answer", path)
    assert [name.endswith(ANSWER) for name in names(folder)] == [True]
    output = OutputFile(str(path))
    assert (folder / "x.partial").read_bytes() == b"paid for"
    output.abandon()
    assert names(folder) == ["x.partial"]


@pytest.mark.parametrize("kind", WRITERS)
def test_the_file_of_a_running_process_is_not_removed(folder: Path, kind: str) -> None:
    path = folder / "x"
    with writing(kind, path) as process:
        there = names(folder)
        temporary_file.remove_stale(path)
        assert names(folder) == there
        os.kill(process.pid, signal.SIGSTOP)  # a stopped process is not dead
        temporary_file.remove_stale(path)
        assert names(folder) == there
        process.kill()


def test_files_of_other_targets_and_other_programs_are_not_removed(folder: Path) -> None:
    for name in ("x.txt", f"x.short{COPY}", f"y.0123456789ab{COPY}", "x.partial", "notes"):
        (folder / name).write_bytes(b"mine")
    before = names(folder)
    os.mkfifo(folder / f"x.0123456789ab{COPY}")
    (folder / f"x.ba9876543210{COPY}").symlink_to(folder / "notes")
    temporary_file.remove_stale(folder / "x")
    assert set(before) <= set(names(folder))
    assert (folder / "notes").read_bytes() == b"mine"


def test_an_output_that_is_garbage_collected_deletes_its_empty_file(folder: Path) -> None:
    output = OutputFile(str(folder / "x"))
    assert len(names(folder)) == 1
    del output
    assert names(folder) == []


def test_an_output_that_is_garbage_collected_keeps_received_text(folder: Path) -> None:
    output = OutputFile(str(folder / "x"))
    output.write(b"paid for")
    del output
    assert names(folder) == ["x.partial"]
    assert (folder / "x.partial").read_bytes() == b"paid for"


def test_an_answer_that_cannot_be_renamed_is_kept(folder: Path) -> None:
    output = OutputFile(str(folder / "x"))
    output.write(b"paid for")
    (folder / "x").mkdir()  # created meanwhile
    (folder / "x" / "file").write_bytes(b"")
    with pytest.raises(Exception, match="cannot write") as caught:
        output.finish()
    assert f"{folder}/x.partial" in caught.value.hint  # type: ignore[attr-defined]
    assert (folder / "x.partial").read_bytes() == b"paid for"


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """A file system on which the calls in this set fail, with the errors of FUSE, exFAT and NFS."""
    refuses: set[str] = set()
    for module, name, number in (
        (os, "fsync", errno.EINVAL),
        (os, "fchmod", errno.EPERM),
        (fcntl, "flock", errno.ENOLCK),
    ):
        real = getattr(module, name)

        def call(*args: object, real: object = real, name: str = name, number: int = number) -> object:
            if name in refuses:
                raise OSError(number, os.strerror(number))
            return real(*args)  # type: ignore[operator]

        monkeypatch.setattr(module, name, call)
    yield refuses
    refuses.clear()


@pytest.mark.parametrize("calls", [{"fsync"}, {"fchmod"}, {"flock"}, {"fsync", "fchmod", "flock"}])
def test_files_are_written_even_if_fsync_fchmod_or_flock_is_unsupported(
    folder: Path, refused: set[str], calls: set[str]
) -> None:
    path = folder / "x"
    path.write_bytes(b"old")
    refused |= calls
    output = OutputFile(str(path))
    output.write(b"answer")
    output.finish()
    assert path.read_bytes() == b"answer"
    write_atomically(path, b"config", mode=0o600)
    assert path.read_bytes() == b"config"
    with replace_file(str(path)) as write:
        write(b"rows")
    assert (path.read_bytes(), names(folder)) == (b"rows", ["x"])


def test_an_io_error_of_fsync_is_raised(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        write_atomically(folder / "x", b"a", mode=0o600)
    assert names(folder) == []


def test_without_locks_a_file_counts_as_abandoned_after_a_day(folder: Path, refused: set[str]) -> None:
    path = sibling(folder / "x", f".0123456789ab{COPY}")
    path.write_bytes(b"")
    refused.add("flock")
    temporary_file.remove_stale(folder / "x")
    assert path.exists()
    yesterday = time.time() - temporary_file.STALE_AFTER_S - 60
    os.utime(path, (yesterday, yesterday))
    temporary_file.remove_stale(folder / "x")
    assert not path.exists()


def test_a_symlink_to_itself_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        TemporaryFile(tmp_path / "loop", None)
    assert list(tmp_path.glob("*loop*")) == [tmp_path / "loop"]
