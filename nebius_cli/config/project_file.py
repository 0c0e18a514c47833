"""The project file: `.nbx.toml`, beside the work or above it, read only when a setting asks for it."""

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from nebius_cli.config.file import read_toml
from nebius_cli.config.layers import ConfigSource
from nebius_cli.core.errors import ConfigError

NAME = ".nbx.toml"


def read(environ: Mapping[str, str]) -> ConfigSource | None:
    """Return the nearest project file, None where there is none. Raises ConfigError."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # the directory has been removed
        return None
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    path = find(here, Path(os.path.realpath(home)) if home else None)
    if path is None:
        return None
    if is_planted(path):
        why = "it belongs to somebody else, in a directory that everybody may write to"
        raise ConfigError(f"{path} is not to be trusted", why, "NBX_PROJECT_FILE=0 does without it")
    return read_toml(path, "")


def find(start: Path, home: Path | None) -> Path | None:
    """Return the nearest project file in `start` or above it; the last place is `home` or the root."""
    for folder in (start, *start.parents):
        if os.path.lexists(folder / NAME):
            return folder / NAME
        if folder == home:
            break
    return None


def is_planted(path: Path) -> bool:
    """Return whether anybody could have put the file there: whoever works in /tmp gets no /tmp/.nbx.toml."""
    if os.name == "nt":
        return False
    with contextlib.suppress(OSError):
        return path.lstat().st_uid not in (os.geteuid(), 0) and bool(
            path.parent.stat().st_mode & stat.S_IWOTH
        )
    return False
