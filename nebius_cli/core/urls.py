"""Parses the base URL, builds endpoint URLs, and removes credentials from URLs in messages."""

from urllib.parse import SplitResult, urlsplit, urlunsplit

from nebius_cli.core.errors import ConfigError


def parse_base_url(text: str) -> SplitResult:
    """Return the base URL in its canonical form: scheme, host, and a path that ends in /v1.

    `text` may lack /v1, end with a slash, or include /completions. Raises ConfigError.
    """
    try:
        parts = urlsplit(text.strip())
        # Some releases of urllib3 look up a host that contains a space.
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
    """Return the URL of the endpoint `path` under `base`."""
    return urlunsplit(base._replace(path=base.path + path, query=query))


def is_plain_http(base: SplitResult) -> bool:
    """Return whether the key would be sent unencrypted to another machine."""
    host = base.hostname or ""
    return base.scheme == "http" and host not in ("localhost", "::1") and not host.startswith("127.")


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
