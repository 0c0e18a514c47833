"""Turns system errors that no other module has handled into messages."""

import errno
import os

from nebius_cli.core.errors_and_exit_codes import (
    BadInputError,
    ConfigError,
    ExitCode,
    Interrupted,
    NbxError,
    OutputError,
    ReaderGone,
    Stopped,
    no_memory,
)
from nebius_cli.system.file_descriptor_limit import TOO_MANY_FILES, too_many_files

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO)


def from_exception(error: Exception) -> NbxError | None:
    """Return the NbxError for a cause outside of nbx, None if it can only be a bug in nbx."""
    match error:
        case OSError(errno=int(number)):
            return _from_os(error, number)
        case ImportError():
            if os.strerror(errno.EMFILE) in str(error):  # while loading a compiled module
                return too_many_files()
            return ConfigError(
                f"cannot import {error.name or 'a module'}", str(error), "reinstall nbx with its extras"
            )
        case MemoryError():
            return no_memory()
        case RecursionError():
            return BadInputError("the input is nested too deeply", "nbx accepts a few hundred levels")
    return None


def exit_code(error: BaseException | None) -> ExitCode:
    """Return the exit code of a run that ends with `error`, DONE for None."""
    match error:
        case None:
            return ExitCode.DONE
        case NbxError() | Stopped():
            return error.code
        case KeyboardInterrupt():
            return Interrupted.code
        case ReaderGone():
            return ExitCode.READER_GONE
        case Exception():
            named = from_exception(error)
            return named.code if named is not None else ExitCode.BUG
    return ExitCode.BUG


def _from_os(error: OSError, number: int) -> NbxError:
    if number in TOO_MANY_FILES:
        return too_many_files()
    what = f"cannot use {os.fsdecode(error.filename)}" if _is_path(error.filename) else "a system call failed"
    kind = OutputError if number in _FULL else ConfigError
    return kind(what, error.strerror or os.strerror(number))


def _is_path(name: object) -> bool:
    return isinstance(name, str | bytes | os.PathLike)
