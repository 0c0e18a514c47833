"""The key of the tests, and the watch that finds it where it must not be."""

import base64
import mmap
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

CANARY = "canary-key-4f1d"  # must appear nowhere but in an Authorization header

_KEY = CANARY.encode()
# A key in disguise is a key: base64 as it starts at each of three bytes, less what its neighbours decide.
_DISGUISES = tuple(base64.b64encode(b"-" * skip + _KEY)[4 if skip else 0 : -4] for skip in range(3))
TRACES = (_KEY, _KEY[::-1], _KEY.hex().encode(), CANARY.encode("utf-16-le"), *_DISGUISES)

# Events of the interpreter that start a program → which of their arguments hold its words.
_STARTS = {"subprocess.Popen": 1, "os.exec": 1, "os.posix_spawn": 1, "os.spawn": 2, "os.system": 0}


def shows_key(data: Any) -> bool:
    """Return whether the key is in `data`, bytes or something that can be searched like them."""
    return any(data.find(trace) >= 0 for trace in TRACES)


def files_with_key(folder: Path) -> set[Path]:
    """Return the files below a folder that hold the key."""
    return {path for path in folder.rglob("*") if _is_file(path) and _holds_key(path)}


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:  # whoever made it has just taken it away
        return False


def _holds_key(path: Path) -> bool:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return shows_key(data)
    except (FileNotFoundError, ValueError):  # gone, or empty, which cannot be mapped
        return False


def watch_starts(event: str, arguments: tuple[Any, ...]) -> None:
    """Fail, as an audit hook, where a program is started with the key among its words."""
    if event in _STARTS:
        words = arguments[_STARTS[event]]
        assert not shows_key(_joined(words)), f"the key is an argument: {event}"


def _joined(words: Any) -> bytes:
    if isinstance(words, str):
        return words.encode("utf-8", "surrogateescape")
    if isinstance(words, Iterable) and not isinstance(words, bytes):
        return b"\0".join(_joined(word) for word in words)
    # A path may be no text.
    return bytes(words) if isinstance(words, bytes) else str(words).encode("utf-8", "surrogateescape")
