"""Appends records from many threads to a file: each is written completely or not at all."""

import contextlib
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from nebius_cli.core.errors_and_exit_codes import OutputError
from nebius_cli.system.read_and_replace_files import output_errors
from nebius_cli.system.temporary_file import sibling, sync, sync_folder
from nebius_cli.system.thread_with_timeout import Task, begin

# Pieces that may wait for the writing thread before other threads block; a kill loses at most these.
# With 256 threads, 64 is no faster than 16, and 4 writes a quarter of the rows per second.
MAX_WAITING_PIECES = 16
COPY_BYTES = 1 << 20
SYNC_INTERVAL_S = 1.0  # between two fsyncs; a power cut loses what was written after the last one


class Appender:
    """Passes pieces to `write`, from one thread at a time.

    A write releases the interpreter lock, and on a busy machine it takes a long time to get it back. So other
    threads leave their pieces to the writing thread, which writes them together. Once a write has failed,
    every later call raises the same error. `before` and `afterwards` are called before and after each write.
    """

    def __init__(self, write: Callable[[bytes], None], afterwards: Callable[[], None] | None = None) -> None:
        self.before: Callable[[], None] | None = None
        self._write = write
        self._afterwards = afterwards
        self._waiting: deque[bytes] = deque()
        self._being_written = 0
        self._writing = threading.Lock()
        self._failure: BaseException | None = None

    def add(self, *pieces: bytes) -> None:
        """Write pieces, now or as soon as the writing thread gets to them.

        Propagates the exceptions of `before`, `write` and `afterwards`.
        """
        self._waiting.extend(pieces)
        # Loop, because a piece added at the end of a round finds the lock still taken.
        while self._waiting and self._writing.acquire(blocking=self._unwritten() > MAX_WAITING_PIECES):
            try:
                self._write_waiting()
            finally:
                self._writing.release()
        if self._failure is not None:
            raise self._failure

    def flush(self) -> None:
        """Return when every piece is written. Propagates the same exceptions as `add`."""
        with self._writing:
            self._write_waiting()
        if self._failure is not None:
            raise self._failure

    def _unwritten(self) -> int:
        return len(self._waiting) + self._being_written

    def _write_waiting(self) -> None:
        count = self._being_written = len(self._waiting)  # first, so that it is never too low
        try:
            pieces = [self._waiting.popleft() for _ in range(count)]
            if pieces and self._failure is None:
                if self.before is not None:
                    self.before()
                self._write(b"".join(pieces))
                if self._afterwards is not None:
                    self._afterwards()
        except BaseException as failure:
            self._failure = failure
            raise
        finally:
            self._being_written = 0


class LineFile:
    """A file that grows by complete lines: if the disk fills up, the partial line is removed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._synced = time.monotonic()
        self._sync: Task[None] | None = None
        self._lost: OutputError | None = None
        with output_errors(self.path):
            # 0x80 is O_BINARY, which only Windows has and needs.
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(path, flags, 0o666)
            self.size = os.fstat(self._descriptor).st_size
            if not self.size:
                sync_folder(path.parent)

    def write(self, data: bytes) -> None:
        """Append `data`. Raises OutputError, after restoring the file."""
        with output_errors(self.path):
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except BaseException:
                with contextlib.suppress(OSError):  # if this fails, the next run removes the partial line
                    os.ftruncate(self._descriptor, self.size)
                raise
            self.size += len(data)

    def check_named(self) -> None:
        """Raise OutputError if the path names another file now, because this one was deleted or replaced."""
        if self._lost is None:
            try:
                current = self.path.stat()
            except FileNotFoundError:
                self._lost = OutputError(f"{self.path} was deleted during the run")
            except OSError:
                return  # a network file system is unreachable; if it stays so, a later write fails
            else:
                if os.path.samestat(current, os.fstat(self._descriptor)):
                    return
                self._lost = OutputError(f"{self.path} was replaced during the run")
        raise self._lost

    def save_if_lost(self) -> None:
        """If the file was deleted or replaced, write its content to the first free name.

        Raises OutputError in this case. Call it when nothing is written any more.
        """
        try:
            self.check_named()
        except OutputError as lost:
            if not lost.why:
                path = self._copy()
                lost.why = f"its content is in {path}"
                lost.hint = "" if path == self.path else f"nbx bulk merge {path} {self.path} merges the two"
            raise

    def _copy(self) -> Path:
        number, path = 0, self.path
        with output_errors(self.path):
            while True:
                try:
                    target = path.open("xb")
                    break
                except FileExistsError:
                    number += 1
                    path = sibling(self.path, f".saved{number if number > 1 else ''}")
            with target:
                os.lseek(self._descriptor, 0, os.SEEK_SET)
                while piece := os.read(self._descriptor, COPY_BYTES):
                    target.write(piece)
                target.flush()
                sync(target.fileno())
            sync_folder(path.parent)
        return path

    def cut(self, size: int) -> None:
        """Truncate the file to `size` bytes. Raises OutputError."""
        with output_errors(self.path):
            os.ftruncate(self._descriptor, size)
            self.size = size

    def sync(self) -> None:
        """Return when all bytes are on disk. Raises OutputError."""
        with output_errors(self.path):
            sync(self._descriptor)
        self._synced = time.monotonic()

    def sync_if_due(self) -> None:
        """Begin to sync, in another thread, if SYNC_INTERVAL_S have passed.

        Raises OutputError if the previous sync failed. Call it from one thread at a time.
        """
        if self._sync is not None:
            if not self._sync.ended:
                return
            self._sync.outcome()
        if time.monotonic() - self._synced >= SYNC_INTERVAL_S:
            self._sync = begin(self._sync_and_check, "nbx-sync")

    def close(self) -> None:
        """Close the file. May be called again."""
        if self._sync is not None:
            self._sync.wait(math.inf)
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _sync_and_check(self) -> None:
        self.sync()
        self.check_named()
