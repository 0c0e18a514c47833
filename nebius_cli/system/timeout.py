"""Limits the time of work that cannot be interrupted, such as a name lookup or a keyring prompt."""

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from nebius_cli.core.errors import TimedOutError

T = TypeVar("T")

MAX_WAIT_S = 0.5  # of one wait; Windows does not let Ctrl-C into it


class TimeoutThread:
    """A thread that does one piece of work after another, for callers that wait a limited time each.

    It starts when it is first used. After a timeout it is stuck: every later call fails at once.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._started = self._stuck = False
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._starting = threading.Lock()

    def run(self, timeout_s: float, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises. Raises TimedOutError.

        `math.inf` is no limit. Ctrl-C ends the wait, and leaves `work` behind.
        """
        with self._starting:
            if not self._started:
                # A daemon: work that cannot be ended must not keep the process alive.
                thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # the system gives no more threads
                    return work()
                self._started = True
        task = _Task(work)
        if not self._stuck:
            self._tasks.put(task)
            task.wait(timeout_s)
        if task.failure is not None:
            raise task.failure
        if not task.done:
            self._stuck = True
            raise TimedOutError(f"no answer within {timeout_s:g} s")
        result: T = task.result
        return result

    def close(self) -> None:
        """Let the thread end after its current work."""
        self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task.run()


class _Task:
    """Work, and what it returned or raised once it is done."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.done = False
        self.result: Any = None
        self.failure: BaseException | None = None
        self._work = work
        self._running = threading.Lock()
        self._running.acquire()

    def run(self) -> None:
        try:
            self.result = self._work()
            self.done = True
        except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
            self.failure = error
        self._running.release()

    def wait(self, timeout_s: float) -> None:
        left = timeout_s
        while left > 0 and not self._running.acquire(timeout=min(left, MAX_WAIT_S)):
            left -= MAX_WAIT_S


def run_with_timeout(timeout_s: float, work: Callable[[], T]) -> T:
    """Do one piece of work as `TimeoutThread.run` does, in a thread that ends with it."""
    thread = TimeoutThread("nbx-timeout")
    try:
        return thread.run(timeout_s, work)
    finally:
        thread.close()
