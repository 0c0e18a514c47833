"""Reads from a socket, and waits no longer than the deadline of a request allows."""

import io
import socket
import ssl
import sys
from typing import Any

from nebius_cli.api.deadlines import Deadline

BUFFER_BYTES = 65536
# The longest single wait for a socket. Short waits show more exactly how long the process was suspended; and
# on Windows, Ctrl-C has no effect until a wait ends.
MAX_WAIT_S = 0.5 if sys.platform == "win32" else 5.0


class TimedReader(io.RawIOBase):
    """Reads the bytes of a socket within `deadline`. Raises TimedOutError.

    Bytes that have arrived are read at once. Before each wait for more, the timeout of the socket is set to
    the time left, or to a part of it. Unless `waits` is set, it returns None instead of waiting; while
    `paused`, it reads nothing, so that a peek shows only the buffer above it. `ended`: the connection ended.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        self.paused = False
        self.waits = True
        self.ended = False

    @property
    def has_decrypted(self) -> bool:
        """Whether TLS holds bytes that were received but not read yet: select does not report them."""
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the buffered stream that http.client reads from."""
        del mode
        return io.BufferedReader(self, BUFFER_BYTES)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read bytes into `buffer`; return their number, 0 at the end, None if it would have to wait."""
        if self.paused:
            return None
        deadline = self._deadline
        if self._sock.gettimeout() == 0.0:
            count = self._receive_now(buffer)
            if count is not None and self.waits:
                deadline.left()  # a server that always sends in time must not send forever
        else:
            count = None
        if count is None:
            if not self.waits:
                return None
            count = self._receive(buffer)
        if count:
            deadline.unread = False
        self.ended = not count
        if deadline.in_body:
            deadline.bytes_received()
        return count

    def _receive_now(self, buffer: Any) -> int | None:
        try:
            return self._sock.recv_into(buffer)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None

    def _receive(self, buffer: Any) -> int:
        sock, deadline = self._sock, self._deadline
        while True:
            sock.settimeout(deadline.start_wait(MAX_WAIT_S))
            try:
                return sock.recv_into(buffer)
            except TimeoutError:
                pass  # the deadline raises if no time is left
            finally:
                deadline.end_wait()
