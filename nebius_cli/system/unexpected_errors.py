"""Says in words what the system refused, for errors that nobody nearer to their cause has named."""

import errno
import os

from nebius_cli.core.errors import BadInputError, ConfigError, NbxError, OutputError

TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO)


def from_exception(error: Exception) -> NbxError | None:
    """Return the error that the world outside has caused, None if it can only be a bug of nbx."""
    match error:
        case OSError(errno=int(number)):
            return _from_os(error, number)
        case ImportError():
            if os.strerror(errno.EMFILE) in str(error):  # of a compiled module
                return _too_many_files()
            return ConfigError(
                f"cannot import {error.name or 'a module'}", str(error), "install nbx again, with its extras"
            )
        case MemoryError():
            return ConfigError("out of memory", "the system gives nbx no more", "send less at once")
        case RecursionError():
            return BadInputError("the input is nested too deeply", "nbx reads some hundred levels")
    return None


def _from_os(error: OSError, number: int) -> NbxError:
    if number in TOO_MANY_FILES:
        return _too_many_files()
    what = f"cannot use {os.fsdecode(error.filename)}" if _is_path(error.filename) else "the system failed"
    kind = OutputError if number in _FULL else ConfigError
    return kind(what, error.strerror or os.strerror(number))


def _is_path(name: object) -> bool:
    return isinstance(name, str | bytes | os.PathLike)


def _too_many_files() -> ConfigError:
    return ConfigError("too many open files", "the system allows no more", "ulimit -n 1024 allows more")
