"""Tells whether a proxy may be set in the environment or the system, without finding out which one."""

import os
import sys

from nebius_cli.core.urls import is_loopback

HAVE_SETTINGS = frozenset({"darwin", "win32"})  # systems with their own proxy settings


def proxy_may_be_set() -> bool:
    """Return whether the environment or the settings of the system may name a proxy."""
    for name, value in os.environ.items():
        if value and name.lower().endswith("_proxy") and name.lower() != "no_proxy":
            return True
    if sys.platform in HAVE_SETTINGS:
        from urllib.request import getproxies

        return bool(getproxies())
    return False


def may_apply_to(host: str, *, trust_env: bool) -> bool:
    """Return whether requests to a host may have to go through a proxy; False for this machine."""
    return trust_env and not is_loopback(host) and proxy_may_be_set()
