"""Ends a child process that is stopped or takes too long, so that nbx never waits for it forever."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subprocess import Popen

CHECK_INTERVAL_S = 0.5
# A process that waits for a disk or a processor is never reported as stopped, so this can be short.
STOPPED_TIMEOUT_S = 10.0


class ChildWatch:
    """Watches a process from a thread and kills it if it does not respond; `reason` then says why.

    Killing a process closes its pipes and sockets, so code that waits for them continues at once.
    """

    def __init__(self, process: "Popen[bytes]") -> None:
        self.reason = ""
        self._process = process
        # Counted in checks and not read from a clock: time that nbx itself was suspended does not count.
        self._elapsed_s = 0.0
        self._deadline_s = float("inf")
        self._limit_s = 0.0
        threading.Thread(target=self._run, name="nbx-child-watch", daemon=True).start()

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Kill the process if the block takes longer than `seconds`."""
        self._limit_s, self._deadline_s = seconds, self._elapsed_s + seconds
        try:
            yield
        finally:
            self._deadline_s = float("inf")

    def _run(self) -> None:
        stopped_s = 0.0
        while self._process.poll() is None:
            stopped_s = stopped_s + CHECK_INTERVAL_S if _is_stopped(self._process.pid) else 0.0
            if stopped_s >= STOPPED_TIMEOUT_S:
                self._end(f"a signal stopped it, and it did not continue for {STOPPED_TIMEOUT_S:g} s")
            elif self._elapsed_s > self._deadline_s:
                self._end(f"it did not answer within {self._limit_s:g} s")
            time.sleep(CHECK_INTERVAL_S)
            self._elapsed_s += CHECK_INTERVAL_S

    def _end(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._process.kill()


def _is_stopped(pid: int) -> bool:
    """Return whether a signal has stopped a child process; False if the system cannot tell."""
    if sys.platform != "win32" and sys.platform != "darwin":  # Python has no waitid there
        with contextlib.suppress(OSError):  # it has ended, and other code has waited for it
            return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
    return False
