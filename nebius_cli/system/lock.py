"""A lock between processes: an empty file that one at a time may hold, and that is gone when nobody does."""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

RETRY_INTERVAL_S = 0.2  # seconds between two tries, for work that takes long


@contextlib.contextmanager
def hold_lock(
    path: Path, on_wait: Callable[[], None], interval_s: float = RETRY_INTERVAL_S
) -> Iterator[bool]:
    """Hold the lock `path` for the block; give whether another process had to be waited for.

    A process that dies loses its lock with its life. Raises OSError where the file cannot be made, or
    is somebody's: it has something in it.
    """
    waited = False
    while (lock := try_lock(path)) is None:
        waited = True
        on_wait()
        time.sleep(interval_s)
    try:
        yield waited
    finally:
        lock.release()


class Lock:
    """A lock that this process holds."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file

    def release(self) -> None:
        """Let the next one in."""
        _remove(self._path)
        self._file.close()
        if os.name == "nt":  # where an open file cannot be removed
            _remove(self._path)


def try_lock(path: Path) -> Lock | None:
    """Take the lock `path` now; return None while another process holds it. Raises OSError as `alone`."""
    file = _open_locked(path)
    return None if file is None else Lock(path, file)


def _open_locked(path: Path) -> BinaryIO | None:
    """Return the locked file, None while another process holds it."""
    file = path.open("ab")
    if file.tell():
        file.close()
        raise FileExistsError(errno.EEXIST, f"{path.name} is there, and is no lock of nbx")
    try:
        # The holder removes the file at the end; a lock on a removed one locks nobody out.
        if _lock(file.fileno()) and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
    except FileNotFoundError:
        pass
    except BaseException:
        file.close()
        raise
    file.close()
    return None


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
