"""Writes the file of `-o FILE`, which gets its name when it is complete, and never loses received text."""

import contextlib
import os
import weakref
from collections.abc import Iterator
from pathlib import Path

from nebius_cli.core.errors_and_exit_codes import OutputError, ReaderGone
from nebius_cli.system.read_and_replace_files import output_errors
from nebius_cli.system.streams import Write, write_all
from nebius_cli.system.temporary_file import ANSWER, COPY, TemporaryFile, partial_path

WRITE_BUFFER_BYTES = 1 << 18
# Paths of open files and devices, which are appended to and never replaced.
DEVICE_PREFIXES = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")


class OutputFile:
    """The target of `-o FILE`: a new file next to it, which is renamed to `FILE` when it is complete.

    The new file is created at the start, so that a folder or disk that accepts no file is noticed before an
    answer is paid for. A target that is not a regular file (a pipe, /dev/stdout) is written directly. Every
    method raises OutputError if writing fails.
    """

    def __init__(self, path: str, kind: str = ANSWER) -> None:
        self.path = Path(path)
        self._temporary: TemporaryFile | None = None
        with self._raise_output_errors():
            if path.startswith(DEVICE_PREFIXES) or (self.path.exists() and not self.path.is_file()):
                self._file = self.path.open("ab", buffering=0)
                weakref.finalize(self, self._file.close)
            else:  # replace the target of a symlink
                self.path = Path(os.path.realpath(path))
                self._temporary = TemporaryFile(self.path, None, kind)
                self._file = self._temporary.file

    def write(self, data: bytes) -> None:
        """Append bytes, unbuffered."""
        with self._raise_output_errors():
            write_all(self._file, data)

    def finish(self) -> Path | None:
        """Rename the file to `FILE`; return the partial file of an earlier run, None if there is none.

        If the file cannot be renamed, the error says where it is kept.
        """
        if self._temporary is None:
            with self._raise_output_errors():
                self._file.close()
            return None
        try:
            with self._raise_output_errors():
                self._temporary.commit()
        except OutputError as error:
            if (kept := self.abandon()) is not None:
                error.hint = f"the answer is in {kept}"
            raise
        partial = partial_path(self.path)
        return partial if os.path.lexists(partial) else None

    def abandon(self) -> Path | None:
        """Close an unfinished file; return the path of its content, `FILE.partial`, None if it is empty."""
        with self._raise_output_errors():
            if self._temporary is None:
                self._file.close()
            elif self._temporary.has_answer:
                return self._temporary.keep()
            else:
                self._temporary.discard()
        return None

    @contextlib.contextmanager
    def _raise_output_errors(self) -> Iterator[None]:
        with output_errors(self.path):
            try:
                yield
            except BrokenPipeError:
                raise ReaderGone from None


@contextlib.contextmanager
def replace_file(path: str) -> Iterator[Write]:
    """Yield a function that writes to `path`. The file is replaced at the end of the block, unless it raises.

    Raises OutputError.
    """
    output = OutputFile(path, COPY)
    try:
        with buffered(output.write) as write:
            yield write
        output.finish()
    except BaseException:
        with contextlib.suppress(OutputError):
            output.abandon()
        raise


@contextlib.contextmanager
def buffered(write: Write) -> Iterator[Write]:
    """Yield a function that collects small pieces and passes them to `write` in large ones."""
    pieces: list[bytes] = []
    size = 0

    def add(piece: bytes) -> None:
        nonlocal size
        pieces.append(piece)
        size += len(piece)
        if size >= WRITE_BUFFER_BYTES:
            write(b"".join(pieces))
            pieces.clear()
            size = 0

    yield add
    if pieces:
        write(b"".join(pieces))
