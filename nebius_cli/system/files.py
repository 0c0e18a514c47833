"""Reads whole files, and writes files so that readers never see a partial one."""

import contextlib
import errno
import os
import shlex
import stat
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

from nebius_cli.core.errors import ConfigError, OutputError, ReaderGone, UsageError
from nebius_cli.system.streams import READ_CHUNK_BYTES, join_limited, write_all

Write = Callable[[bytes], None]

WRITE_BUFFER_BYTES = 1 << 18


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


def read_if_exists(path: Path) -> bytes | None:
    """Return the bytes of a configuration file, or None if it does not exist.

    Raises ConfigError if it cannot be read.
    """
    try:
        return path.read_bytes()
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
    import tempfile  # takes 3 ms to import

    path = Path(os.path.realpath(path))  # write to the target of a symlink
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.chmod(name, mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


# Paths of open files and devices, which are appended to and never replaced.
DEVICE_PREFIXES = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")


class OutputFile:
    """The target of `-o FILE`: written as `FILE.partial`, and renamed to `FILE` when complete.

    A target that is not a regular file (a pipe, /dev/stdout) is written directly. Every method raises
    OutputError if writing fails.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        with self._raise_output_errors():
            self._direct = path.startswith(DEVICE_PREFIXES) or (
                self.path.exists() and not self.path.is_file()
            )
            if not self._direct:  # replace the target of a symlink
                self.path = Path(os.path.realpath(path))
            self.partial = self.path.with_name(self.path.name + ".partial")
            self._file = self.path.open("ab", buffering=0) if self._direct else None
            # Fail now, before the answer is paid for.
            if self._file is None and not os.access(self.path.parent, os.W_OK | os.X_OK):
                self.path.parent.stat()
                raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    def write(self, data: bytes) -> None:
        """Append bytes, unbuffered."""
        with self._raise_output_errors():
            write_all(self._open(), data)

    def finish(self) -> None:
        """Rename the file to its final name."""
        with self._raise_output_errors():
            file = self._open()
            if not self._direct:
                os.fsync(file.fileno())
            file.close()
            if not self._direct:
                os.replace(self.partial, self.path)

    def abandon(self) -> Path | None:
        """Close an unfinished file; return the path of the partial file, None if it is empty."""
        if self._file is None:
            return None
        with self._raise_output_errors():
            self._file.close()
            if not self._direct:
                if self.partial.stat().st_size:
                    return self.partial
                self.partial.unlink()
        return None

    def _open(self) -> FileIO:
        """Return the file, created on the first write: until then, an earlier partial file is kept."""
        if self._file is None:
            self._file = self.partial.open("wb", buffering=0)
            if self.path.exists():
                os.chmod(self.partial, stat.S_IMODE(self.path.stat().st_mode))
        return self._file

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
    if not path.exists():
        make_folder(path.parent)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)


@contextlib.contextmanager
def replace_file(path: str) -> Iterator[Write]:
    """Give a function that writes to `path`. The file is replaced when the block ends, or kept if it raises.

    Raises OutputError.
    """
    output = OutputFile(path)
    try:
        with buffered(output.write) as write:
            yield write
        output.finish()
    except BaseException:
        with contextlib.suppress(OSError, OutputError):
            if (left := output.abandon()) is not None:
                left.unlink()
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
