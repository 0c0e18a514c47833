"""The way to a server where a proxy may be set: requests says which one, for whom not, and how."""

from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies


class Proxied(HTTPAdapter):
    """An adapter of requests that sends nothing itself: it hands out the pool that it would send through."""

    def __init__(self, size: int) -> None:
        super().__init__(pool_maxsize=size)

    def way(self, url: str, authorities: str) -> tuple[urllib3.HTTPConnectionPool, str]:
        """Return the pool for `url` and what stands in the request line.

        `authorities` is a file or folder, empty for plain HTTP. Raises what requests does for what cannot be
        called.
        """
        request = requests.Request("POST", url).prepare()
        proxies = get_environ_proxies(url)
        # The stubs say a little less than is so.
        verify: Any = authorities or True
        pool: Any = self.get_connection_with_tls_context(request, verify, proxies=proxies)
        self.cert_verify(pool, url, verify, None)  # type: ignore[no-untyped-call]
        return pool, str(self.request_url(request, proxies))
