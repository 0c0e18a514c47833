"""The API key of the tests, and checks that it appears nowhere it must not."""

import base64
import functools
import mmap
import os
import stat
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

CANARY = "canary-key-4f1d"  # may appear only in an Authorization header

_KEY = CANARY.encode()
# The key in base64 at each of the three byte offsets, without the characters that depend on adjacent bytes.
_DISGUISES = tuple(base64.b64encode(b"-" * skip + _KEY)[4 if skip else 0 : -4] for skip in range(3))
TRACES = (_KEY, _KEY[::-1], _KEY.hex().encode(), CANARY.encode("utf-16-le"), *_DISGUISES)

# Starting a program always ends in one of these functions; the number is the index of its argument list.
_STARTS = (
    (subprocess.Popen, "_execute_child", 1),
    (os, "execv", 1),
    (os, "execve", 1),
    (os, "posix_spawn", 1),
    (os, "posix_spawnp", 1),
    (os, "system", 0),
)


def shows_key(data: Any) -> bool:
    """Return whether the key is in `data`, which is bytes or has a `find` method like bytes."""
    return any(data.find(trace) >= 0 for trace in TRACES)


def files_with_key(folder: Path) -> set[Path]:
    """Return the files below a folder that contain the key."""
    return {path for path in folder.rglob("*") if _is_file(path) and _holds_key(path)}


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:  # removed in the meantime
        return False


def _holds_key(path: Path) -> bool:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return shows_key(data)
    except (FileNotFoundError, ValueError):  # removed, or empty, which cannot be mapped
        return False


def watch_starts(patch: pytest.MonkeyPatch) -> None:
    """Make a test fail if it starts a program with the key in the arguments.

    This is not an audit hook: Python calls those in every thread for every event, and a thread that starts
    under coverage at the same time fails.
    """
    for owner, name, place in _STARTS:
        if hasattr(owner, name):
            patch.setattr(owner, name, _watched(getattr(owner, name), name, place))


def _watched(start: Callable[..., Any], name: str, place: int) -> Callable[..., Any]:
    @functools.wraps(start)
    def watched(*args: Any, **kwargs: Any) -> Any:
        assert not shows_key(_joined(args[place])), f"the key is an argument: {name}"
        return start(*args, **kwargs)

    return watched


def _joined(words: Any) -> bytes:
    if isinstance(words, str):
        return words.encode("utf-8", "surrogateescape")
    if isinstance(words, Iterable) and not isinstance(words, bytes):
        return b"\0".join(_joined(word) for word in words)
    # A path may be bytes.
    return bytes(words) if isinstance(words, bytes) else str(words).encode("utf-8", "surrogateescape")
