"""Faulty servers and proxies for rows of the fault matrix whose fault is not in an answer."""

import contextlib
import socket
import ssl
import threading
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from tests.support.server import FakeServer, closed_port


class Bench(NamedTuple):
    """What a server or proxy is built with; the stack closes what it opens."""

    stack: contextlib.ExitStack
    patch: pytest.MonkeyPatch
    authority: trustme.CA
    folder: Path


def nothing_listens(bench: Bench) -> list[str]:
    """A port that refuses connections."""
    del bench
    return ["--base-url", f"http://127.0.0.1:{closed_port()}"]


def no_name(bench: Bench) -> list[str]:
    """A host that does not exist."""
    del bench
    return ["--base-url", "https://nbx.invalid"]


def unknown_authority(bench: Bench) -> list[str]:
    """A server whose certificate is from an unknown authority."""
    return ["--base-url", _tls(bench, bench.authority.issue_cert("127.0.0.1"))]


def expired(bench: Bench) -> list[str]:
    """A server whose certificate has expired."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    url = _tls(bench, bench.authority.issue_cert("127.0.0.1", not_after=yesterday))
    return ["--base-url", url, *_trusting(bench)]


def another_host(bench: Bench) -> list[str]:
    """A server with the certificate of another host."""
    return ["--base-url", _tls(bench, bench.authority.issue_cert("api.example")), *_trusting(bench)]


def old_tls(bench: Bench) -> list[str]:
    """A server that supports only TLS 1.0."""
    url = _tls(bench, bench.authority.issue_cert("127.0.0.1"), old=True)
    return ["--base-url", url, *_trusting(bench)]


def no_tls(bench: Bench) -> list[str]:
    """A mail server, which does not speak TLS."""
    return ["--base-url", f"https://127.0.0.1:{_listening(bench, b'220 mail.example ESMTP')}"]


def mute(bench: Bench) -> list[str]:
    """A port that accepts connections and never answers."""
    listener = bench.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    port = listener.getsockname()[1]
    return ["--base-url", f"https://127.0.0.1:{port}", "--connect-timeout", "0.3"]


def no_proxy(bench: Bench) -> list[str]:
    """A proxy that refuses connections."""
    bench.patch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port()}")
    return ["--base-url", "https://api.invalid"]


def proxy_of(status: int) -> Callable[[Bench], list[str]]:
    """Return a function that sets up a proxy which answers `status` to CONNECT."""

    def place(bench: Bench) -> list[str]:
        port = _listening(bench, b"HTTP/1.1 %d No way\r\nContent-Length: 0\r\n\r\n" % status)
        bench.patch.setenv("HTTPS_PROXY", f"http://somebody:hush@127.0.0.1:{port}")
        return ["--base-url", "https://api.invalid"]

    return place


def _trusting(bench: Bench) -> list[str]:
    path = bench.folder / "authority.pem"
    bench.authority.cert_pem.write_to_path(str(path))
    return ["--cacert", str(path)]


def _tls(bench: Bench, certificate: trustme.LeafCert, *, old: bool = False) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if old:
        with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("ALL:@SECLEVEL=0")
    server = FakeServer(tls=context)
    bench.stack.callback(server.close)
    return server.url


def _listening(bench: Bench, says: bytes) -> int:
    """Return a port on which every client gets the same answer."""
    listener = bench.stack.enter_context(socket.create_server(("127.0.0.1", 0)))

    def talk() -> None:
        with contextlib.suppress(OSError):  # the test is over
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(says)

    threading.Thread(target=talk, daemon=True).start()
    bench.stack.callback(lambda: listener.shutdown(socket.SHUT_RDWR))
    port: int = listener.getsockname()[1]
    return port
