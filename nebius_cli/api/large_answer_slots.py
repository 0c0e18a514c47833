"""Limits the memory of all answers together: only a few large ones are in memory at once."""

import threading

from nebius_cli.api.deadlines import Deadline

MIN_LARGE_BYTES = 256 * 1024  # smaller answers are not limited
MAX_LARGE_ANSWERS = 2


class LargeAnswers:
    """Lets only MAX_LARGE_ANSWERS threads read large answers at once. Small answers are not delayed.

    `turn` is a context manager: a thread that takes a turn inside the block keeps it until the outermost
    block ends. A waiting thread reads nothing, so that the server waits as well; its deadline is paused.
    """

    def __init__(self) -> None:
        self.turn = _Turn(threading.Semaphore(MAX_LARGE_ANSWERS))

    def take(self, deadline: Deadline) -> None:
        """Wait for a turn, unless this thread already has one or is not in a block of `turn`."""
        turn = self.turn
        if turn.depth and not turn.holds:
            deadline.pause()
            deadline.before_wait()
            turn.slots.acquire()
            turn.holds = True
            deadline.after_wait()
            deadline.resume()


class _Turn(threading.local):
    """The turn of each thread: how many `turn` blocks it is in, and whether it holds a slot."""

    def __init__(self, slots: threading.Semaphore) -> None:
        self.slots = slots
        self.depth = 0
        self.holds = False

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1
        if self.holds and not self.depth:
            self.holds = False
            self.slots.release()
