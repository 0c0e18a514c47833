"""Chooses the urllib3 pool, the request line and the headers of each request."""

import re
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult

import urllib3

from nebius_cli import __version__
from nebius_cli.api.connect_during_import import EarlyConnection
from nebius_cli.api.connection_pool import TimedPool, use_timed_pools
from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.http_response import HttpResponse
from nebius_cli.api.tls_authorities import check_readable, tls_context, trusted
from nebius_cli.core.secret import Secret
from nebius_cli.core.urls import DEFAULT_PORTS, parse_url
from nebius_cli.system import may_need_proxy
from nebius_cli.system.thread_with_timeout import Task, begin

if TYPE_CHECKING:
    from ssl import SSLContext

    from nebius_cli.api.choose_proxy import Proxy, ProxyPools

ZONE = re.compile(r"%[^\]]*")
MAX_TARGETS = 100  # kept in memory; query parameters can differ from row to row


class Target(NamedTuple):
    """The prepared parts of a request to a URL.

    `head` is the request line and all headers except Content-Length. `tunnel` tells whether an
    HTTP proxy is asked for a tunnel to the server. `server` is the host and port of the server, `authorities`
    the path of the certificate authorities to trust, empty for plain HTTP.
    """

    url: str
    pool: TimedPool
    head: bytes
    tunnel: bool
    server: str
    authorities: str
    proxy: "Proxy | None"

    def begin(self, body: bytes | None, deadline: Deadline) -> HttpResponse:
        """Send a request and return its answer, still unread. Raises the errors of `TimedPool.begin`."""
        return self.pool.begin(self.head, body, deadline, tunnel=self.tunnel)


class Pools:
    """The connection pools for requests with one key, one pool for each server. Thread-safe.

    `cacert` is a file or folder of certificate authorities; if empty, the environment's or certifi's.
    `trust_env=False` ignores the authorities and proxies of the environment. `size` is how many connections
    to a server stay open; `headers` are added to each request. `connect_timeout_s` limits each attempt to
    connect to one address of a host; None means no limit. `early` is a connection that is already being made;
    the first request uses it if it is to the same server.
    """

    def __init__(
        self,
        key: Secret,
        *,
        cacert: str,
        trust_env: bool,
        size: int,
        headers: Mapping[str, Secret] = MappingProxyType({}),
        connect_timeout_s: float | None = None,
        early: EarlyConnection | None = None,
    ) -> None:
        self._bearer = f"Bearer {key.reveal()}"
        self._cacert = cacert
        self._headers = headers
        self._trust_env = trust_env
        self._pool_options: dict[str, Any] = {
            "maxsize": size,
            "timeout": urllib3.Timeout(connect=connect_timeout_s, read=None),
        }
        self._direct = use_timed_pools(urllib3.PoolManager(**self._pool_options))
        self._proxied: ProxyPools | None = None
        self._early = early
        self._tls: Task[SSLContext] | None = None  # shared by all connections
        self._targets: dict[tuple[str, str, str], Target] = {}
        self._lock = threading.Lock()

    def target(self, method: str, url: str, accept: str) -> Target:
        """Return the target for requests to `url`; a POST sends JSON.

        Raises ConfigError for authorities that cannot be read and for a proxy that cannot be used.
        """
        target = self._targets.get((method, url, accept))
        if target is None:
            with self._lock:
                if len(self._targets) >= MAX_TARGETS:
                    self._targets.clear()
                target = self._targets[method, url, accept] = self._prepare(method, url, accept)
        return target

    def proxy(self, parts: SplitResult) -> "Proxy | None":
        """Return the proxy for requests to a URL, if there is one. Raises ConfigError if it is invalid."""
        if not may_need_proxy.may_apply_to(parts.hostname or "", trust_env=self._trust_env):
            return None
        from nebius_cli.api.choose_proxy import proxy_of

        return proxy_of(parts.geturl())

    def _prepare(self, method: str, url: str, accept: str) -> Target:
        parts = parse_url(url)
        authorities, port, options = "", parts.port or DEFAULT_PORTS[parts.scheme], {}
        if parts.scheme == "https":
            authorities, options = self._authorities(), {"ssl_context": self._tls_context()}
        proxy = self.proxy(parts)
        # urllib3 gets the host that was checked, so that it does not parse the URL in another way. A zone of
        # an IPv6 address is allowed only in brackets.
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        pool = self._manager(proxy).connection_from_host(host, port, parts.scheme, options)
        assert isinstance(pool, TimedPool)  # noqa: S101 - for the type checker
        pool.early = None if proxy else self._early
        line = urllib3.util.parse_url(parts.geturl()).request_uri
        forwarded = proxy is not None and parts.scheme == "http" and not proxy.is_socks
        if forwarded:
            line = f"http://{parts.netloc}{line}"
        named = ZONE.sub("", parts.netloc)  # an IPv6 zone is valid only on this machine
        headers = {"Host": named, "User-Agent": f"nbx/{__version__}", "Accept": accept}
        headers |= urllib3.make_headers(accept_encoding=True, keep_alive=True)
        if method == "POST":
            headers["Content-Type"] = "application/json"
        custom = {name.lower() for name in self._headers}
        headers = {name: value for name, value in headers.items() if name.lower() not in custom}
        headers |= {name: value.reveal() for name, value in self._headers.items()}
        headers["Authorization"] = self._bearer
        if forwarded:
            headers |= pool.proxy_headers
        server = f"{parts.netloc.removesuffix(f':{port}')}:{port}"
        lines = (f"{method} {line} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "")
        head, tunnel = "\r\n".join(lines).encode("latin-1"), pool.proxy is not None and not forwarded
        return Target(url, pool, head, tunnel, server, authorities, proxy)

    def _manager(self, proxy: "Proxy | None") -> urllib3.PoolManager:
        if proxy is None:
            return self._direct
        if self._proxied is None:
            from nebius_cli.api.choose_proxy import ProxyPools

            self._proxied = ProxyPools(self._pool_options, self._tls_context)
        return self._proxied.manager(proxy)

    def _authorities(self) -> str:
        return check_readable(trusted(self._cacert, trust_env=self._trust_env))

    def load_authorities(self, parts: SplitResult) -> None:
        """Start to load the authorities for requests to an https URL, in a thread. Raises ConfigError."""
        if parts.scheme == "https":
            self._begin_tls()

    def _begin_tls(self) -> "Task[SSLContext]":
        if self._tls is None:
            path = self._authorities()
            self._tls = begin(lambda: tls_context(path), "nbx-authorities")
        return self._tls

    def _tls_context(self) -> "SSLContext":
        return self._begin_tls().outcome()
