"""Writes a new file next to its target, and renames it to the target when it is complete.

Its name is random and it is created exclusively, so nbx never writes to a link or file that someone planted.
It is locked while its owner runs; the next run removes the files of owners that have ended.
"""

import contextlib
import errno
import itertools
import os
import stat
import sys
import time
import weakref
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from nebius_cli.system import lock
from nebius_cli.system.raise_on_signals import signals_held

MAX_NAME_BYTES = 255  # of one name, in the file systems of Linux, macOS and (in characters) Windows
MAX_SEARCHED_FILES = 10_000  # in a folder that is searched for files of killed runs
STALE_AFTER_S = 86_400  # for files whose owner is unknown, as the file system has no locks
RANDOM_BYTES = 6
COPY, ANSWER = ".nbx-tmp", ".nbx-part"  # a copy of existing data; text that may not exist elsewhere

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY)


def sibling(path: Path, suffix: str, *, replaces: str = "") -> Path:
    """Return the path of a file next to `path` with its name and a suffix, cut to the allowed length.

    A cut name gets a hash of the full name, so that two long names stay different. The suffix `replaces` is
    removed from the name first.
    """
    name = os.fsencode(path.name.removesuffix(replaces))
    room = MAX_NAME_BYTES - len(os.fsencode(suffix))
    if len(name) > room:
        import hashlib

        digest = hashlib.sha256(name).hexdigest()[:8].encode()
        # Keep only complete characters, as some file systems require.
        kept = name[: room - len(digest) - 1].decode("utf-8", "ignore").encode()
        name = kept + b"-" + digest
    return path.parent / (os.fsdecode(name) + suffix)  # the name of "." is empty


def partial_path(path: Path) -> Path:
    """Return where an incomplete file for `path` is kept: `FILE.partial`."""
    return sibling(path, ".partial")


def free_partial_path(path: Path) -> Path:
    """Return `FILE.partial`; that of an earlier run is renamed to `FILE.partial.1`, `.2` and so on."""
    partial = partial_path(path)
    if partial.is_file() and not partial.is_symlink():
        names = (sibling(path, f".partial.{number}") for number in itertools.count(1))
        partial.rename(next(name for name in names if not os.path.lexists(name)))
    return partial


class TemporaryFile:
    """A new, empty file next to `target`; it is removed unless `commit` or `keep` gives it a name.

    An answer in it is never removed: it becomes the partial file, at the latest when the program ends.
    `mode` are its permissions; None means those of the target, or the default if there is no target.
    `kind` is COPY or ANSWER. Methods raise OSError.
    """

    def __init__(self, target: Path, mode: int | None, kind: str = COPY) -> None:
        self.target = target
        self._kind = kind
        _check_replaceable(target)
        remove_stale(target)
        if mode is None:
            mode = _mode_of(target)
        with signals_held():
            self.path, self.file = _create(target, kind, 0o666 if mode is None else mode)
            self._finalizer = weakref.finalize(self, _discard, self.file, self.path, target)
        if mode is not None:
            set_mode(self.file, mode)

    @property
    def has_answer(self) -> bool:
        """Whether it still has its temporary name and contains part of an answer."""
        return self._finalizer.alive and self._kind == ANSWER and self.path.stat().st_size > 0

    def commit(self) -> None:
        """Write the content to the disk, and rename the file to its target."""
        _check_replaceable(self.target)
        self._rename(self.target)

    def keep(self) -> Path:
        """Keep an unfinished file as the partial file, else under its temporary name; return its path."""
        with contextlib.suppress(OSError):
            partial = free_partial_path(self.target)
            self._rename(partial)
            return partial
        self._finalizer.detach()
        self.file.close()
        return self.path

    def discard(self) -> None:
        """Close and remove the file, or keep an answer in it. May be called again, and after `commit`."""
        self._finalizer()

    def _rename(self, path: Path) -> None:
        if not self.file.closed:
            sync(self.file.fileno())
        if os.name == "nt":  # Windows cannot rename an open file
            self.file.close()
        os.replace(self.path, path)  # before the lock is released
        self._finalizer.detach()
        self.file.close()
        sync_folder(path.parent)


def _check_replaceable(target: Path) -> None:
    """Raise OSError if a rename must not replace `target`.

    Such a target is a device or a pipe that a planted link leads to, or a link that leads to itself.
    """
    if os.path.lexists(target) and not stat.S_ISREG(mode := target.lstat().st_mode):
        if stat.S_ISLNK(mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(target))
        raise OSError(errno.EINVAL, "it is not a regular file", str(target))


def remove_stale(target: Path) -> None:
    """Remove the temporary files of killed runs; part of an answer in them becomes the partial file."""
    for path in _temporaries(target):
        with contextlib.suppress(OSError), _abandoned(path) as abandoned:
            if abandoned:
                _clear(path, target)


def sync(descriptor: int) -> None:
    """Write an open file to the disk, if the file system supports that. Raises OSError."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def _mode_of(path: Path) -> int | None:
    """Return the permissions of a file, None if it does not exist. Raises OSError, as for a name too long."""
    try:
        return stat.S_IMODE(os.lstat(path).st_mode)
    except FileNotFoundError:
        return None


def _create(target: Path, kind: str, mode: int) -> tuple[Path, FileIO]:
    while True:
        path = sibling(target, f".{os.urandom(RANDOM_BYTES).hex()}{kind}")
        try:
            file = FileIO(os.open(path, _NEW, mode), "r+")
        except FileExistsError:
            continue
        try:
            # Another run may have found the file before it was locked, and removed it.
            if lock.lock_if_possible(file.fileno()) and os.path.lexists(path):
                return path, file
        except BaseException:
            _discard(file, path, target)
            raise
        file.close()


def _clear(path: Path, target: Path) -> None:
    """Remove a temporary file; part of an answer in it becomes the partial file. Raises OSError."""
    if path.name.endswith(ANSWER) and path.stat().st_size:
        os.replace(path, free_partial_path(target))
    else:
        path.unlink()


def _discard(file: FileIO, path: Path, target: Path) -> None:
    with contextlib.suppress(OSError):
        if os.name == "nt":
            file.close()
        _clear(path, target)
    with contextlib.suppress(OSError):
        file.close()


def _temporaries(target: Path) -> Iterator[Path]:
    """Yield the temporary files of a target; none if its folder cannot be read."""
    digits = RANDOM_BYTES * 2
    with contextlib.suppress(OSError), os.scandir(target.parent) as entries:
        for _, entry in zip(range(MAX_SEARCHED_FILES), entries, strict=False):
            for kind in (COPY, ANSWER):
                if entry.name.endswith(kind):
                    random = entry.name[: -len(kind)][-digits:]
                    if entry.name == sibling(target, f".{random}{kind}").name:
                        yield Path(entry.path)


if sys.platform == "win32":

    def set_mode(file: FileIO, mode: int) -> None:
        """Do nothing: on Windows, the mode does not control who may read a file."""

    def sync_folder(folder: Path) -> None:
        """Do nothing: Windows cannot open a folder."""

    @contextlib.contextmanager
    def _abandoned(path: Path) -> Iterator[bool]:
        del path
        yield True  # removing or renaming it fails while it is open

else:

    def set_mode(file: FileIO, mode: int) -> None:
        """Set the permissions of an open file if the file system has any.

        If not, the file system decides who may read the file, and writing it must not fail for that.
        """
        with contextlib.suppress(OSError):
            os.fchmod(file.fileno(), mode)

    def sync_folder(folder: Path) -> None:
        """Write the names in a folder to the disk if possible: otherwise a power cut may lose them."""
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    @contextlib.contextmanager
    def _abandoned(path: Path) -> Iterator[bool]:
        """Yield whether the owner of a temporary file has ended; no other run takes it during the block."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
                yield False
                return
            try:
                yield lock.lock_now(descriptor)
            except lock.NoLocksError:
                yield time.time() - status.st_mtime > STALE_AFTER_S
        finally:
            os.close(descriptor)
