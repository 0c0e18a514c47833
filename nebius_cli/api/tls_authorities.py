"""Finds the file or folder of certificate authorities that requests trust, and loads it for TLS."""

import os
from typing import TYPE_CHECKING

from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.system.certificate_paths import exists, split, split_list

if TYPE_CHECKING:
    from ssl import SSLContext


def named(cacert: str, *, trust_env: bool = True) -> str:
    """Return the configured file or folder: `cacert`, otherwise the environment's; empty if there is none."""
    in_environment = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    return cacert or (trust_env and in_environment) or ""


def trusted(cacert: str, *, trust_env: bool = True) -> str:
    """Return the file or folder of the authorities: the configured one, otherwise certifi's."""
    if path := named(cacert, trust_env=trust_env):
        return path
    from certifi import where  # takes 10 ms, and plain HTTP does not need it

    return where()


def check_readable(path: str) -> str:
    """Return a file, a folder or a list of them. Raises ConfigError if none exists or one is unreadable."""
    found = [place for place in split_list(path) if exists(place)]
    if not found:
        raise _unreadable(path, "no such file or folder")
    if not all(os.access(place, os.R_OK) for place in found):
        raise _unreadable(path, "permission denied")
    return path


def tls_context(path: str) -> "SSLContext":
    """Return a context that trusts the authorities in `path`. Raises ConfigError.

    Any number of threads may share it: reading the authorities takes 14 ms, so a context for each connection
    would take longer than all other work of `nbx bulk` on that connection.
    """
    from urllib3.util.ssl_ import ALPN_PROTOCOLS, create_urllib3_context

    context = create_urllib3_context()
    file, folders = split(path)
    try:
        context.load_verify_locations(cafile=file or None, capath=folders or None)
    except OSError as error:  # includes ssl.SSLError
        raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from None
    context.set_alpn_protocols(ALPN_PROTOCOLS)
    # urllib3 sets them again for each connection. OpenSSL must not free them while another thread reads them.
    vars(context)["set_alpn_protocols"] = lambda protocols: None  # noqa: ARG005
    return context


def count(path: str) -> int:
    """Return how many authorities a file holds; 0 for a folder, which is read later. Raises ConfigError."""
    return tls_context(path).cert_store_stats()["x509_ca"]


def _unreadable(path: str, why: str) -> ConfigError:
    names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "NBX_CACERT")
    variable = next((name for name in names if os.environ.get(name) in (path, *split_list(path))), "")
    hint = f"correct or unset {variable}" if variable else "use --cacert FILE to choose another file"
    return ConfigError(f"cannot read the certificate authorities in {path}", why, hint)
