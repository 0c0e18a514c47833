"""Bounds the memory of all answers together: few large ones are in memory at once, the others wait."""

import contextlib
import threading
from collections.abc import Iterator

from nebius_cli.api.deadlines import Deadline

MIN_LARGE_BYTES = 256 * 1024  # smaller answers need no turn
MAX_LARGE_ANSWERS = 2


class LargeAnswers:
    """Gives turns to the threads that read large answers. Small answers cost nothing.

    A thread that waits reads nothing, so that the server waits as well; its deadline stands still.
    """

    def __init__(self) -> None:
        self._slots = threading.Semaphore(MAX_LARGE_ANSWERS)
        self._thread = threading.local()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Keep the turn of this thread, if it takes one, until the block ends; the outermost block counts."""
        thread = self._thread
        depth = getattr(thread, "depth", 0)
        thread.depth = depth + 1
        try:
            yield
        finally:
            thread.depth = depth
            if not depth and getattr(thread, "holds", False):
                thread.holds = False
                self._slots.release()

    def take(self, deadline: Deadline) -> None:
        """Wait for the turn of this thread, unless it has it, or is in no block of `turn`."""
        thread = self._thread
        if getattr(thread, "depth", 0) and not getattr(thread, "holds", False):
            deadline.pause()
            self._slots.acquire()
            thread.holds = True
            deadline.resume()
