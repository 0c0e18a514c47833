"""Locks between processes: one process at a time holds a lock file, and removes it on release.

The file is empty and locked by the system, which releases it if the process dies. On a file system without
such locks (some network mounts), the file exists only while the lock is held, and names its owner.
"""

import contextlib
import errno
import os
import stat
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from nebius_cli.system.raise_on_signals import signals_held

RETRY_INTERVAL_S = 0.2
MAX_OWNER_BYTES = 1024
MARK = b"nbx lock "  # start of the content of a lock file on a file system without locks
EMPTY_TIMEOUT_S = 10.0  # after this, an empty file counts as left behind on a file system without locks

_FLAGS = os.O_RDWR
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):  # do not follow a link or wait for a pipe
    _FLAGS |= getattr(os, _name, 0)
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.EBADF)


class NoLocksError(OSError):
    """The file system has no locks."""


@contextlib.contextmanager
def hold_lock(
    path: Path, on_wait: Callable[[], None], interval_s: float = RETRY_INTERVAL_S
) -> Iterator[bool]:
    """Hold the lock `path` during the block; yield whether another process held it first.

    `on_wait` is called before each wait of `interval_s`. Raises what `try_lock` raises.
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
    """A lock that this process holds until `release`, or until nothing refers to it any more."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._finalizer = weakref.finalize(self, _release, path, descriptor)

    def release(self) -> None:
        """Release the lock and remove its file. May be called again."""
        self._finalizer()


def try_lock(path: Path) -> Lock | None:
    """Take the lock `path` without waiting; return None if another process holds it.

    Raises OSError if the file cannot be created, is not a lock of nbx, or was left on a file system without
    locks by a process on another machine.
    """
    with signals_held():
        while True:
            descriptor, created = _open(path)
            try:
                taken = _take(path, descriptor, created=created)
            except BaseException:
                os.close(descriptor)
                raise
            if taken:
                return Lock(path, descriptor)
            os.close(descriptor)
            if taken is False:
                return None


def lock_if_possible(descriptor: int) -> bool:
    """Lock an open file; return False if another process holds it, True if there are no locks."""
    try:
        return lock_now(descriptor)
    except NoLocksError:
        return True


def _release(path: Path, descriptor: int) -> None:
    _remove(path)
    os.close(descriptor)
    if os.name == "nt":  # Windows cannot remove an open file
        _remove(path)


def _open(path: Path) -> tuple[int, bool]:
    """Return a descriptor of the lock file, and whether it was created. Raises OSError."""
    while True:
        try:
            return os.open(path, _FLAGS), False
        except FileNotFoundError:
            try:
                return os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666), True
            except FileExistsError:
                if path.is_symlink():  # to a missing file; without O_NOFOLLOW, there is no ELOOP
                    raise _foreign(path) from None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):  # a link, a socket, a folder
                raise _foreign(path) from None
            raise


def _take(path: Path, descriptor: int, *, created: bool) -> bool | None:
    """Return whether the lock was taken, None if its file was left behind and has been removed."""
    status = os.fstat(descriptor)
    content = os.read(descriptor, MAX_OWNER_BYTES) if status.st_size else b""
    if not stat.S_ISREG(status.st_mode) or (content and not content.startswith(MARK)):
        raise _foreign(path)
    try:
        # The holder removes the file on release, and a lock on a removed file is useless.
        return lock_now(descriptor) and os.path.samestat(status, os.lstat(path))
    except FileNotFoundError:
        return False
    except NoLocksError:
        if not created:
            if not _is_left(path, content, time.time() - status.st_mtime):
                return False
            _remove_left(path, content)
            return None
        os.write(descriptor, MARK + f"{os.getpid()} {_machine()}\n".encode())
        return True


def _is_left(path: Path, content: bytes, age_s: float) -> bool:
    """Return whether the owner of a lock file has ended. Raises OSError if this machine cannot tell."""
    process, _, machine = content.removeprefix(MARK).decode("utf-8", "replace").strip().partition(" ")
    if not process.isdecimal():  # its owner has not written into it yet, or never did
        return age_s > EMPTY_TIMEOUT_S
    if machine != _machine():
        why = f"process {process} on {machine} holds {path.name}; if that process has ended, delete the file"
        raise OSError(errno.EEXIST, why)
    return not _is_alive(int(process))


def _remove_left(path: Path, content: bytes) -> None:
    """Remove a lock file whose owner has ended, unless another process has taken it in the meantime."""
    aside = path.with_name(f".nbx-{os.urandom(8).hex()}.lock")
    try:
        path.rename(aside)
    except FileNotFoundError:  # another process has removed it
        return
    if aside.read_bytes() == content:
        aside.unlink()
    else:
        aside.rename(path)


def _foreign(path: Path) -> OSError:
    return FileExistsError(errno.EEXIST, f"{path.name} exists and is not a lock file of nbx")


if sys.platform == "win32":
    import msvcrt

    def lock_now(descriptor: int) -> bool:
        """Lock an open file; return False if another process holds it."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _machine() -> str:
        return ""

    def _is_alive(process: int) -> bool:
        return bool(process)

else:
    import fcntl

    def lock_now(descriptor: int) -> bool:
        """Lock an open file; return False if another process holds it. Raises NoLocksError."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno in _NO_LOCKS:
                raise NoLocksError(error.errno, "the file system does not support locks") from None
            raise
        return True

    def _machine() -> str:
        return os.uname().nodename

    def _is_alive(process: int) -> bool:
        try:
            os.kill(process, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except OSError:  # a process of another user
            pass
        return True


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
