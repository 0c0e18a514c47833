"""Chooses the proxy for a URL from the environment or the system settings, and connects through it."""

import contextlib
import os
import sys
from importlib.util import find_spec
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, getproxies_environment, proxy_bypass

import urllib3
import urllib3.exceptions
from urllib3.util import parse_url

from nebius_cli.api.connection_pool import use_timed_pools
from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.core.urls import DEFAULT_PORTS, is_loopback, parse_address, strip_credentials_and_query

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

SOCKS_SCHEMES = ("socks4", "socks4a", "socks5", "socks5h")
SOCKS_PORT = 1080
VARIABLES = {"http": ("http_proxy", "HTTP_PROXY"), "https": ("https_proxy", "HTTPS_PROXY")}


class Proxy(NamedTuple):
    """A proxy: its URL, which may contain a password, and the variable that set it."""

    url: str
    variable: str

    @property
    def shown(self) -> str:
        """The URL without the password."""
        return strip_credentials_and_query(self.url)

    @property
    def host(self) -> str:
        """The host name of the proxy."""
        return parse_url(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port of the proxy."""
        parts = parse_url(self.url)
        return parts.port or DEFAULT_PORTS.get(parts.scheme or "", SOCKS_PORT)

    @property
    def is_socks(self) -> bool:
        """Whether it is a SOCKS proxy, which forwards connections instead of HTTP requests."""
        return self.url.startswith("socks")


def proxy_of(url: str) -> Proxy | None:
    """Return the proxy for requests to `url`, None if there is none. Raises ConfigError if it is invalid.

    Requests to this machine never go through a proxy. `url` has the form that `parse_url` returns.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
    names = (*VARIABLES[parts.scheme], "all_proxy", "ALL_PROXY")
    found = getproxies()
    text = found.get(parts.scheme) or found.get("all") or ""
    if not text or is_loopback(host) or _is_exempt(host, port, found.get("no", "")):
        return None
    if not getproxies_environment() and proxy_bypass(host):  # exceptions in the settings of Windows and macOS
        return None
    variable = next((name for name in names if os.environ.get(name) == text), "the system's proxy setting")
    return _checked(text.strip(), variable)


def _checked(text: str, variable: str) -> Proxy:
    """Return a proxy whose URL can be used. Raises ConfigError that names the variable."""
    url = text if "://" in text else f"http://{text}"
    proxy = Proxy(url, variable)
    hint = f"set {variable} to http://HOST:PORT, or unset it"
    parts = None
    with contextlib.suppress(urllib3.exceptions.LocationParseError):
        parts = parse_url(url)
    if parts is None or not parts.host or not url.isprintable() or " " in url or "\\" in url:
        raise ConfigError(f"{variable} is not a proxy URL: {proxy.shown}", "", hint)
    if parts.scheme not in ("http", "https", *SOCKS_SCHEMES):
        why = f"nbx supports the schemes http, https, {', '.join(SOCKS_SCHEMES)}"
        raise ConfigError(f"{variable} is not a supported proxy URL: {proxy.shown}", why, hint)
    if proxy.is_socks and find_spec("socks") is None:
        what = f"{variable} names a SOCKS proxy, which needs the package PySocks"
        raise ConfigError(what, "", f"{sys.executable} -m pip install pysocks")
    return proxy


def _is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Return whether `no_proxy` lists a host: as an address, network, name or domain, with or without a port.

    A name matches itself and its subdomains; a leading dot or `*.` makes no difference.
    """
    address = parse_address(host)
    for entry in no_proxy.replace(",", " ").lower().split():
        if entry == "*":
            return True
        name, only_port = _without_port(entry)
        if only_port not in ("", str(port)):
            continue
        if address is not None:
            try:
                network = ip_network(name, strict=False)
            except ValueError:
                continue
            if address in network:
                return True
        else:
            name = name.removeprefix("*").strip(".")
            if name and f".{host.strip('.')}".endswith(f".{name}"):
                return True
    return False


def _without_port(entry: str) -> tuple[str, str]:
    """Split an entry of `no_proxy` into a host, without brackets, and a port, which may be empty."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    name, separator, port = entry.rpartition(":")
    return (name, port) if separator and ":" not in name and port.isdigit() else (entry, "")


class ProxyPools:
    """The connection pools of each proxy; `options` are passed to urllib3.PoolManager.

    `tls_context` returns the TLS context for connections to proxies with an https URL.
    """

    def __init__(self, options: dict[str, Any], tls_context: "Callable[[], ssl.SSLContext]") -> None:
        self._options = options
        self._tls_context = tls_context
        self._managers: dict[str, urllib3.PoolManager] = {}

    def manager(self, proxy: Proxy) -> urllib3.PoolManager:
        """Return the manager of the pools for servers behind `proxy`."""
        if proxy.url not in self._managers:
            self._managers[proxy.url] = use_timed_pools(self._make(proxy))
        return self._managers[proxy.url]

    def _make(self, proxy: Proxy) -> urllib3.PoolManager:
        user, separator, password = (parse_url(proxy.url).auth or "").partition(":")
        user, password = unquote(user), unquote(password)
        if proxy.is_socks:
            from urllib3.contrib.socks import SOCKSProxyManager

            return SOCKSProxyManager(
                proxy.url, username=user or None, password=password if separator else None, **self._options
            )
        headers = urllib3.make_headers(proxy_basic_auth=f"{user}:{password}") if user or password else None
        tls = self._tls_context() if proxy.url.lower().startswith("https:") else None
        return urllib3.ProxyManager(proxy.url, proxy_headers=headers, proxy_ssl_context=tls, **self._options)
