"""The threads of a bulk run: they send requests and pass the results on."""

import contextlib
import math
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.time_and_memory_limits import Limits
from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.row_group import Answered, Batch, RefusedFormError, Wait
from nebius_cli.core.errors import NbxError, no_memory
from nebius_cli.response.answer_events import Usage
from nebius_cli.system.thread_memory import check_free, share_heap

TICK_S = 0.1
STACK_BYTES = 512 * 1024  # enough for the deepest JSON that Python parses
MIN_FREE_BYTES = 32 << 20  # that another thread has to leave to those that run

OnRequest = Callable[[str, float, Usage | None, NbxError | None, str], None]


class Listeners(NamedTuple):
    """What the threads call: with each result, as each request ends, and once for each warning."""

    # `request` gets its model, when it was sent, its usage or error, and its finish reasons.
    result: Callable[[Result], None]
    request: OnRequest
    warn: Callable[[str], None]


class Sender(Protocol):
    """Gets the answers to requests. Called from many threads."""

    @property
    def turn(self) -> contextlib.AbstractContextManager[None]:
        """The block in which a request is sent and its answer processed."""

    def send(self, batch: Batch, deadline: Deadline) -> Answered:
        """Send a request once. Raises NbxError if it fails, and RefusedFormError."""


class WorkerPool:
    """Sends the batches of the dispatcher, on as many threads as it allows, until nothing is left.

    What the listener of results or `rows` raise ends the run, once all requests in flight are back.
    `rows` may yield None before a row that takes a while; with `fast_rows` no other row does, as from a file.
    """

    def __init__(
        self,
        sender: Sender,
        dispatcher: Dispatcher,
        rows: Iterator[Row | None],
        listeners: Listeners,
        monotonic: Callable[[], float],
        limits: Limits,
        *,
        fast_rows: bool = False,
    ) -> None:
        self._sender = sender
        self._dispatcher = dispatcher
        self._rows = rows
        self._listeners = listeners
        self._monotonic = monotonic
        self._limits = limits
        self._warned: set[str] = set()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._fast_rows = fast_rows
        self._threads = 0
        self._max_threads = 0  # that the system allows; 0 is unknown
        self._idle = 0
        self._timer_at = math.inf  # when the one idle thread with a timeout wakes
        self._reading = False
        self._over = threading.Event()
        self._abandoned = False
        self._error: BaseException | None = None

    def run(self, tick: Callable[[], None]) -> None:
        """Return when every row has its result or the dispatcher stopped; `tick` is called every TICK_S.

        Raises what the listener of results or the rows raised. If a signal or `tick` raises, the threads go
        on; call `drain` next.
        """
        share_heap()
        self._start_thread()
        while not self._over.wait(TICK_S):
            tick()
        if self._error is not None:
            raise self._error

    def drain(self, seconds: float) -> bool:
        """Send nothing more and wait for the requests in flight; return whether all of them ended in time.

        Later answers are dropped. Raises what the listener of results raised.
        """
        with self._lock:
            self._dispatcher.stop()
            self._changed.notify_all()
            self._finish_if_over()
        try:
            back = self._over.wait(seconds)
        finally:  # also after another signal
            with self._lock:
                self._abandoned = True
        if self._error is not None:
            raise self._error
        return back

    def abandon(self) -> list[Result]:
        """Drop all later answers; return results with the cost of unfinished rows."""
        with self._lock:
            self._abandoned = True
            return self._dispatcher.unfinished()

    def _start_thread(self) -> None:
        """Start another thread."""
        with self._lock:
            self._threads += 1
        before = threading.stack_size(STACK_BYTES)
        try:
            check_free(MIN_FREE_BYTES)  # a thread that has no memory to begin with would never be heard of
            # A daemon, so that an abandoned request does not keep the process alive.
            threading.Thread(target=self._work, name="nbx-bulk", daemon=True).start()
        except (RuntimeError, MemoryError):  # the system allows no more threads
            with self._lock:
                self._threads -= 1
                if not self._threads:
                    raise
                self._max_threads = self._threads
        finally:
            threading.stack_size(before)

    def _work(self) -> None:
        try:
            while (batch := self._next_batch()) is not None:
                self._process(batch)
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            with self._lock:
                self._error = self._error or error
                self._dispatcher.stop()
                self._abandoned = True
            self._over.set()
        finally:
            with self._lock:
                self._threads -= 1
                self._changed.notify_all()
                self._finish_if_over()

    def _finish_if_over(self) -> None:
        # A thread blocked on a pipe is not waited for: its row would not be sent any more.
        if self._threads <= (self._reading and self._dispatcher.stopped):
            self._over.set()

    def _process(self, batch: Batch) -> None:
        """Send a request and hand its results on. No local variable keeps them for longer than that."""
        with self._sender.turn:
            for result in self._exchange(batch):
                self._listeners.result(result)

    def _exchange(self, batch: Batch) -> list[Result]:
        deadline = Deadline(self._limits, self._monotonic)
        deadline.resends = False  # it may be billed: the dispatcher sends it again, within the caps
        try:
            answer = self._sender.send(batch, deadline)
        except (NbxError, RefusedFormError, MemoryError) as caught:
            error: NbxError = no_memory(sent=deadline.sent)
            again = isinstance(caught, RefusedFormError)
            # It is sent again without enough memory, too: with fewer requests at once there may be enough.
            if not isinstance(caught, MemoryError):
                error = caught.error if isinstance(caught, RefusedFormError) else caught
            self._listeners.request(batch.rows[0].model, batch.sent_at, None, error, "")
            now = self._monotonic()
            with self._lock:  # stays in flight if abandoned, so that `abandon` finds it
                return [] if self._abandoned else self._dispatcher.failed(batch, error, now, again=again)
        self._listeners.request(batch.rows[0].model, batch.sent_at, answer.usage, None, answer.reasons)
        if answer.warning:
            self._warn(answer.warning)
        now = self._monotonic()
        with self._lock:
            if self._abandoned:
                return []
            outcomes, usage, _, headers, again, _ = answer
            return self._dispatcher.answered(batch, outcomes, usage, headers, now, again=again)

    def _warn(self, warning: str) -> None:
        with self._lock:
            if warning in self._warned:
                return
            self._warned.add(warning)
        self._listeners.warn(warning)

    def _next_batch(self) -> Batch | None:
        """Wait for the next batch; return None when this thread is no longer needed."""
        while True:
            with self._lock:
                now = self._monotonic()
                step = self._dispatcher.next(now)
                # Reading a fast row here costs less than a switch to another thread.
                while self._fast_rows and not self._reading and isinstance(step, Wait) and step.rows:
                    if not self._read_fast():
                        break
                    step = self._dispatcher.next(now)
                if step is None:
                    self._changed.notify_all()
                    return None
                if isinstance(step, Wait) and not (step.rows and not self._reading):
                    self._wait(step.until)
                    continue
                reads = isinstance(step, Wait)
                self._reading = self._reading or reads
                start_another = self._needs_another(reads=reads)
            if start_another:
                self._start_thread()
            if isinstance(step, Batch):
                return step
            self._read()

    def _needs_another(self, *, reads: bool) -> bool:
        """Wake an idle thread for the remaining work; return whether another thread should be started."""
        dispatcher = self._dispatcher
        # While this thread reads, which may take long on a pipe, another one must send the retries.
        if not (dispatcher.waiting if reads else dispatcher.room):
            return False
        if self._idle:
            self._changed.notify()
            return False
        limit = self._max_threads or dispatcher.rate.concurrency + 1
        return self._threads < limit

    def _wait(self, until: float) -> None:
        """Wait for a change. Only one thread at a time waits with a timeout, for all of them."""
        timed = until < self._timer_at - TICK_S / 100
        if timed:
            self._timer_at = until
        self._idle += 1
        try:
            self._changed.wait(max(0.0, until - self._monotonic()) if timed else None)
        finally:
            self._idle -= 1
            if self._timer_at == until:
                self._timer_at = math.inf

    def _read(self) -> None:
        """Offer the next row to the dispatcher. Reading may take a while, so the lock is not held."""
        row: Row | None = None
        failure: BaseException | None = None
        try:
            while row is None and not self._dispatcher.stopped:
                row = next(self._rows)
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            failure = error
        with self._lock:
            self._reading = False
            self._offer(row, failure)
            if self._idle:
                self._changed.notify()

    def _read_fast(self) -> bool:
        """Offer the next row while the lock is held; return False if reading it may take a while."""
        row: Row | None = None
        failure: BaseException | None = None
        try:
            row = next(self._rows)
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            failure = error
        self._offer(row, failure)
        return row is not None or failure is not None

    def _offer(self, row: Row | None, failure: BaseException | None) -> None:
        if isinstance(failure, StopIteration):
            self._dispatcher.no_more_rows()
        elif failure is not None:
            self._error = self._error or failure
            self._dispatcher.stop()
        elif row is not None:
            self._dispatcher.offer(row)
