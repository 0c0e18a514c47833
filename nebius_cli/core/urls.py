"""Parses the base URL, builds endpoint URLs, and removes credentials from URLs in messages.

`parse_url` is the only parser of URLs that receive the key. It rebuilds a URL from parts that it has checked,
so that the HTTP library, which parses the result again, connects to the host that was checked: the result
contains no character that two parsers could interpret differently.
"""

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from nebius_cli.core.errors_and_exit_codes import ConfigError

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

CONSOLE_URL = "https://tokenfactory.nebius.com"  # where people create API keys

DEFAULT_PORTS = {"http": 80, "https": 443}
_INVALID_HOST = "it must have a valid host and port"
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?")
_ZONE = r"[A-Za-z0-9_.-]+"
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*)(:(?P<port>[0-9]*))?")
_SAFE = "!$%&'()*+,/:;=@~"  # characters of a path or a query that are not escaped
# Endpoints of the API, which are often pasted together with the base URL.
_ENDPOINTS = r"(/chat)?/completions$|(?<=/v1)/(chat|models|embeddings|responses)$"


def parse_url(text: str) -> SplitResult:
    """Return an http or https URL in its canonical form, without a fragment and without the default port.

    Raises ValueError with the reason for anything else, including a URL with a user name.
    """
    if "\\" in text or not text.isprintable():
        raise ValueError("it must not contain a backslash or a control character")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(_INVALID_HOST) from None
    if parts.scheme not in DEFAULT_PORTS or not parts.netloc:
        meant = "" if "://" in text else _with_scheme(text)
        guess = f"; did you mean {meant}?" if meant else ""
        raise ValueError(f"it must be http:// or https:// with a host and a path{guess}")
    if "@" in parts.netloc:
        raise ValueError("it must not contain a user name or a password: nbx sends neither")
    authority = _AUTHORITY.fullmatch(parts.netloc)
    if authority is None:
        raise ValueError(_INVALID_HOST)
    port = int(authority["port"] or DEFAULT_PORTS[parts.scheme])
    if port > 65535:
        raise ValueError(_INVALID_HOST)
    netloc = _host(authority["host"]) + ("" if port == DEFAULT_PORTS[parts.scheme] else f":{port}")
    return SplitResult(
        parts.scheme, netloc, quote(parts.path, safe=_SAFE), quote(parts.query, safe=_SAFE + "?"), ""
    )


def _with_scheme(text: str) -> str:
    """Guess the full URL if the scheme was left out; return an empty text for anything else.

    Servers on this machine or in the local network rarely use TLS.
    """
    if not re.match(r"localhost\b|\[|[^:/]+(\.|:[0-9])", text):
        return ""
    try:
        parts = parse_url(f"https://{text}")
        host = parts.hostname or ""
        address = parse_address(host)
        near = is_loopback(host) if address is None else address.is_private
        if near or (address is None and ("." not in host or host.endswith(".local"))):
            parts = parse_url(f"http://{text}")
    except ValueError:
        return ""
    return parts._replace(query="").geturl()


def _host(text: str) -> str:
    """Return a host in lower case and in ASCII; an IPv6 address keeps its brackets. Raises ValueError."""
    if text.startswith("["):
        from ipaddress import IPv6Address

        address, _, zone = text[1:-1].partition("%")
        zone = zone if zone == "25" else zone.removeprefix("25")  # a percent sign, encoded or not
        try:
            canonical = str(IPv6Address(address))
        except ValueError:
            canonical = ""
        if not canonical or (zone and not re.fullmatch(_ZONE, zone)):
            raise ValueError(_INVALID_HOST)
        return f"[{canonical}{'%' if zone else ''}{zone}]"
    host = text.lower()
    if not host.isascii():
        # IDNA 2003 and IDNA 2008 encode some letters differently; those are refused.
        try:
            host = text.encode("idna").decode().lower()
        except UnicodeError:
            raise ValueError(_INVALID_HOST) from None
        if host.encode().decode("idna") != text.lower():
            raise ValueError("the host must be in ASCII: xn--…")
    if not _HOST.fullmatch(host) or ".." in host:
        raise ValueError(_INVALID_HOST)
    return host


def join_url(base: str, reference: str) -> str:
    """Resolve `reference` relative to the URL `base`. Raises ValueError, like `parse_url`."""
    if "\\" in reference or not reference.isprintable():
        raise ValueError("it must not contain a backslash or a control character")
    return parse_url(urljoin(base, reference)).geturl()


def parse_base_url(text: str) -> SplitResult:
    """Return the base URL in its canonical form: scheme, host, and a path that ends in /v1.

    `text` may lack /v1, end with a slash, or include an endpoint such as /chat/completions. Raises
    ConfigError.
    """
    try:
        parts = parse_url(text.strip())
        why = "it must not contain ? or #" if "?" in text or "#" in text else ""
    except ValueError as error:
        why = str(error)
    if why:
        raise ConfigError(f"base_url {strip_credentials_and_query(text)}", why)
    path = re.sub("/+", "/", parts.path).rstrip("/")
    path = re.sub(r"(/v1)+$", "", re.sub(_ENDPOINTS, "", path))
    return parts._replace(path=path + "/v1")


def endpoint_url(base: SplitResult, path: str, query: str) -> str:
    """Return the URL of the endpoint `path` under `base`."""
    url = f"{base.scheme}://{base.netloc}{base.path}{path}"
    return f"{url}?{query}" if query else url


def shown_endpoint(base_url: str, path: str, query: str) -> str:
    """Return the URL of an endpoint without user and password. Raises ConfigError for a bad base URL."""
    return strip_credentials(endpoint_url(parse_base_url(base_url), path, query))


def is_loopback(host: str) -> bool:
    """Return whether a host, as in `SplitResult.hostname`, is this machine; DNS is not asked."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = parse_address(name)
    return address is not None and address.is_loopback


def parse_address(host: str) -> "IPv4Address | IPv6Address | None":
    """Parse a host as an IP address; return None for a name. An IPv4-mapped IPv6 address becomes IPv4."""
    if ":" not in host and not host[-1:].isdigit():
        return None  # importing ipaddress takes time
    from ipaddress import IPv6Address, ip_address

    try:
        address = ip_address(host)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def is_plain_http(base: SplitResult) -> bool:
    """Return whether the key would be sent unencrypted to another machine."""
    return base.scheme == "http" and not is_loopback(base.hostname or "")


def strip_credentials_and_query(url: str) -> str:
    """Return a URL without user, password, query and fragment, to be shown in a message."""
    stripped = strip_credentials(url)
    end = min((stripped.find(separator) for separator in "?#" if separator in stripped), default=None)
    return stripped if end is None else f"{stripped[: end + 1]}…"


def strip_credentials(url: str) -> str:
    """Return a URL without user and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = None
    if parts is None or not parts.netloc:  # not a URL, but possibly meant as one
        return url.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
