"""Where a request goes: a urllib3 pool, the request line, the headers. The environment says whom to trust.

urllib3 sends all requests. Which proxy is meant, for whom not, and how to talk to it is what requests knows;
but a sixth of a short run went into importing it, so it is asked only where a proxy may be set at all.
"""

import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.util import parse_url

from nebius_cli import __version__
from nebius_cli.core.errors import AuthError, ConfigError
from nebius_cli.core.secret import Secret
from nebius_cli.core.urls import strip_credentials

MOST_TARGETS = 100  # addresses remembered; queries can differ from row to row
# As requests has them: trying again is for whoever calls, and so is following a redirect.
RETRIES = urllib3.Retry(0, read=False)


@dataclass(frozen=True, slots=True)
class Target:
    """An address as a request needs it: the pool, what stands in the request line, the headers."""

    method: str
    shown: str  # without a password
    pool: urllib3.HTTPConnectionPool
    line: str
    headers: Mapping[str, str]


class Pools:
    """The pools of one key, one for each server, and what is asked of them. Safe for threads.

    `cacert` is a file or folder of authorities, empty for those of the environment, which `trust_env=False`
    ignores together with its proxies; `size` is how many connections to a server are kept open.
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
        """Return where and how `url` is asked; a POST is of JSON.

        Raises ConfigError where the authorities are not there, and what urllib3 and requests do for what
        cannot be called.
        """
        target = self._targets.get((method, url, accept))
        if target is None:
            with self._lock:
                if len(self._targets) >= MOST_TARGETS:
                    self._targets.clear()
                target = self._targets[method, url, accept] = self._prepare(method, url, accept)
        return target

    def _prepare(self, method: str, url: str, accept: str) -> Target:
        authorities = self._authorities() if urlsplit(url).scheme == "https" else ""
        if self._trust_env and proxies_may_be_set():
            pool, line = self._behind_proxy(url, authorities)
        else:
            pool = self._manager.connection_from_url(url, _trusting(authorities))
            line = parse_url(url).request_uri
        headers = {"Host": _host(url), "User-Agent": f"nbx/{__version__}", "Accept": accept}
        headers |= urllib3.make_headers(accept_encoding=True, keep_alive=True)
        if method == "POST":
            headers["Content-Type"] = "application/json"
        headers["Authorization"] = self._bearer
        return Target(method, strip_credentials(url), pool, line, headers)

    def _behind_proxy(self, url: str, authorities: str) -> tuple[urllib3.HTTPConnectionPool, str]:
        if self._proxied is None:
            from nebius_cli.api.proxies import Proxied  # brings urllib3

            self._proxied = Proxied(self._size)
        way: tuple[urllib3.HTTPConnectionPool, str] = self._proxied.way(url, authorities)
        return way

    def _authorities(self) -> str:
        path = trusted(self._cacert, trust_env=self._trust_env)
        if not Path(path).exists():
            why = "there is no such file or folder"
            raise ConfigError(f"cannot read the authorities in {path}", why, "--cacert FILE, or unset it")
        return path


def check_key(key: Secret) -> Secret:
    """Return a key that can stand in a header. Raises AuthError, without showing it."""
    value = key.reveal().strip()
    if not value.isascii() or not value.isprintable() or not value:
        why = "it holds characters that no key has" if value else "it is empty"
        raise AuthError("the API key cannot be sent", why, "copy it once more")
    return Secret(value)


def trusted(cacert: str, *, trust_env: bool = True) -> str:
    """Return the file or folder of the authorities: the one named, the environment's, or certifi's."""
    ours = trust_env and (os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE"))
    if cacert or ours:
        return cacert or str(ours)
    from certifi import where  # 10 ms, and not for plain HTTP

    return where()


def proxies_may_be_set() -> bool:
    """Return whether the environment, or a system that has settings for it, may name a proxy."""
    for name, value in os.environ.items():
        if value and name.lower().endswith("_proxy") and name.lower() != "no_proxy":
            return True
    if sys.platform in ("win32", "darwin"):
        from urllib.request import getproxies

        return bool(getproxies())
    return False


def _trusting(authorities: str) -> dict[str, Any]:
    if not authorities:
        return {}
    kind = "ca_cert_dir" if Path(authorities).is_dir() else "ca_certs"
    return {"cert_reqs": "CERT_REQUIRED", kind: authorities}


def _host(url: str) -> str:
    """Return the Host header."""
    parts = parse_url(url)
    usual = parts.port in (None, {"http": 80, "https": 443}.get(parts.scheme or ""))
    return str(parts.host if usual else parts.netloc)
