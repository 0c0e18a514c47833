"""Threads that work one at a time: another one goes on where one has to wait."""

import threading
from collections.abc import Callable
from typing import NamedTuple

from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.limits_from_settings import Limits
from nebius_cli.system.heap_and_free_memory import check_free, share_heap

STACK_BYTES = 512 * 1024  # enough for the deepest JSON that Python parses
MIN_FREE_BYTES = 32 << 20  # that another thread has to leave to those that run


class Work(NamedTuple):
    """What the threads do. All but `take_step` and `failed` are called with the lock held.

    `take_step` does one thing and returns False when its thread is no longer needed; `failed` gets what it
    raises. `is_there` returns whether a thread would have something to do, `max_threads` how many there may
    be. `woken` is called when threads are woken, `left` when one has ended.
    """

    take_step: Callable[[], bool]
    failed: Callable[[BaseException], None]
    is_there: Callable[[], bool]
    max_threads: Callable[[], int]
    woken: Callable[[], None]
    left: Callable[[], None]


class WorkerThreads:
    """The threads of a pool, and the `lock` of all that they share. They are started as they are needed."""

    def __init__(self, work: Work) -> None:
        self.lock = threading.Lock()
        self.count = 0
        self._work = work
        self._changed = threading.Condition(self.lock)
        self._max_count = 0  # that the system allows; 0 is unknown
        self._running = 0  # those that are neither in `wait_for_turn` nor between `block` and `unblock`
        self._idle = 0  # those in `wait_for_turn`

    def start(self) -> None:
        """Start the first thread. Raises RuntimeError or MemoryError if the system allows none."""
        share_heap()
        self._start_another()

    def block(self) -> None:
        """Let another thread go on while this one waits for something, until `unblock`."""
        with self.lock:
            self._running -= 1
            if self._running or not self._work.is_there():
                return
            if self._idle:
                self._changed.notify()
                return
            if self.count >= (self._max_count or self._work.max_threads()):
                return
        self._start_another()

    def unblock(self) -> None:
        """Go on with this thread, too."""
        with self.lock:
            self._running += 1

    def wait_for_turn(self) -> None:
        """Wait, with the lock held, until no other thread runs."""
        self._running -= 1
        self._idle += 1
        try:
            self._changed.wait()
        finally:
            self._idle -= 1
            self._running += 1

    def wake_all(self) -> None:
        """Wake the threads that wait for their turn. The lock is held."""
        self._changed.notify_all()
        self._work.woken()

    def _start_another(self) -> None:
        with self.lock:
            self.count += 1
            self._running += 1
        before = threading.stack_size(STACK_BYTES)
        try:
            check_free(MIN_FREE_BYTES)  # a thread that has no memory to begin with would never be heard of
            # A daemon, so that an abandoned request does not keep the process alive.
            threading.Thread(target=self._run, name="nbx-bulk", daemon=True).start()
        except (RuntimeError, MemoryError):  # the system allows no more threads
            with self.lock:
                self.count -= 1
                self._running -= 1
                if not self.count:
                    self._work.left()
                    raise
                self._max_count = self.count
        finally:
            threading.stack_size(before)

    def _run(self) -> None:
        try:
            while self._work.take_step():
                pass
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            self._work.failed(error)
        finally:
            with self.lock:
                self.count -= 1
                self._running -= 1
                self.wake_all()
                self._work.left()


class WorkerDeadline(Deadline):
    """The deadline of a request on a worker thread; `block` and `unblock` are called around each wait."""

    __slots__ = ("_block", "_unblock")

    def __init__(
        self,
        limits: Limits,
        monotonic: Callable[[], float],
        block: Callable[[], None],
        unblock: Callable[[], None],
    ) -> None:
        super().__init__(limits, monotonic)
        self._block = block
        self._unblock = unblock

    def blocks(self) -> None:
        """Let another thread go on."""
        self._block()

    def goes_on(self) -> None:
        """Go on with this thread, too."""
        self._unblock()
