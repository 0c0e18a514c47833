"""Probes the system and the network: file permissions, proxy, DNS, TCP, TLS."""

import contextlib
import os
import platform
import socket
import ssl
import stat
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from nebius_cli import __version__
from nebius_cli.api import tls_authorities
from nebius_cli.api.choose_proxy import Proxy, proxy_of
from nebius_cli.core.errors_and_exit_codes import NetworkError
from nebius_cli.system.thread_with_timeout import run_with_timeout

# OpenSSL's codes for a certificate that is not valid yet or has expired, often due to a wrong clock.
CLOCK_VERIFY_CODES = (9, 10)


@dataclass(frozen=True, slots=True)
class Route:
    """The route of requests to a URL: the proxy, or None, and the trusted authorities."""

    proxy: Proxy | None
    authorities: str

    @property
    def has_custom_authorities(self) -> bool:
        """Whether the authorities differ from those bundled with nbx."""
        return self.authorities != tls_authorities.trusted("", trust_env=False)


@dataclass(frozen=True, slots=True)
class TlsConnection:
    """A TLS connection that succeeded: its version, and the expiry of the certificate, in Unix time."""

    version: str
    expires_at: float


def describe_system() -> list[tuple[str, str]]:
    """Return the versions and paths of nbx, Python and the platform, as names and texts."""
    python = f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    return [
        ("nbx", f"{__version__}, {Path(__file__).parents[1]}"),
        ("python", python),
        ("platform", platform.platform()),
    ]


def permissions(path: Path) -> int | None:
    """Return the permission bits of a file or folder, None on Windows or if it cannot be read."""
    if os.name == "nt":
        return None
    with contextlib.suppress(OSError):
        return stat.S_IMODE(path.stat().st_mode)
    return None


def route(url: str, cacert: str) -> Route:
    """Return the route of requests to `url`, according to the environment of this process.

    Raises ConfigError for a proxy that cannot be used.
    """
    return Route(proxy_of(url), tls_authorities.trusted(cacert))


def resolve(host: str, port: int, timeout_s: float) -> list[str]:
    """Return the distinct addresses of a host. Raises NetworkError."""
    try:
        found = run_with_timeout(timeout_s, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise NetworkError(f"{host} does not resolve", why, "check base_url and the network") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def connect(host: str, port: int, timeout_s: float) -> float:
    """Open and close a TCP connection; return how many seconds it took. Raises NetworkError."""
    started = time.monotonic()

    def work() -> None:
        socket.create_connection((host, port), timeout=timeout_s).close()

    try:
        run_with_timeout(timeout_s, work)
    except OSError as error:
        raise NetworkError(
            f"cannot connect to {host}:{port}",
            error.strerror or str(error),
            "a firewall blocks it, or no server is listening there",
        ) from None
    return time.monotonic() - started


def handshake(host: str, port: int, path: str, timeout_s: float) -> TlsConnection:
    """Open and close a TLS connection that trusts the authorities in `path`. Raises NetworkError."""

    def work() -> TlsConnection:
        with (
            socket.create_connection((host, port), timeout=timeout_s) as plain,
            tls_authorities.tls_context(path).wrap_socket(plain, server_hostname=host) as secure,
        ):
            certificate = secure.getpeercert() or {}
            return TlsConnection(
                secure.version() or "TLS", ssl.cert_time_to_seconds(str(certificate["notAfter"]))
            )

    try:
        return run_with_timeout(timeout_s, work)
    except ssl.SSLCertVerificationError as error:
        now = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
        hint = "use --cacert FILE to trust another certificate authority"
        if error.verify_code in CLOCK_VERIFY_CODES:
            hint = f"check the clock of this machine: it says {now} UTC"
        raise NetworkError("the certificate is not accepted", error.verify_message, hint) from None
    except OSError as error:
        why = (isinstance(error, ssl.SSLError) and error.reason) or error.strerror or str(error)
        raise NetworkError(
            "cannot establish a TLS connection", why, "a proxy or firewall in between may have answered"
        ) from None
