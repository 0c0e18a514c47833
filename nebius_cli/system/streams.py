"""Holds the standard streams, environment, clock and random source of a run in one object.

Tests build their own `Streams`; nothing else in the program touches `sys.std*`, `os.environ`,
`time` or `random`.
"""

import contextlib
import errno
import io
import os
import select
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Protocol, TextIO

from nebius_cli.core.errors_and_exit_codes import BadInputError, OutputError, ReaderGone, UsageError
from nebius_cli.system.child_process import SECRET_VARIABLES

Write = Callable[[bytes], None]

READ_CHUNK_BYTES = 1 << 20
MAX_READ_BYTES = 1 << 30  # of a stream that is read as a whole; no server accepts a prompt of that size

CLEAR_LINE = "\r\x1b[K"


def _random() -> float:
    import random  # slow to import, and only retries need it

    return random.random()  # noqa: S311 - only for the jitter of retries


def join_limited(chunks: Iterable[bytes], name: str) -> bytes:
    """Return the joined chunks of a stream. Raises BadInputError above MAX_READ_BYTES."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size > MAX_READ_BYTES:
            why = f"nbx reads at most {MAX_READ_BYTES >> 20} MiB from stdin, a pipe or a device"
            raise BadInputError(f"{name} is too large", why)
    return b"".join(held)


class Readable(Protocol):
    """An unbuffered binary input stream."""

    def read(self, size: int, /) -> bytes | None:
        """Return up to `size` bytes; empty at the end, None if a non-blocking stream has none yet."""

    def fileno(self) -> int:
        """Return the descriptor."""


class Writable(Protocol):
    """An unbuffered binary output stream; `write` may take less than it was given."""

    def write(self, data: memoryview, /) -> int | None:
        """Write; return the number of bytes taken, None if a non-blocking pipe is full."""

    def fileno(self) -> int:
        """Return the descriptor."""


class Streams:
    """Standard streams, environment, clock and random source. A stream is None if it was closed.

    `stdout_file` tells whether stdout is a regular file.
    """

    def __init__(  # noqa: PLR0913 - each one connects nbx to the system
        self,
        stdin: Readable | None,
        stdout: Writable | None,
        stderr: Writable | None,
        *,
        stdin_tty: bool = False,
        stdout_tty: bool = False,
        stderr_tty: bool = False,
        environ: Mapping[str, str] = MappingProxyType({}),
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = _random,
        stdout_file: bool = False,
    ) -> None:
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self.stdin_tty, self.stdout_tty, self.stderr_tty = stdin_tty, stdout_tty, stderr_tty
        self.environ = environ  # it may contain a key
        self.monotonic, self.now, self.sleep, self.random = monotonic, now, sleep, random
        self.stdout_file = stdout_file
        self.stdin_taken = False
        self._has_status_line = False
        self._stderr_lock = threading.Lock()  # a thread draws the spinner

    @classmethod
    def system(cls) -> "Streams":
        """Return the streams of this process, and remove the variables of the key from os.environ."""
        missing = _fill_closed_descriptors()
        environ = dict(os.environ)
        for name in SECRET_VARIABLES:  # libraries start programs too, such as a backend of keyring
            os.environ.pop(name, None)
        stdin = None if 0 in missing or sys.stdin is None else _unbuffered(sys.stdin)
        stdout = None if 1 in missing or sys.stdout is None else _unbuffered(sys.stdout)
        stderr = None if 2 in missing or sys.stderr is None else _unbuffered(sys.stderr)
        return cls(
            stdin,
            stdout,
            stderr,
            stdin_tty=stdin is not None and stdin.isatty(),
            stdout_tty=stdout is not None and stdout.isatty(),
            stderr_tty=stderr is not None and stderr.isatty(),
            environ=environ,
            stdout_file=stdout is not None and stat.S_ISREG(os.fstat(stdout.fileno()).st_mode),
        )

    def read_stdin(self) -> bytes:
        """Return all of standard input.

        Raises UsageError on a second call, BadInputError if reading fails or above MAX_READ_BYTES.
        """
        self.take_stdin()
        try:
            return join_limited(self._stdin_chunks(), "stdin")
        except BaseException:
            if self.stdin_tty:  # the typed text and ^C leave the cursor in the line
                self.write_err("\n")
            raise

    @property
    def stdin_has_no_input(self) -> bool:
        """Whether standard input cannot hold a prompt: it is closed, a terminal or the null device."""
        if self.stdin is None or self.stdin_tty:
            return True
        with contextlib.suppress(OSError):  # streams of tests have no descriptor
            null = os.stat(os.devnull)  # noqa: PTH116 - pathlib slows the start
            return os.path.samestat(os.fstat(self.stdin.fileno()), null)
        return False

    @property
    def stdin_has_unread_data(self) -> bool:
        """Whether a pipe on stdin holds bytes now; nothing is read or waited for. False on Windows."""
        if self.stdin is not None and not self.stdin_taken and sys.platform != "win32":
            import fcntl
            import termios

            with contextlib.suppress(OSError):  # streams of tests have no descriptor
                number = self.stdin.fileno()
                if stat.S_ISFIFO(os.fstat(number).st_mode):  # select is also ready at the end of a pipe
                    return any(fcntl.ioctl(number, termios.FIONREAD, bytes(4)))
        return False

    def take_stdin(self) -> Readable | None:
        """Return standard input to be read to its end. Raises UsageError on a second call."""
        if self.stdin_taken:
            raise UsageError(
                "stdin is used twice", "it can be read only once", "keep one of -, @- and {stdin}"
            )
        self.stdin_taken = True
        return self.stdin

    def _stdin_chunks(self) -> Iterator[bytes]:
        try:
            while self.stdin is not None and (chunk := self.stdin.read(READ_CHUNK_BYTES)) != b"":
                if chunk is None:  # another process made the pipe non-blocking
                    select.select([self.stdin], [], [])
                else:
                    yield chunk
        except OSError as error:
            raise BadInputError("cannot read stdin", error.strerror or str(error)) from None

    def write_out(self, data: bytes) -> None:
        """Write bytes to stdout, unbuffered.

        Raises OutputError if they cannot be written, ReaderGone if the reader closed the pipe.
        """
        if self.stdout is None:
            raise OutputError("cannot write to stdout", "it is closed")
        try:
            write_all(self.stdout, data)
        except BrokenPipeError:
            self.stdout = None
            raise ReaderGone from None
        except OSError as error:
            if error.errno == errno.EINVAL and os.name == "nt":  # a broken pipe on Windows
                raise ReaderGone from None
            raise OutputError("cannot write to stdout", error.strerror or str(error)) from None

    def stdout_is_ready(self) -> bool:
        """Return whether stdout would accept bytes now; False for a full pipe."""
        with contextlib.suppress(OSError, ValueError):
            return bool(self.stdout and select.select([], [self.stdout], [], 0)[1])
        return self.stdout is not None  # a stream that select does not support

    def write_err(self, text: str) -> None:
        """Write text to stderr, replacing a status line. Errors are ignored, as they could not be shown."""
        with self._stderr_lock:
            self._write_err(CLEAR_LINE + text if self._has_status_line else text)
            self._has_status_line = False

    def write_status(self, line: str) -> None:
        """Show a status line on stderr, a terminal. The next output replaces it; an empty line clears it."""
        with self._stderr_lock:
            if line or self._has_status_line:
                self._write_err(f"\r{line}\x1b[K")
            self._has_status_line = bool(line)

    def _write_err(self, text: str) -> None:
        if self.stderr is not None:
            with contextlib.suppress(OSError):
                write_all(self.stderr, text.encode("utf-8", "replace"))

    @property
    def width(self) -> int:
        """Width of the terminal in columns, 80 without a terminal."""
        columns = self.environ.get("COLUMNS", "")
        if columns.isdecimal() and len(columns) < 6 and int(columns) > 0:  # longer numbers are not a width
            return int(columns)
        return self._terminal_size().columns

    @property
    def height(self) -> int:
        """Height of the terminal in rows, 24 without a terminal."""
        return self._terminal_size().lines

    def _terminal_size(self) -> os.terminal_size:
        for stream in (self.stdout, self.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                if stream is not None and (size := os.get_terminal_size(stream.fileno())).columns > 0:
                    return size
        return os.terminal_size((80, 24))


class TextWriter(io.TextIOBase):
    """A text file that passes UTF-8 bytes to a function, whatever the locale."""

    encoding = "utf-8"

    def __init__(self, write: Write, tty: Callable[[], bool]) -> None:
        self._bytes = write
        self._tty = tty

    def write(self, text: str) -> int:
        """Write text, unbuffered; return its length."""
        self._bytes(text.encode("utf-8", "replace"))
        return len(text)

    def isatty(self) -> bool:
        """Return whether the text goes to a terminal, as decided by the creator."""
        return self._tty()


def write_all(stream: Writable, data: bytes) -> None:
    """Write all of `data`, waiting while a non-blocking pipe is full. Raises OSError."""
    view = memoryview(data)
    while view:
        written = stream.write(view)
        if written is None:
            select.select([], [stream], [])
        else:
            view = view[written:]


def _unbuffered(stream: TextIO) -> Any:
    # With PYTHONUNBUFFERED, the buffer of the text stream is already the raw stream.
    return getattr(stream.buffer, "raw", stream.buffer)


def _fill_closed_descriptors() -> set[int]:
    """Open /dev/null on the standard descriptors that are closed; return their numbers.

    Otherwise the next socket or file would get number 1 or 2, and receive stray output.
    """
    missing = set()
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            missing.add(number)
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is `number`
    return missing
