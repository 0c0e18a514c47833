"""Sends the requests of a bulk run and passes the results on.

One thread at a time does the work, whatever the number of requests in flight: threads that run at the same
time would keep taking the interpreter lock from each other, which costs more than the work itself. Another
thread continues when one has to wait: for a connection, for the rest of an answer, for a row of
a pipe, for a model on this machine.
"""

import functools
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.request_batch import Answered, Batch, RefusedFormError, Wait
from nebius_cli.bulk.workers.one_thread_at_a_time import WorkerDeadline, WorkerThreads
from nebius_cli.bulk.workers.results_to_write import UnwrittenResults
from nebius_cli.bulk.workers.row_feed import RowFeed
from nebius_cli.bulk.workers.sender_protocol import Sender
from nebius_cli.bulk.workers.wait_for_first_bytes import AnswerWatch, InFlight
from nebius_cli.core.errors_and_exit_codes import NbxError, no_memory
from nebius_cli.response.answer_events import Usage

TICK_S = 0.1
WRITE_TIMEOUT_S = 1.0  # for another thread; its output may be a pipe that is not read

OnRequest = Callable[[str, float, Usage | None, NbxError | None, str], None]


class Listeners(NamedTuple):
    """What the threads call: with results, after each request, and once for each warning."""

    # `request` gets its model, when it was sent, its usage or error, and its finish reasons.
    results: Callable[[list[Result]], None]
    request: OnRequest
    warn: Callable[[str], None]


class WorkerPool(WorkerThreads):
    """Sends the batches of the dispatcher until nothing is left, on as many threads as it needs.

    An exception from the listener of results or from `rows` ends the run. `rows` may yield None before a row
    that takes a while; with `fast_rows` no other row does, as from a file.
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
        super().__init__()
        self._sender = sender
        self._dispatcher = dispatcher
        self._listeners = listeners
        self._monotonic = monotonic
        self._limits = limits
        self._warned: set[str] = set()
        self._feed = RowFeed(rows, dispatcher, is_fast=fast_rows)
        self._watch = AnswerWatch(monotonic)
        self._watching = False
        self._begun: deque[InFlight] = deque()  # requests whose answers have begun, or that timed out
        self._results = UnwrittenResults(self._lock)
        self._over = threading.Event()
        self._abandoned = False
        self._error: BaseException | None = None

    def run(self, tick: Callable[[], None]) -> None:
        """Return when every row has its result or the dispatcher stopped; `tick` is called every TICK_S.

        Raises what the listener of results or the rows raised. If a signal or `tick` raises, the threads
        continue; call `drain` next.
        """
        self._start_threads()
        while not self._over.wait(TICK_S):
            tick()
            with self._lock:  # `tick` may have stopped the dispatcher, while the only thread reads a pipe
                self._finish_if_over()
        if self._error is not None:
            raise self._error

    def drain(self, seconds: float, *, hurried: Callable[[], bool] = lambda: False) -> bool:
        """Send nothing more and wait for the requests in flight; return whether all of them ended in time.

        `hurried` ends the wait. Later answers are dropped. Raises what the listener of results raised.
        """
        with self._lock:
            self._dispatcher.stop()
            self._wake_all()
            self._finish_if_over()
        end, back = self._monotonic() + seconds, False
        while not back and not hurried() and (left := end - self._monotonic()) > 0:
            back = self._over.wait(min(TICK_S, left))
        with self._lock:
            self._abandoned = True
            self._wake_all()
        if self._error is not None:
            raise self._error
        return back

    def abandon(self) -> list[Result]:
        """Drop all later answers; return results with the cost of unfinished rows."""
        with self._lock:
            self._abandoned = True
            self._wake_all()
            unfinished = self._dispatcher.unfinished()
        self._write_results()
        self._results.wait_until_written(WRITE_TIMEOUT_S)
        return unfinished

    def _has_work(self) -> bool:
        dispatcher = self._dispatcher
        may_send = dispatcher.waiting or not (self._feed.reading or dispatcher.input_ended)
        return bool(self._begun or len(self._watch) or (dispatcher.room and may_send))

    def _max_useful_threads(self) -> int:
        return max(self._dispatcher.rate.concurrency, self._dispatcher.in_flight) + 1

    def _thread_left(self) -> None:
        self._finish_if_over()
        if not self._threads:
            self._watch.close()
            for request in self._begun:
                request.give_up()

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            self._end(error)
            self._abandoned = True
            self._wake_all()
        self._over.set()

    def _finish_if_over(self) -> None:
        # Do not wait for a thread that is blocked on a pipe: its row would not be sent any more.
        if self._threads <= (self._feed.waits and self._dispatcher.stopped):
            self._over.set()

    def _take_step(self) -> bool:
        """Do one thing; return False when this thread is no longer needed."""
        with self._lock:
            step = self._next_step()
            if isinstance(step, Wait):
                # If the system allows only one thread, it does not wait for a pipe while answers may arrive.
                alone = self._max_threads == 1 and self._dispatcher.in_flight > 0
                if reads := step.rows and not self._feed.reading and not alone:
                    self._feed.reading = True
                    if self._watching:
                        self._watch.wake()  # an incomplete group may have to be sent earlier from now on
                elif self._watching:
                    self._watch.wake()  # it may have to stop waiting earlier from now on
                    self._wait_for_turn()
                    return True
                else:
                    self._watching = True
        if step is None:
            self._write_results()
            return False
        if isinstance(step, Batch):
            self._send(step)
        elif isinstance(step, InFlight):
            self._finish(step)
        elif reads:
            self._read()
        else:
            self._wait_for_answers(step.until)
        return True

    def _next_step(self) -> Batch | InFlight | Wait | None:
        """Return what to send, which answer to read, or what to wait for; None at the end."""
        if self._abandoned:
            return None
        if self._begun and not self._dispatcher.room:
            return self._begun.popleft()
        now = self._monotonic()
        step = self._dispatcher.next(now)
        # Reading a fast row here costs less than a switch to another thread.
        while self._feed.is_fast and not self._feed.reading and isinstance(step, Wait) and step.rows:
            fast, error = self._feed.read_fast()
            self._end(error)
            if not fast:
                break
            step = self._dispatcher.next(now)
        if isinstance(step, Batch):
            return step
        if self._begun:
            return self._begun.popleft()
        if step is None:
            return Wait() if self._dispatcher.in_flight else None
        return step

    def _wait_for_answers(self, until: float) -> None:
        found = self._watch.wait(min(until, self._results.write_at))
        with self._lock:
            self._watching = False
            self._begun.extend(self._watch.take(found))
        if self._results.write_at <= self._monotonic():
            self._write_results()

    def _send(self, batch: Batch) -> None:
        deadline = WorkerDeadline(self._limits, self._monotonic, self._block, self._unblock)
        deadline.resends = False  # it may be billed: the dispatcher sends it again, within the caps
        try:
            request = InFlight(batch, deadline, self._sender.start(batch, deadline))
        except (NbxError, MemoryError) as error:
            self._failed(batch, deadline, error)
            return
        with self._lock:
            watched = self._watch.add(request)
            if watched and self._watching:
                self._watch.wake()
        if not watched:
            self._finish(request)

    def _finish(self, request: InFlight) -> None:
        """Read an answer and pass its results on. No local variable keeps them longer than necessary."""
        batch, deadline, started = request
        with self._sender.turn:
            try:
                answer = started.finish()
            except (NbxError, RefusedFormError, MemoryError) as error:
                self._failed(batch, deadline, error)
            else:
                self._answered(batch, answer)
            if self._sender.holds_large_answer or self._results.must_be_written:
                self._write_results()

    def _failed(self, batch: Batch, deadline: Deadline, caught: Exception) -> None:
        error: NbxError = no_memory(sent=deadline.sent)
        again = isinstance(caught, RefusedFormError)
        # It is sent again after a lack of memory, too: fewer requests at once need less.
        if isinstance(caught, RefusedFormError):
            error = caught.error
        elif isinstance(caught, NbxError):
            error = caught
        self._listeners.request(batch.rows[0].model, batch.sent_at, None, error, "")
        named = batch.with_model(error)
        self._keep(lambda now: self._dispatcher.failed(batch, named, now, again=again))

    def _answered(self, batch: Batch, answer: Answered) -> None:
        outcomes, usage, reasons, headers, again, warning = answer
        self._listeners.request(batch.rows[0].model, batch.sent_at, usage, None, reasons)
        if warning:
            self._warn(warning)
        outcomes = [batch.with_model(one) if isinstance(one, NbxError) else one for one in outcomes]
        answered = functools.partial(self._dispatcher.answered, batch, outcomes, usage, headers, again=again)
        self._keep(answered)

    def _keep(self, end: Callable[[float], list[Result]]) -> None:
        """End a request at this time, unless it is abandoned, and keep its results until they are written."""
        now = self._monotonic()
        with self._lock:
            if self._abandoned:  # it stays in flight, so that `abandon` finds it
                return
            self._results.add(end(now), now)

    def _write_results(self) -> None:
        try:
            self._results.write(self._listeners.results)
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            self._fail(error)

    def _warn(self, warning: str) -> None:
        with self._lock:
            if warning in self._warned:
                return
            self._warned.add(warning)
        self._listeners.warn(warning)

    def _block(self) -> None:
        self._write_results()
        super()._block()

    def _wake_all(self) -> None:
        super()._wake_all()
        self._watch.wake()

    def _read(self) -> None:
        """Offer the next row to the dispatcher. Reading may take a while, so another thread continues."""
        self._block()
        offer = self._feed.read()
        self._unblock()
        with self._lock:
            self._end(offer())

    def _end(self, error: BaseException | None) -> None:
        """Send nothing more, and raise an error, if any, in the main thread once all requests have ended."""
        if error is not None:
            self._error = self._error or error
            self._dispatcher.stop()
