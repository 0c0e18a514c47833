"""A lock that is taken at once or not at all."""

import errno
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nebius_cli.system import lock


def test_a_lock_has_one_holder_and_release_deletes_its_file(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    held = lock.try_lock(path)
    assert held is not None
    assert lock.try_lock(path) is None
    held.release()
    assert not path.exists()
    again = lock.try_lock(path)
    assert again is not None
    again.release()
    assert list(tmp_path.glob("x*")) == []


def test_a_killed_process_no_longer_holds_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    script = (
        "import sys, pathlib; from nebius_cli.system import lock;"
        "held = lock.try_lock(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        assert lock.try_lock(path) is None
        child.kill()
        child.wait()
    assert path.exists()
    held = lock.try_lock(path)
    assert held is not None
    held.release()
    assert not path.exists()


def test_a_lock_file_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lock.try_lock(tmp_path / "no" / "x.lock")


def test_a_file_with_other_content_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    path.write_bytes(b"version = 1\n")
    with pytest.raises(FileExistsError, match=r"uv\.lock exists and is not a lock file of nbx"):
        lock.try_lock(path)
    assert path.read_bytes() == b"version = 1\n"


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without locks, such as some network mounts."""

    def refuse(descriptor: int, operation: int) -> None:
        del descriptor, operation
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)


@pytest.mark.usefixtures("no_locks")
def test_without_system_locks_a_lock_has_one_holder(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    held = lock.try_lock(path)
    assert held is not None
    assert path.read_text() == f"nbx lock {os.getpid()} {os.uname().nodename}\n"
    assert lock.try_lock(path) is None
    held.release()
    assert not path.exists()


@pytest.mark.usefixtures("no_locks")
@pytest.mark.parametrize("age_s", [0, 60])
@pytest.mark.parametrize("content", ["", "nbx lock 4194304000 {machine}\n"])
def test_without_system_locks_an_abandoned_lock_is_taken_over(
    tmp_path: Path, content: str, age_s: int
) -> None:
    path = tmp_path / "x.lock"
    path.write_text(content.format(machine=os.uname().nodename))
    then = time.time() - age_s
    os.utime(path, (then, then))
    left = bool(content) or age_s > lock.EMPTY_TIMEOUT_S
    held = lock.try_lock(path)
    assert (held is not None) is left
    if held is not None:
        held.release()
        assert not path.exists()


@pytest.mark.usefixtures("no_locks")
def test_without_system_locks_a_lock_of_another_machine_is_reported_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    path.write_text("nbx lock 17 elsewhere\n")
    with pytest.raises(
        OSError, match=r"process 17 on elsewhere holds x\.lock; if that process has ended, delete the file"
    ):
        lock.try_lock(path)
    assert path.exists()


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_link_pipe_or_folder_at_the_path_of_a_lock_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.lock"
    if kind == "link":
        path.symlink_to(tmp_path / "victim")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(FileExistsError, match="is not a lock file of nbx"):
        lock.try_lock(path)
    assert not (tmp_path / "victim").exists()
