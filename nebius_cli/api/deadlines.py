"""Deadlines over blocking I/O: an iterator runs in a thread, and whoever waits for it can give up.

A socket timeout bounds one wait of the socket, not an answer, and neither a name lookup nor headers that
drip byte by byte. Waiting here, on a queue, bounds all of them, and lets Ctrl-C through at once.
"""

import contextlib
import math
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from nebius_cli.core.errors import TimedOutError

T = TypeVar("T")

# A reader of ours that is slower than the server holds this many chunks, then the server waits.
MOST_WAITING = 256
# Bytes that are handed over at once, or a chunk more: taken apart, they are many times as large.
MOST_JOINED = 1 << 20

SLICE = 0.5  # seconds of one wait; Windows lets no Ctrl-C into it

FULL_BEAT = 0.001  # seconds between two looks whether there is room again

_END, _NONE = object(), object()


class Deadlines(Generic[T]):
    """Iterate over `source` with a limit on each wait and on the whole; 0 is no limit. Seconds.

    `started` is the time, on the `monotonic` clock, that the total counts from. Bytes that came while the
    reader was busy are handed over in one piece. Raises TimedOutError that says which limit fired, and
    whatever `source` raises.
    """

    def __init__(
        self,
        source: Iterable[T],
        monotonic: Callable[[], float],
        *,
        first_byte: float,
        stall: float,
        total: float,
        started: float,
    ) -> None:
        self._source = source
        self._monotonic = monotonic
        self._first_byte = first_byte or math.inf
        self._stall = stall or math.inf
        self._total = total
        self._end = started + (total or math.inf)
        self._queue: SimpleQueue[object] = SimpleQueue()
        self._ahead: object = _NONE  # taken from the queue, not yet handed over
        self._gone = threading.Event()

    def __iter__(self) -> Iterator[T]:
        # A daemon: a wait that nobody is interested in any more must not keep the process alive.
        threading.Thread(target=self._pump, name="nbx-wire", daemon=True).start()
        limit, flag = self._first_byte, "--first-byte-timeout"
        try:
            while True:
                item, self._ahead = self._ahead, _NONE
                if item is _NONE:
                    item = self._next(limit, flag)
                if isinstance(item, bytes):
                    item = self._joined(item)
                if item is _END:
                    return
                if isinstance(item, BaseException):
                    raise item
                yield item  # type: ignore[misc]
                if isinstance(item, bytes):
                    limit, flag = self._stall, "--stall-timeout"
        finally:
            self._gone.set()

    def _next(self, limit: float, flag: str) -> object:
        left = self._end - self._monotonic()
        wait = min(limit, left)
        while wait > 0:
            with contextlib.suppress(Empty):
                return self._queue.get(timeout=min(wait, SLICE))
            wait -= SLICE
        why = f"nothing came for {limit:g} s"
        if left <= limit:
            why, flag = f"it took longer than {self._total:g} s in all", "--timeout"
        raise TimedOutError("timed out", why, f"{flag} SECONDS waits longer, 0 for ever")

    def _joined(self, first: bytes) -> bytes:
        """Return `first` and the bytes that wait behind it."""
        pieces, size = [first], len(first)
        for _ in range(self._queue.qsize()):  # no more: a source may be as fast as this
            if size >= MOST_JOINED:
                break
            self._ahead = self._queue.get()
            if not isinstance(self._ahead, bytes):
                break
            pieces.append(self._ahead)
            size += len(self._ahead)
            self._ahead = _NONE
        return b"".join(pieces)

    def _pump(self) -> None:
        source = iter(self._source)
        try:
            for item in source:
                self._put(item)
                if self._gone.is_set():
                    break
            self._put(_END)
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            self._put(error)
        finally:
            if isinstance(source, Generator):
                source.close()

    def _put(self, item: object) -> None:
        while self._queue.qsize() >= MOST_WAITING:
            if self._gone.wait(FULL_BEAT):
                return
        self._queue.put(item)
