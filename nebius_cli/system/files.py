"""Reads whole files, and writes files so that readers never see a partial one."""

import contextlib
import errno
import os
import shlex
import stat
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from nebius_cli.core.errors import ConfigError, OutputError, ReaderGone, UsageError
from nebius_cli.system.paths import NO_HOME
from nebius_cli.system.streams import READ_CHUNK_BYTES, join_limited, write_all
from nebius_cli.system.temporary_file import ANSWER, COPY, TemporaryFile, partial_path

Write = Callable[[bytes], None]

WRITE_BUFFER_BYTES = 1 << 18
MAX_OWN_FILE_BYTES = 64 << 20  # of a config file, a model list and the like


def read_bytes(path: str) -> bytes:
    """Return the bytes of a file that the user named.

    Raises UsageError if it cannot be read, BadInputError if it is a pipe or a device that gives more than
    MAX_READ_BYTES: /dev/zero never ends.
    """
    try:
        with Path(path).open("rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return file.read()
            return join_limited(iter(lambda: file.read(READ_CHUNK_BYTES), b""), path)
    except OSError as error:
        raise UsageError(f"cannot read {path}", error.strerror or str(error)) from None


def read_regular(path: Path) -> bytes:
    """Return the bytes of a file that nbx keeps. Raises OSError, also if it is not a file or is too large.

    A pipe that somebody has put there would be waited for, and a device may have no end.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) and not os.path.samestat(status, Path(os.devnull).stat()):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        data = file.read(MAX_OWN_FILE_BYTES + 1)
    if len(data) > MAX_OWN_FILE_BYTES:
        raise OSError(errno.EFBIG, f"it has more than {MAX_OWN_FILE_BYTES >> 20} MiB", str(path))
    return data


def read_if_exists(path: Path) -> bytes | None:
    """Return the bytes of a configuration file, or None if it does not exist.

    Raises ConfigError if it cannot be read.
    """
    try:
        return read_regular(path)
    except (FileNotFoundError, NotADirectoryError):  # some programs are started with HOME=/dev/null
        return None
    except OSError as error:
        raise ConfigError(f"cannot read {path}", error.strerror or str(error)) from None


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into an OutputError that names the file."""
    try:
        yield
    except OSError as error:
        hint = mkdir_hint(path) if isinstance(error, FileNotFoundError) else ""
        raise OutputError(f"cannot write {path}", error.strerror or str(error), hint) from None


def mkdir_hint(path: Path) -> str:
    """Return the command that creates the folder of a file, empty if the folder exists."""
    return "" if path.parent.exists() else f"mkdir -p {shlex.quote(str(path.parent))}"


def encode_argument(text: str) -> bytes:
    """Return the bytes of a command-line argument as the system passed them."""
    return os.fsencode(text)


def write_atomically(path: Path, data: bytes, *, mode: int) -> None:
    """Replace the file at `path` in one step: a reader sees the old content or the new, never a mix.

    The new file gets `mode` before anything is written to it. Raises OSError.
    """
    path = Path(os.path.realpath(path))  # write to the target of a symlink
    make_folder(path.parent)
    temporary = TemporaryFile(path, mode)
    try:
        write_all(temporary.file, data)
        temporary.commit()
    finally:
        temporary.discard()


# Paths of open files and devices, which are appended to and never replaced.
DEVICE_PREFIXES = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")


class OutputFile:
    """The target of `-o FILE`: a new file beside it, which gets the name `FILE` when it is complete.

    The new file is there from the start, so that a folder or disk that takes no file is noticed before an
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

    def finish(self) -> None:
        """Give the file its final name; if that is not possible, the error names where it is kept."""
        if self._temporary is None:
            with self._raise_output_errors():
                self._file.close()
            return
        try:
            with self._raise_output_errors():
                self._temporary.commit()
        except OutputError as error:
            if (kept := self.abandon()) is not None:
                error.hint = f"it is kept as {kept}"
            raise

    def abandon(self) -> Path | None:
        """Close an unfinished file; return where its content is kept, `FILE.partial`, None if it has none."""
        with self._raise_output_errors():
            if self._temporary is None:
                self._file.close()
            elif self._temporary.has_answer:
                return self._temporary.keep(partial_path(self.path))
            else:
                self._temporary.discard()
        return None

    @contextlib.contextmanager
    def _raise_output_errors(self) -> Iterator[None]:
        with writing(self.path):
            try:
                yield
            except BrokenPipeError:
                raise ReaderGone from None


FOLDER_MODE = 0o700


def make_folder(path: Path) -> None:
    """Create a directory and its parents with mode 0700, whatever the umask. Raises OSError."""
    if path.is_relative_to(NO_HOME):
        raise FileNotFoundError(errno.ENOENT, "there is no home directory: HOME is not set", str(path))
    if not path.exists():
        make_folder(path.parent)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)


@contextlib.contextmanager
def replace_file(path: str) -> Iterator[Write]:
    """Give a function that writes to `path`. The file is replaced when the block ends, or kept if it raises.

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
    """Give a function that collects small pieces and passes them to `write` in large ones."""
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
