"""Tells whether the environment or the system may name a proxy, without reading which one."""

import os
import sys

from nebius_cli.core.urls import is_loopback

HAVE_SETTINGS = frozenset({"darwin", "win32"})  # systems that have proxy settings of their own


def may_be_set() -> bool:
    """Return whether the environment, or a system that has settings for it, may name a proxy."""
    for name, value in os.environ.items():
        if value and name.lower().endswith("_proxy") and name.lower() != "no_proxy":
            return True
    if sys.platform in HAVE_SETTINGS:
        from urllib.request import getproxies

        return bool(getproxies())
    return False


def may_apply_to(host: str, *, trust_env: bool) -> bool:
    """Return whether requests to a host may have to go through a proxy; never those to this machine."""
    return trust_env and not is_loopback(host) and may_be_set()
