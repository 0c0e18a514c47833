"""Lists folders, reads file permissions and simulates a full disk."""

import contextlib
import resource
import stat
from collections.abc import Iterator
from pathlib import Path


def names(folder: Path) -> list[str]:
    """Return the names of the entries in a folder, without the home directory that each test has."""
    return sorted(path.name for path in folder.iterdir() if path.name != "home")


def mode_of(path: Path) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@contextlib.contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Limit the size of files that are written, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
