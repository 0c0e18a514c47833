"""Locks between processes: an empty file that one process holds, and that is removed on release."""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

RETRY_INTERVAL_S = 0.2


@contextlib.contextmanager
def hold_lock(
    path: Path, on_wait: Callable[[], None], interval_s: float = RETRY_INTERVAL_S
) -> Iterator[bool]:
    """Hold the lock `path` during the block; yield whether another process held it first.

    `on_wait` is called before each wait of `interval_s`. The system releases the lock if the process dies.
    Raises OSError if the file cannot be created, or is not empty and so belongs to something else.
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
        """Release the lock and remove its file."""
        _remove(self._path)
        self._file.close()
        if os.name == "nt":  # Windows cannot remove an open file
            _remove(self._path)


def try_lock(path: Path) -> Lock | None:
    """Take the lock `path` without waiting; return None if another process holds it. Raises OSError."""
    file = _open_locked(path)
    return None if file is None else Lock(path, file)


def _open_locked(path: Path) -> BinaryIO | None:
    """Return the locked file, None if another process holds it."""
    file = path.open("ab")
    if file.tell():
        file.close()
        raise FileExistsError(errno.EEXIST, f"{path.name} is there, and is no lock of nbx")
    try:
        # The holder removes the file on release, and a lock on a removed file is worth nothing.
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
