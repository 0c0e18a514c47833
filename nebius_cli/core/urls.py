"""URLs: the base URL in the one form that is used, endpoints under it, and what of them may be shown."""

from urllib.parse import SplitResult, urlsplit, urlunsplit

from nebius_cli.core.errors import ConfigError


def parse_base_url(text: str) -> SplitResult:
    """Return the base URL in the one form used: scheme, host, path that ends in /v1.

    It may be given with or without /v1, a slash, or the endpoint's own path. Raises ConfigError.
    """
    try:
        parts = urlsplit(text.strip())
        # Some releases of urllib3 would look up a host with a space in it.
        host = parts.hostname and len(parts.hostname.split()) == 1
        valid = parts.scheme in ("http", "https") and host and (parts.port or True)
    except ValueError:
        valid = False
    if not valid or parts.query or parts.fragment:
        raise ConfigError(
            f"base_url {strip_credentials_and_query(text)}",
            "it must be http:// or https:// with a host and a path",
        )
    path = parts.path.rstrip("/").removesuffix("/completions").rstrip("/")
    return parts._replace(path=path if path.endswith("/v1") else path + "/v1")


def endpoint_url(base: SplitResult, path: str, query: str) -> str:
    """Return the URL of an endpoint."""
    return urlunsplit(base._replace(path=base.path + path, query=query))


def is_plain_http(base: SplitResult) -> bool:
    """Return whether the key would cross a network unencrypted."""
    host = base.hostname or ""
    return base.scheme == "http" and host not in ("localhost", "::1") and not host.startswith("127.")


def strip_credentials_and_query(url: str) -> str:
    """Return a URL that somebody else wrote, as it may be shown: without user, password and what asks."""
    stripped = strip_credentials(url)
    end = min((stripped.find(separator) for separator in "?#" if separator in stripped), default=None)
    return stripped if end is None else f"{stripped[: end + 1]}…"


def strip_credentials(url: str) -> str:
    """Return a URL without the user and password that may be in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = None
    if parts is None or not parts.netloc:  # no URL, but one may have been meant
        return url.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
