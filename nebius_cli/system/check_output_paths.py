"""Checks the files that a command is about to write."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.system.output_file import DEVICE_PREFIXES


def is_file(path: str) -> bool:
    """Return whether a path names a regular file or a file to create; not stdout, a pipe or a device."""
    if path == "-" or path.startswith(DEVICE_PREFIXES):
        return False
    return not os.path.exists(path) or os.path.isfile(path)  # noqa: PTH110, PTH113 - Path's raise OSError


def exists_as_file(path: str) -> bool:
    """Return whether a path names a regular file that exists; False if its name is too long."""
    return is_file(path) and os.path.exists(path)  # noqa: PTH110 - Path's raises OSError


def check_distinct(flag: str, path: str, others: Iterable[tuple[str, str]]) -> None:
    """Raise UsageError if `path`, the value of `flag`, is also one of `others`: pairs of reason and path."""
    if not is_file(path):
        return
    for why, other in others:
        if is_file(other) and _same_file(Path(path), Path(other)):
            raise UsageError(f"{flag} {path}", why, "choose another file")


def check_targets(written: Iterable[tuple[str, str | None]], read: Iterable[tuple[str, str | None]]) -> None:
    """Raise UsageError if a file is written by one flag and read or written by another.

    Both are pairs of flag and path, None for a flag that was not given.
    """
    others = [(f"{flag} reads this file", path) for flag, path in read if path]
    for flag, path in written:
        if path:
            check_distinct(flag, path, others)
            others.append((f"{flag} also writes this file", path))


def check_not_overwritten(path: str, *, force: bool) -> None:
    """Raise UsageError if `-o path` is a file that is not empty, unless `force`."""
    if exists_as_file(path) and Path(path).stat().st_size and not force:
        raise UsageError(f"-o {path}", "this file already exists", "--force replaces it")


def _same_file(one: Path, other: Path) -> bool:
    with contextlib.suppress(OSError):  # the directory was removed, or a name is too long: reported later
        one, other = Path(os.path.realpath(one)), Path(os.path.realpath(other))
        if one == other:
            return True
        if one.exists() and other.exists():
            return one.samefile(other)  # two names of one file
        # Two paths to one folder, such as those of a bind mount.
        return one.name == other.name and one.parent.samefile(other.parent)
    return False
