"""A connection that enforces the deadline of a request in each wait: name lookup, TLS, upload, answer."""

import socket
import ssl

import urllib3
import urllib3.exceptions
from urllib3.connection import HTTPConnection

from nebius_cli.api.connect_during_import import EarlyConnection
from nebius_cli.api.deadlines import Deadline
from nebius_cli.core.errors_and_exit_codes import TimedOutError
from nebius_cli.system.thread_with_timeout import begin

MAX_JOINED_BYTES = 65536  # a larger body is sent after the head: joining them costs more than it saves
MAX_UPLOAD_S = 86_400.0


class TimedConnection(HTTPConnection):
    """A connection that enforces `deadline`, the deadline of the request that is sent on it."""

    deadline: Deadline
    early: EarlyConnection | None = None
    _is_new = False  # no request was sent since it connected; with TLS, urllib3 connects before the request

    def connect(self) -> None:
        """Connect within the deadline. A name lookup cannot be interrupted, so another thread does it."""
        deadline = self.deadline
        given_up = False

        def work() -> None:
            super(TimedConnection, self).connect()
            if given_up:
                self.close()

        connecting = begin(work, "nbx-connect")  # before the wait, so that requests arrive in order
        deadline.before_wait()
        try:
            connecting.outcome_within(deadline.left())
        except BaseException as error:
            given_up = True
            if not isinstance(error, TimedOutError):
                raise
            self.close()
            raise deadline.error() from None
        finally:
            deadline.after_wait()
        self._is_new = True

    def _new_conn(self) -> socket.socket:
        """Return the early connection if it leads to this server, else a new one."""
        try:
            sock = self.early.take(self._dns_host.strip("[]"), self.port) if self.early else None
        except TimeoutError as error:
            raise urllib3.exceptions.ConnectTimeoutError(self, str(error)) from error
        except OSError as error:
            raise urllib3.exceptions.NewConnectionError(self, str(error)) from error
        if sock is None:
            return super()._new_conn()
        for option in self.socket_options or ():
            sock.setsockopt(*option)
        return sock

    def send_request(self, head: bytes, body: bytes | None) -> None:
        """Send a request within the deadline, in one piece.

        `head` lacks only Content-Length and the empty line. This takes 0.04 ms less than urllib3, which
        checks each line again and sends the head separately from the body.
        """
        deadline = self.deadline
        deadline.sent, deadline.unread = True, not self._is_new
        self._is_new = False
        pieces = [head + b"\r\n"]
        if body is not None:
            pieces = [b"%bContent-Length: %d\r\n\r\n" % (head, len(body)), body]
            if len(body) <= MAX_JOINED_BYTES:
                pieces = [b"".join(pieces)]
        deadline.left()
        try:
            for piece in pieces:
                if (count := self._send_now(piece)) < len(piece):
                    self._send(memoryview(piece)[count:])
        finally:
            self._make_nonblocking()  # code that waits for the answer first reads the bytes that have arrived

    def _send_now(self, data: bytes) -> int:
        """Send as much as possible without waiting; return the number of bytes."""
        try:
            if not isinstance(self.sock, socket.socket):
                return 0  # TLS inside TLS loses bytes that cannot be sent at once
            self._make_nonblocking()
            return self.sock.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0

    def _make_nonblocking(self) -> None:
        if self.sock.gettimeout() != 0.0:  # gettimeout takes no system call
            self.sock.settimeout(0.0)

    def _send(self, data: memoryview) -> None:
        deadline = self.deadline
        self.sock.settimeout(min(deadline.left(), MAX_UPLOAD_S))
        deadline.before_wait()
        try:
            self.sock.sendall(data)
        except TimeoutError:
            raise deadline.error() from None
        finally:
            deadline.after_wait()
