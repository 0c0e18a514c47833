"""Reads whole files, and replaces files in one step, so that readers never see a partial one."""

import contextlib
import errno
import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from nebius_cli.core.errors_and_exit_codes import ConfigError, OutputError, UsageError
from nebius_cli.system.paths import NO_HOME
from nebius_cli.system.streams import READ_CHUNK_BYTES, join_limited, write_all
from nebius_cli.system.temporary_file import TemporaryFile

MAX_OWN_FILE_BYTES = 64 << 20  # of a config file, a model list and the like


def read_bytes(path: str) -> bytes:
    """Return the bytes of a file that the user named.

    Raises UsageError if it cannot be read, BadInputError if it is a pipe or a device with more than
    MAX_READ_BYTES, such as /dev/zero, which never ends.
    """
    try:
        with Path(path).open("rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return file.read()
            return join_limited(iter(lambda: file.read(READ_CHUNK_BYTES), b""), path)
    except OSError as error:
        raise UsageError(f"cannot read {path}", error.strerror or str(error)) from None


def read_regular(path: Path) -> bytes:
    """Return the bytes of one of nbx's own files. Raises OSError, also if it is not a file or is too large.

    Reading a pipe at its path would block, and a device may have no end.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) and not os.path.samestat(status, Path(os.devnull).stat()):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        data = file.read(MAX_OWN_FILE_BYTES + 1)
    if len(data) > MAX_OWN_FILE_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {MAX_OWN_FILE_BYTES >> 20} MiB", str(path))
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


def version_of(status: os.stat_result) -> tuple[int, ...]:
    """Return numbers that change when a file is written to or replaced."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@contextlib.contextmanager
def output_errors(path: Path) -> Iterator[None]:
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


FOLDER_MODE = 0o700


def make_folder(path: Path) -> None:
    """Create a directory and its parents with mode 0700, whatever the umask. Raises OSError."""
    if path.is_relative_to(NO_HOME):
        raise FileNotFoundError(errno.ENOENT, "no home directory: HOME is not set", str(path))
    if not path.exists():
        make_folder(path.parent)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)
