"""Waits in one thread for the beginnings of the answers to many requests."""

import contextlib
import math
import selectors
import socket
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from nebius_cli.api.deadlines import MAX_LATE_S, Deadline
from nebius_cli.bulk.request_batch import Batch
from nebius_cli.bulk.workers.sender_protocol import Started
from nebius_cli.core.errors_and_exit_codes import TimedOutError

MAX_WAIT_S = 1.0  # shorter waits measure more exactly how long the process was suspended
# Windows has only select(), which accepts no more sockets.
MAX_WATCHED = 500 if sys.platform == "win32" else math.inf


class InFlight(NamedTuple):
    """A request that was sent but not answered yet."""

    batch: Batch
    deadline: Deadline
    started: Started

    def give_up(self) -> None:
        """Close the connection, so that the server stops generating."""
        if self.started.response is not None:
            self.started.response.release()


class AnswerWatch:
    """The requests whose answers have not begun. Callers hold one lock, except for `wait` and `wake`.

    One thread at a time may be in `wait`.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._selector = selectors.DefaultSelector()
        self._alarm, self._bell = socket.socketpair()
        self._alarm.setblocking(False)
        self._bell.setblocking(False)
        self._selector.register(self._alarm, selectors.EVENT_READ)
        self._count = 0
        self._limit_at = math.inf  # no deadline ends earlier
        self._late_s = 0.0  # how late the last wait ended

    def __len__(self) -> int:
        return self._count

    def add(self, request: InFlight) -> bool:
        """Begin to watch a request. Return False if it cannot be watched, or it timed out."""
        response = request.started.response
        sock = response and response.sock
        if sock is None or self._count >= MAX_WATCHED:
            return False
        try:
            self._limit_at = min(self._limit_at, self._monotonic() + request.deadline.left())
        except TimedOutError:
            return False
        self._selector.register(sock, selectors.EVENT_READ, request)
        self._count += 1
        return True

    def wait(self, until: float) -> list[InFlight]:
        """Return the requests whose answers have begun; pass them to `take`.

        Returns at `until` at the latest, when a deadline ends, and after `wake`.
        """
        began = self._monotonic()
        timeout = max(0.0, min(until, self._limit_at, began + MAX_WAIT_S) - began)
        events = self._selector.select(timeout)
        self._late_s = self._monotonic() - began - timeout
        found = []
        for key, _ in events:
            request: InFlight | None = key.data
            if request is None:
                with contextlib.suppress(BlockingIOError):
                    self._alarm.recv(4096)
            # With TLS, bytes may arrive that are not part of an answer.
            elif request.started.response is not None and request.started.response.has_begun():
                found.append(request)
        return found

    def take(self, found: Sequence[InFlight]) -> list[InFlight]:
        """Stop watching the requests that `wait` returned, and those that timed out; return them all."""
        if self._late_s > MAX_LATE_S:
            for request in self._requests():
                request.deadline.ran_late(self._late_s)
        taken = [*found]
        for request in found:
            self._forget(request)
        if (now := self._monotonic()) >= self._limit_at:
            self._limit_at = math.inf
            for request in self._requests():
                try:
                    self._limit_at = min(self._limit_at, now + request.deadline.left())
                except TimedOutError:
                    self._forget(request)
                    taken.append(request)
        return taken

    def wake(self) -> None:
        """End the `wait` of another thread."""
        with contextlib.suppress(OSError):  # the thread is already being woken, or has ended
            self._bell.send(b"!")

    def close(self) -> None:
        """Give up the requests that are still watched."""
        for request in self._requests():
            request.give_up()
        self._selector.close()
        self._alarm.close()
        self._bell.close()

    def _requests(self) -> list[InFlight]:
        return [key.data for key in self._selector.get_map().values() if key.data is not None]

    def _forget(self, request: InFlight) -> None:
        response = request.started.response
        if response is not None and response.sock is not None:
            self._selector.unregister(response.sock)
            self._count -= 1
