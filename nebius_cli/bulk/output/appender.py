"""Records from many threads → one file, each whole or not at all."""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from nebius_cli.core.errors import OutputError

# Pieces left to the thread at work before others wait for it, which is what a kill may lose beside what is
# in flight. As fast as 64 with 256 threads; 4 takes a quarter of the rows per second.
MOST_WAITING = 16
SYNC_EVERY = 1.0  # seconds between two fsyncs: what a power cut may cost; a kill costs nothing


class Appender:
    """Hands pieces to `write` in one thread at a time, several at once where they came meanwhile.

    A write lets go of the interpreter, and on a busy machine it is long before a thread has it back; so
    whoever comes meanwhile leaves its piece to the one at work, and goes on. Once a write has failed, every
    later call raises the same error. `afterwards` is called where nobody waits for it.
    """

    def __init__(self, write: Callable[[bytes], None], afterwards: Callable[[], None] | None = None) -> None:
        self._write = write
        self._afterwards = afterwards
        self._waiting: deque[bytes] = deque()
        self._being_written = 0
        self._at_work = threading.Lock()
        self._failure: BaseException | None = None

    def add(self, piece: bytes) -> None:
        """Write a piece, now or as soon as the thread at work gets to it.

        Raises what `write` and `afterwards` raise.
        """
        self._waiting.append(piece)
        worked = False
        # Tried again after each round: a piece that came at its end found the lock taken.
        while self._waiting and self._at_work.acquire(blocking=self._unwritten() > MOST_WAITING):
            try:
                self._write_waiting()
                worked = True
            finally:
                self._at_work.release()
        if self._failure is not None:
            raise self._failure
        if worked and self._afterwards is not None:
            self._afterwards()

    def flush(self) -> None:
        """Return when every piece is written. Raises what `write` raises."""
        with self._at_work:
            self._write_waiting()
        if self._failure is not None:
            raise self._failure

    def _unwritten(self) -> int:
        return len(self._waiting) + self._being_written

    def _write_waiting(self) -> None:
        count = self._being_written = len(self._waiting)  # before they are taken: never counted too low
        try:
            pieces = [self._waiting.popleft() for _ in range(count)]
            if pieces and self._failure is None:
                self._write(b"".join(pieces))
        except BaseException as failure:
            self._failure = failure
            raise
        finally:
            self._being_written = 0


class LineFile:
    """A file that grows by whole lines; what a full disk took of one is cut off again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._synced = time.monotonic()
        self._syncing = threading.Lock()
        with self._failing():
            # 0x80 is O_BINARY, which only Windows has and needs.
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(path, flags, 0o666)
            self.size = os.fstat(self._descriptor).st_size

    def write(self, data: bytes) -> None:
        """Append `data`. Raises OutputError; then the file is as before."""
        with self._failing():
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except BaseException:
                with contextlib.suppress(OSError):  # else the next run cuts it
                    os.ftruncate(self._descriptor, self.size)
                raise
            self.size += len(data)

    def cut(self, size: int) -> None:
        """Make the file shorter. Raises OutputError."""
        with self._failing():
            os.ftruncate(self._descriptor, size)
            self.size = size

    def sync(self) -> None:
        """Return when the disk has every byte. Raises OutputError."""
        with self._failing():
            os.fsync(self._descriptor)
        self._synced = time.monotonic()

    def sync_if_due(self) -> None:
        """Sync where the last one is long ago, in one thread while others write. Raises OutputError."""
        if time.monotonic() - self._synced >= SYNC_EVERY and self._syncing.acquire(blocking=False):
            try:
                self.sync()
            finally:
                self._syncing.release()

    def close(self) -> None:
        """Close the file; it may be called again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _failing(self) -> "_Failing":
        return _Failing(self.path)


class _Failing:
    """Turns an OSError into an OutputError that names the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise OutputError(f"cannot write {self._path}", error.strerror or str(error)) from None
