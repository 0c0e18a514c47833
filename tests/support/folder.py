"""What a test looks at in a folder, and a disk that fills."""

import contextlib
import resource
import stat
from collections.abc import Iterator
from pathlib import Path


def names(folder: Path) -> list[str]:
    """Return the names of what is in a folder, without the home that each test has."""
    return sorted(path.name for path in folder.iterdir() if path.name != "home")


def mode_of(path: Path) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@contextlib.contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as on a disk that fills."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
