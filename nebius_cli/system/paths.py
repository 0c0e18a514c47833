"""Returns the directories of config, cache and data: XDG on Linux, the platform's standard elsewhere."""

from collections.abc import Mapping
from pathlib import Path


def config_dir(environ: Mapping[str, str]) -> Path:
    """Return the directory of config.toml; `NBX_CONFIG_DIR` overrides it."""
    return _place(environ, "NBX_CONFIG_DIR", "XDG_CONFIG_HOME", "config")


def cache_dir(environ: Mapping[str, str]) -> Path:
    """Return the directory of fetched weights and model lists; `NBX_CACHE_DIR` overrides it."""
    return _place(environ, "NBX_CACHE_DIR", "XDG_CACHE_HOME", "cache")


def data_dir(environ: Mapping[str, str]) -> Path:
    """Return the directory of the ledger; `NBX_DATA_DIR` overrides it."""
    return _place(environ, "NBX_DATA_DIR", "XDG_DATA_HOME", "data")


def xdg_base(environ: Mapping[str, str], name: str) -> Path | None:
    """Return the directory in a variable of the XDG Base Directory Specification, None if unset."""
    base = Path(environ.get(name, ""))
    return base if base.is_absolute() else None  # the specification says to ignore relative paths


def _place(environ: Mapping[str, str], override: str, xdg: str, kind: str) -> Path:
    if chosen := environ.get(override):
        return Path(chosen)
    if (base := xdg_base(environ, xdg)) is not None:
        return base / "nbx"
    # Imported late: it takes longer than reading a small config file.
    import platformdirs

    if kind == "config":
        return Path(platformdirs.user_config_dir("nbx", appauthor=False))
    if kind == "data":
        return Path(platformdirs.user_data_dir("nbx", appauthor=False))
    return Path(platformdirs.user_cache_dir("nbx", appauthor=False))
