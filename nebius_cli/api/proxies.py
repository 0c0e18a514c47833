"""Requests through a proxy: requests decides which proxy a URL needs, and makes the pool for it."""

from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy


def proxy_of(url: str) -> str:
    """Return the proxy that requests to `url` go through, by the environment; empty for none."""
    return select_proxy(url, get_environ_proxies(url)) or ""


class Proxied(HTTPAdapter):
    """An adapter of requests that sends nothing: it only hands out the pool for a URL."""

    def __init__(self, size: int) -> None:
        super().__init__(pool_maxsize=size)

    def route(self, url: str, authorities: str) -> tuple[urllib3.HTTPConnectionPool, str]:
        """Return the pool for `url` and the target of the request line.

        `authorities` is a file or folder, empty for plain HTTP. Raises what requests raises for a URL that
        cannot be requested.
        """
        request = requests.Request("POST", url).prepare()
        proxies = get_environ_proxies(url)
        # The stubs are narrower than the functions.
        verify: Any = authorities or True
        pool: Any = self.get_connection_with_tls_context(request, verify, proxies=proxies)
        self.cert_verify(pool, url, verify, None)  # type: ignore[no-untyped-call]
        return pool, str(self.request_url(request, proxies))
