"""Collects results, so that they are written together."""

import math
import threading
from collections.abc import Callable, Sequence

from nebius_cli.bulk.output.record_format import Result

# A kill loses the waiting results. Smaller limits would lose fewer, but would slow the run down.
MAX_UNWRITTEN = 16
MAX_UNWRITTEN_S = 0.02


class UnwrittenResults:
    """Results, and the time on the monotonic clock at which they have to be written at the latest.

    Callers hold `lock` only for `add`.
    """

    def __init__(self, lock: threading.Lock) -> None:
        self.write_at = math.inf
        self._lock = lock
        self._writers = 0
        self._written = threading.Condition(lock)
        self._results: list[Result] = []

    @property
    def must_be_written(self) -> bool:
        """Whether there are so many results that they have to be written now."""
        return len(self._results) >= MAX_UNWRITTEN

    def add(self, results: Sequence[Result], now: float) -> None:
        """Add results that arrived at time `now`."""
        if results and not self._results:
            self.write_at = now + MAX_UNWRITTEN_S
        self._results += results

    def write(self, write: Callable[[list[Result]], None]) -> None:
        """Call `write` with all results. Other threads may do so at the same time with later ones."""
        with self._lock:
            results, self._results, self.write_at = self._results, [], math.inf
            if not results:
                return
            self._writers += 1
        try:
            write(results)
        finally:
            with self._lock:
                self._writers -= 1
                self._written.notify_all()

    def wait_until_written(self, timeout: float) -> None:
        """Wait until no thread is in `write`, at most `timeout` seconds."""
        with self._lock:
            self._written.wait_for(lambda: not self._writers, timeout)
