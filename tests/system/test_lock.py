"""A lock that is taken now or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from nebius_cli.system import lock


def test_one_at_a_time_holds_it_and_nothing_is_left_behind(tmp_path: Path) -> None:
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


def test_a_killed_process_holds_it_no_more(tmp_path: Path) -> None:
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


def test_a_lock_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lock.try_lock(tmp_path / "no" / "x.lock")


def test_a_file_with_something_in_it_is_no_lock_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    path.write_bytes(b"version = 1\n")
    with pytest.raises(FileExistsError, match=r"uv\.lock is there, and is no lock of nbx"):
        lock.try_lock(path)
    assert path.read_bytes() == b"version = 1\n"
