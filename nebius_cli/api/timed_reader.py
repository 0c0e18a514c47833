"""Reads from a socket, and waits no longer than the deadline of a request allows."""

import io
import socket
import sys
from typing import Any

from nebius_cli.api.deadlines import Deadline

BUFFER_BYTES = 65536
# Of one wait for a socket. The shorter it is, the better is known how long the process was suspended; and on
# Windows, Ctrl-C has no effect before a wait ends.
MAX_WAIT_S = 0.5 if sys.platform == "win32" else 5.0


class TimedReader(io.RawIOBase):
    """The bytes of a socket, within `deadline`. Raises TimedOutError.

    Before each wait, the timeout of the socket is set to the time that is left, or to a part of it. While
    `paused` it reads nothing, so that a peek at the buffer above it never waits.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        self.paused = False

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return what http.client reads from."""
        del mode
        return io.BufferedReader(self, BUFFER_BYTES)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Wait for bytes and put them into `buffer`; return their number, 0 at the end, None if paused."""
        if self.paused:
            return None
        sock, deadline = self._sock, self._deadline
        while True:
            sock.settimeout(deadline.start_wait(MAX_WAIT_S))
            try:
                count = sock.recv_into(buffer)
            except TimeoutError:
                continue  # the deadline raises if no time is left
            finally:
                deadline.end_wait()
            if count:
                deadline.unread = False
            if deadline.in_body:
                deadline.bytes_came()
            return count
