"""Raises and checks the number of files and connections that this process may open at once."""

import errno
import math
import sys
from pathlib import Path

from nebius_cli.core.errors_and_exit_codes import NoResourcesError

MAX_WANTED = 65_536
RESERVED = 16  # for the ledger, lists and modules that a bulk run imports late
PER_REQUEST = 2  # the connection, and a socket or file for the name lookup
TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)


def raise_limit() -> None:
    """Raise the limit of open files as far as the system allows, up to MAX_WANTED. On macOS it is 256."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = MAX_WANTED if hard == resource.RLIM_INFINITY else min(hard, MAX_WANTED)
        # macOS reports an infinite hard limit, but refuses more than OPEN_MAX, which is 10240.
        for wanted in (most, min(most, 10_240)):
            if soft != resource.RLIM_INFINITY and soft < wanted:
                try:
                    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
                except (ValueError, OSError):
                    continue
                return


def free() -> float:
    """Return how many more files and connections may be opened; infinite if there is no limit."""
    if sys.platform != "win32":
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY:
            return max(0, soft - _used())
    return math.inf


def allowed_requests() -> float:
    """Raise the limit of open files, and return how many requests may be in flight at once; at least 1."""
    raise_limit()
    unused = free()
    return max(1.0, (unused - RESERVED) // PER_REQUEST, min(4.0, unused - RESERVED // 2))


def _used() -> int:
    try:
        return len(list(Path("/dev/fd").iterdir()))
    except OSError:
        return 16


def too_many_files() -> NoResourcesError:
    """Return the error for a process that may open no more files or connections; nothing was sent."""
    what, hint = "too many open files", "raise the limit with ulimit -n 4096"
    return NoResourcesError(what, "the limit is reached", hint, retryable=True, sent=False)
