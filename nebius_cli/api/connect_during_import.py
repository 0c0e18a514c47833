"""Connects to the server while nbx is still importing the code that sends the request.

Importing urllib3 takes about as long as a round trip to a server on the same continent. So an action that
will send a request starts to connect first. The first request of the `Api` uses that connection if it is to
the same server.
"""

import socket
import threading
import time
from typing import Any

from nebius_cli.api import tls_authorities
from nebius_cli.core.urls import DEFAULT_PORTS, is_loopback, parse_base_url
from nebius_cli.system import may_need_proxy
from nebius_cli.system.thread_with_timeout import begin

MAX_NEAR_S = 0.005  # connecting to a nearby server takes at most this long


class EarlyConnection:
    """A TCP connection to `host` that a thread opens in the background; call `take` once, or `close`.

    `timeout_s` limits each attempt to connect to an address of the host; None means no limit.
    """

    def __init__(self, host: str, port: int, timeout_s: float | None) -> None:
        self._server = (host, port)
        self._timeout_s = timeout_s
        self._began = time.monotonic()
        self._seconds = 0.0
        self._lock = threading.Lock()
        self._made: socket.socket | None = None
        self._taken = self._dropped = False
        self._task = begin(self._connect, "nbx-connect")

    def _connect(self) -> socket.socket:
        # This thread must not import anything: a thread that is importing may wait for it. The host is passed
        # as bytes because Python imports the codec of international names for a str.
        host, port = self._server
        address: Any = (host.encode("ascii"), port)
        made = socket.create_connection(address, self._timeout_s)
        self._seconds = time.monotonic() - self._began
        with self._lock:
            self._made = made
            if self._dropped:
                made.close()
        return made

    @property
    def is_distant(self) -> bool:
        """Whether the server takes so long to reach that other work can be done while waiting for it."""
        return not is_loopback(self._server[0]) and (not self._task.ended or self._seconds > MAX_NEAR_S)

    def take(self, host: str, port: int) -> socket.socket | None:
        """Wait for the connection and return it; None if it is to another server or already taken or closed.

        Raises the OSError of the failed attempt to connect.
        """
        with self._lock:
            if self._taken or self._dropped or (host, port) != self._server:
                return None
            self._taken = True
        return self._task.outcome()

    def close(self) -> None:
        """Close the connection, now or as soon as it is made, unless it was taken."""
        with self._lock:
            self._dropped = not self._taken
            if self._dropped and self._made is not None:
                self._made.close()


def connect_early(
    base_url: str, timeout_s: float | None, *, cacert: str, trust_env: bool
) -> EarlyConnection | None:
    """Start to connect to the server of a base URL; return None if a proxy may be needed instead.

    The parameters are those of `Api`. Raises ConfigError if no request could be sent: the URL is invalid, or
    the configured certificate authorities cannot be read.
    """
    parts = parse_base_url(base_url)
    if parts.scheme == "https" and (named := tls_authorities.named(cacert, trust_env=trust_env)):
        tls_authorities.check_readable(named)
    host = parts.hostname or ""
    if may_need_proxy.may_apply_to(host, trust_env=trust_env):
        return None
    return EarlyConnection(host, parts.port or DEFAULT_PORTS[parts.scheme], timeout_s)
