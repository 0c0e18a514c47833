"""Chooses the urllib3 pool, the request line and the headers of each request.

urllib3 sends all requests. Only where a proxy may be set, requests decides which one to use and how to talk
to it: importing requests takes a sixth of a short run.
"""

import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.util import parse_url

from nebius_cli import __version__
from nebius_cli.api.authorities import check_readable, pool_options, trusted
from nebius_cli.core.errors import AuthError
from nebius_cli.core.secret import Secret
from nebius_cli.core.urls import strip_credentials

PROXY_SETTINGS = frozenset({"darwin", "win32"})  # systems that have proxy settings of their own
MAX_TARGETS = 100  # remembered; queries can differ from row to row
# As in requests: the caller tries again and follows redirects.
RETRIES = urllib3.Retry(0, read=False)


@dataclass(frozen=True, slots=True)
class Target:
    """What a request to a URL needs: the pool, the target of the request line, the headers."""

    method: str
    shown: str  # without a password
    pool: urllib3.HTTPConnectionPool
    line: str
    headers: Mapping[str, str]


class Pools:
    """The connection pools for requests with one key, one pool for each server. Safe for threads.

    `cacert` is a file or folder of authorities, empty for those of the environment; `trust_env=False` ignores
    the authorities and proxies of the environment. `size` is how many connections to a server stay open.
    """

    def __init__(self, key: Secret, *, cacert: str, trust_env: bool, size: int) -> None:
        self._bearer = f"Bearer {check_key(key).reveal()}"
        self._cacert = cacert
        self._trust_env = trust_env
        self._size = size
        self._manager = urllib3.PoolManager(maxsize=size)
        self._proxied: Any = None
        self._targets: dict[tuple[str, str, str], Target] = {}
        self._lock = threading.Lock()

    def target(self, method: str, url: str, accept: str) -> Target:
        """Return the target for requests to `url`; a POST sends JSON.

        Raises ConfigError for authorities that do not exist, and what urllib3 and requests raise for a URL
        that cannot be requested.
        """
        target = self._targets.get((method, url, accept))
        if target is None:
            with self._lock:
                if len(self._targets) >= MAX_TARGETS:
                    self._targets.clear()
                target = self._targets[method, url, accept] = self._prepare(method, url, accept)
        return target

    def _prepare(self, method: str, url: str, accept: str) -> Target:
        authorities = ""
        if urlsplit(url).scheme == "https":
            authorities = check_readable(trusted(self._cacert, trust_env=self._trust_env))
        if self._trust_env and proxies_may_be_set():
            pool, line = self._behind_proxy(url, authorities)
        else:
            pool = self._manager.connection_from_url(url, pool_options(authorities))
            line = parse_url(url).request_uri
        headers = {"Host": _host(url), "User-Agent": f"nbx/{__version__}", "Accept": accept}
        headers |= urllib3.make_headers(accept_encoding=True, keep_alive=True)
        if method == "POST":
            headers["Content-Type"] = "application/json"
        headers["Authorization"] = self._bearer
        return Target(method, strip_credentials(url), pool, line, headers)

    def _behind_proxy(self, url: str, authorities: str) -> tuple[urllib3.HTTPConnectionPool, str]:
        if self._proxied is None:
            from nebius_cli.api.proxies import Proxied  # imports requests

            self._proxied = Proxied(self._size)
        route: tuple[urllib3.HTTPConnectionPool, str] = self._proxied.route(url, authorities)
        return route


def check_key(key: Secret) -> Secret:
    """Return the key without white space around it. Raises AuthError where no header can carry it."""
    value = key.reveal().strip()
    if not value.isascii() or not value.isprintable() or not value:
        why = "it holds characters that no key has" if value else "it is empty"
        raise AuthError("the API key cannot be sent", why, "copy it once more")
    return Secret(value)


def proxies_may_be_set() -> bool:
    """Return whether the environment, or a system that has settings for it, may name a proxy."""
    for name, value in os.environ.items():
        if value and name.lower().endswith("_proxy") and name.lower() != "no_proxy":
            return True
    if sys.platform in PROXY_SETTINGS:
        from urllib.request import getproxies

        return bool(getproxies())
    return False


def _host(url: str) -> str:
    """Return the Host header."""
    parts = parse_url(url)
    usual = parts.port in (None, {"http": 80, "https": 443}.get(parts.scheme or ""))
    return str(parts.host if usual else parts.netloc)
