"""Limits the time of work that cannot be interrupted, such as a name lookup or a keyring prompt."""

import math
import queue
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from nebius_cli.core.errors_and_exit_codes import TimedOutError

T = TypeVar("T")

MAX_WAIT_S = 0.5  # the longest single wait; on Windows, Ctrl-C does not interrupt one


class TimeoutThread:
    """A thread that does one piece of work after another; each caller waits for a limited time.

    It starts when it is first used. After a timeout it is stuck: every later call fails at once.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._started = self._stuck = False
        self._tasks: queue.SimpleQueue[Task[Any] | None] = queue.SimpleQueue()
        self._starting = threading.Lock()

    def run(self, timeout_s: float, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises. Raises TimedOutError.

        `math.inf` means no limit. Ctrl-C ends the wait, but `work` continues.
        """
        with self._starting:
            if not self._started:
                # A daemon: work that cannot be ended must not keep the process alive.
                thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # the system allows no more threads
                    return work()
                self._started = True
        task = Task(work)
        if not self._stuck:
            self._tasks.put(task)
            task.wait(timeout_s)
        if not task.ended:
            self._stuck = True
            raise TimedOutError(f"no answer within {timeout_s:g} s")
        return task.outcome()

    def close(self) -> None:
        """Let the thread end after its current work; later work starts another one."""
        with self._starting:
            if self._started:
                self._tasks.put(None)
                self._started = False

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task.run()


class Task(Generic[T]):
    """Work that another thread does, and what it returned or raised once it has `ended`.

    `failure` is what it raised.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self.ended = False
        self.failure: BaseException | None = None
        self._result: Any = None
        self._work = work
        self._running = threading.Lock()
        self._running.acquire()

    def run(self) -> None:
        """Do the work."""
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
            self.failure = error
        self.ended = True
        self._running.release()

    def outcome(self) -> T:
        """Wait for the end of the work; return what it returned, or raise what it raised."""
        self.wait(math.inf)
        if self.failure is not None:
            raise self.failure
        result: T = self._result
        return result

    def outcome_within(self, timeout_s: float) -> T:
        """Return what `outcome` does. Raises TimedOutError if the work takes longer."""
        if not self.wait(timeout_s):
            raise TimedOutError(f"no answer within {timeout_s:g} s")
        return self.outcome()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end of the work, at most `timeout_s` seconds; return whether it has ended."""
        left = 0.0 if self.ended else timeout_s
        while left > 0:
            if self._running.acquire(timeout=min(left, MAX_WAIT_S)):
                self._running.release()
                break
            left -= MAX_WAIT_S
        return self.ended


def begin(work: Callable[[], T], name: str) -> Task[T]:
    """Start one piece of work in a thread called `name`, which does not keep the process alive."""
    task = Task(work)
    try:
        threading.Thread(target=task.run, name=name, daemon=True).start()
    except RuntimeError:  # the system allows no more threads
        task.run()
    return task


def run_with_timeout(timeout_s: float, work: Callable[[], T]) -> T:
    """Do one piece of work as in `TimeoutThread.run`, but in a thread that ends with the work."""
    return begin(work, "nbx-timeout").outcome_within(timeout_s)
