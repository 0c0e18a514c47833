"""Starts and wakes threads that work one at a time: when one has to wait, another continues."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.system.thread_memory import check_free, share_heap

STACK_BYTES = 512 * 1024  # enough for the deepest JSON that Python parses
MIN_FREE_BYTES = 32 << 20  # of memory that must be left for the running threads, to start another one


class WorkerThreads(ABC):
    """The threads of a pool, and the lock of everything that they share. They are started on demand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._threads = 0
        self._max_threads = 0  # that the system allows; 0 if unknown
        self._running = 0  # threads that are neither in `_wait_for_turn` nor between `_block` and `_unblock`
        self._idle = 0  # those in `_wait_for_turn`

    @abstractmethod
    def _take_step(self) -> bool:
        """Do one thing; return False when this thread is no longer needed."""

    @abstractmethod
    def _fail(self, error: BaseException) -> None:
        """Handle what `_take_step` raised."""

    @abstractmethod
    def _has_work(self) -> bool:
        """Return, with the lock held, whether another thread would have something to do."""

    @abstractmethod
    def _max_useful_threads(self) -> int:
        """Return, with the lock held, how many threads there may be."""

    @abstractmethod
    def _thread_left(self) -> None:
        """Handle the end of a thread, with the lock held."""

    def _start_threads(self) -> None:
        """Start the first thread. Raises RuntimeError or MemoryError if the system allows none."""
        share_heap()
        self._start_another()

    def _block(self) -> None:
        """Let another thread continue while this one waits for something, until `_unblock`."""
        with self._lock:
            self._running -= 1
            if self._running or not self._has_work():
                return
            if self._idle:
                self._changed.notify()
                return
            if self._threads >= (self._max_threads or self._max_useful_threads()):
                return
        self._start_another()

    def _unblock(self) -> None:
        """Continue with this thread, too."""
        with self._lock:
            self._running += 1

    def _wait_for_turn(self) -> None:
        """Wait, with the lock held, until no other thread runs."""
        self._running -= 1
        self._idle += 1
        try:
            self._changed.wait()
        finally:
            self._idle -= 1
            self._running += 1

    def _wake_all(self) -> None:
        """Wake the threads that wait for their turn. The lock is held."""
        self._changed.notify_all()

    def _start_another(self) -> None:
        with self._lock:
            self._threads += 1
            self._running += 1
        before = threading.stack_size(STACK_BYTES)
        try:
            check_free(MIN_FREE_BYTES)  # a thread without enough memory to start would fail silently
            # A daemon, so that an abandoned request does not keep the process alive.
            threading.Thread(target=self._run, name="nbx-bulk", daemon=True).start()
        except BaseException as error:
            with self._lock:
                self._threads -= 1
                self._running -= 1
                if not self._threads:
                    self._thread_left()
                if not self._threads or not isinstance(error, RuntimeError | MemoryError):
                    raise
                self._max_threads = self._threads  # the system allows no more
        finally:
            threading.stack_size(before)

    def _run(self) -> None:
        try:
            while self._take_step():
                pass
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            self._fail(error)
        finally:
            with self._lock:
                self._threads -= 1
                self._running -= 1
                self._wake_all()
                self._thread_left()


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

    def before_wait(self) -> None:
        """Let another thread continue."""
        self._block()

    def after_wait(self) -> None:
        """Continue with this thread, too."""
        self._unblock()
