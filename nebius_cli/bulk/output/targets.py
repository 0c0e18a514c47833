"""Checks the files that a command is about to write."""

import os
from collections.abc import Iterable
from pathlib import Path

from nebius_cli.core.errors import UsageError
from nebius_cli.system.files import DEVICE_PREFIXES


def is_file(path: str) -> bool:
    """Return whether a path names a regular file, or one to create; not stdout, a pipe or a device."""
    target = Path(path)
    return path != "-" and not path.startswith(DEVICE_PREFIXES) and (not target.exists() or target.is_file())


def check_distinct(flag: str, path: str, others: Iterable[tuple[str, str]]) -> None:
    """Raise UsageError if `path`, the value of `flag`, is also one of `others`: pairs of reason and path."""
    if not is_file(path):
        return
    for why, other in others:
        if is_file(other) and _same_file(Path(path), Path(other)):
            raise UsageError(f"{flag} {path}", why, "choose another file")


def check_not_overwritten(path: str, *, force: bool) -> None:
    """Raise UsageError if `-o path` is a file with something in it, unless `force`."""
    if is_file(path) and Path(path).exists() and Path(path).stat().st_size and not force:
        raise UsageError(f"-o {path}", "this file already exists", "--force replaces it")


def _same_file(one: Path, other: Path) -> bool:
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    return one.exists() and other.exists() and one.samefile(other)
