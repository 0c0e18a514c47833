"""Returns the directories of config, cache and data: XDG on Linux, the platform's standard elsewhere.

A leading `~` in a path is expanded to the home directory: no shell does that for settings, or for variables
of containers and services.
"""

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

# Used if there is no home directory: no file exists below the null device, and none can be created there.
NO_HOME = Path(os.devnull) / "no-home-directory"


def config_dir(environ: Mapping[str, str]) -> Path:
    """Return the directory of config.toml; `NBX_CONFIG_DIR` overrides it."""
    return _nbx_dir(environ, "NBX_CONFIG_DIR", "XDG_CONFIG_HOME", "config")


def cache_dir(environ: Mapping[str, str]) -> Path:
    """Return the directory of fetched weights and model lists; `NBX_CACHE_DIR` overrides it."""
    return _nbx_dir(environ, "NBX_CACHE_DIR", "XDG_CACHE_HOME", "cache")


def data_dir(environ: Mapping[str, str]) -> Path:
    """Return the directory of the ledger; `NBX_DATA_DIR` overrides it."""
    return _nbx_dir(environ, "NBX_DATA_DIR", "XDG_DATA_HOME", "data")


def home(environ: Mapping[str, str]) -> Path:
    """Return the home directory: HOME, or that of the user's account; NO_HOME if there is none."""
    named = environ.get("HOME") or (environ.get("USERPROFILE") if os.name == "nt" else "") or ""
    if os.path.isabs(named):  # noqa: PTH117 - pathlib slows the start
        return Path(named)
    return _account_home("") or NO_HOME


def expand(path: str, environ: Mapping[str, str]) -> str:
    """Return a path with a leading `~` or `~user` replaced by that home directory, if there is one."""
    if not path.startswith("~"):
        return path
    user, slash, rest = path[1:].partition("/")
    folder = _account_home(user) if user else home(environ)
    return path if folder is None else f"{folder}{slash}{rest}"


def xdg_base(environ: Mapping[str, str], name: str) -> Path | None:
    """Return the directory in a variable of the XDG Base Directory Specification, None if unset."""
    base = Path(expand(environ.get(name, ""), environ))
    return base if base.is_absolute() else None  # the specification says to ignore relative paths


def _nbx_dir(environ: Mapping[str, str], override: str, xdg: str, kind: str) -> Path:
    if chosen := environ.get(override):
        return Path(expand(chosen, environ))
    if (base := xdg_base(environ, xdg)) is not None:
        return base / "nbx"
    return _standard_dir(kind, environ)


if sys.platform in {"win32", "darwin"}:

    def _standard_dir(kind: str, environ: Mapping[str, str]) -> Path:
        import platformdirs

        del environ  # platformdirs asks the system
        if kind == "config":
            found = platformdirs.user_config_dir("nbx", appauthor=False)
        elif kind == "data":
            found = platformdirs.user_data_dir("nbx", appauthor=False)
        else:
            found = platformdirs.user_cache_dir("nbx", appauthor=False)
        return Path(found) if Path(found).is_absolute() else NO_HOME

else:

    def _standard_dir(kind: str, environ: Mapping[str, str]) -> Path:
        below = {"config": ".config", "cache": ".cache", "data": ".local/share"}
        return home(environ) / below[kind] / "nbx"


def _account_home(user: str) -> Path | None:
    """Return the home directory of an account, of this process's user if `user` is empty; None if unknown."""
    if sys.platform != "win32":
        import pwd

        with contextlib.suppress(KeyError, OSError):  # a container may run under a user ID without an account
            account = pwd.getpwnam(user) if user else pwd.getpwuid(os.getuid())
            if os.path.isabs(account.pw_dir):  # noqa: PTH117 - pathlib slows the start
                return Path(account.pw_dir)
    return None
