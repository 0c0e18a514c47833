"""Reads the project file, `.nbx.toml` in the current directory or above it, if project_file is true."""

import contextlib
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from nebius_cli.config.merge_settings_layers import ConfigSource
from nebius_cli.config.read_and_write_config_file import read_toml
from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.system import paths

NAME = ".nbx.toml"


def read(environ: Mapping[str, str]) -> ConfigSource | None:
    """Return the nearest project file, None if there is none. Raises ConfigError."""
    try:
        here = Path.cwd()
    except OSError:  # the directory has been removed, or may not be read
        return None
    path = find(here, Path(os.path.realpath(paths.home(environ))))
    if path is None:
        return None
    if is_untrusted(path):
        why = "another user owns it, in a directory that everybody can write to"
        raise ConfigError(f"{path} is not trusted", why, "NBX_PROJECT_FILE=0 ignores it")
    return read_toml(path, "")


def find(start: Path, home: Path | None) -> Path | None:
    """Return the nearest project file in `start` or above it, up to `home` or the root, or None."""
    for folder in (start, *start.parents):
        if os.path.lexists(folder / NAME):
            return folder / NAME
        if folder == home:
            break
    return None


def is_untrusted(path: Path) -> bool:
    """Return whether another user may have put the file there, such as /tmp/.nbx.toml."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            foreign = path.lstat().st_uid not in (os.geteuid(), 0)
            return foreign and bool(path.parent.stat().st_mode & stat.S_IWOTH)
    return False
