"""Bounds the memory of all answers together: only a few large ones are in memory at once."""

import threading

from nebius_cli.api.deadlines import Deadline

MIN_LARGE_BYTES = 256 * 1024  # smaller answers need no turn
MAX_LARGE_ANSWERS = 2


class LargeAnswers:
    """Gives turns to the threads that read large answers. Small answers cost next to nothing.

    `turn` is a context manager: its block keeps the turn that its thread may take, and the outermost block
    gives it back. A thread that waits reads nothing, so that the server waits as well; its deadline stands
    still.
    """

    def __init__(self) -> None:
        self.turn = _Turn(threading.Semaphore(MAX_LARGE_ANSWERS))

    def take(self, deadline: Deadline) -> None:
        """Wait for the turn of this thread, unless it has it, or is in no block of `turn`."""
        turn = self.turn
        if turn.depth and not turn.holds:
            deadline.pause()
            deadline.blocks()
            turn.slots.acquire()
            turn.holds = True
            deadline.goes_on()
            deadline.resume()


class _Turn(threading.local):
    """The turn of each thread: how many blocks it is in, and whether it holds one of the slots."""

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
