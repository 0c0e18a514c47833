"""The threads of a bulk run: each takes a request, sends it, judges the answer and hands the result on."""

import math
import threading
from collections.abc import Callable, Iterator

from nebius_cli.api.client import Answer, Api
from nebius_cli.api.deadlines import Deadline
from nebius_cli.api.limits import Limits
from nebius_cli.bulk.batch import Batch
from nebius_cli.bulk.check_answer import CompleteAnswer, check_answer, split_group
from nebius_cli.bulk.dispatcher import Dispatcher, Wait
from nebius_cli.bulk.heap import share_heap
from nebius_cli.bulk.input.row_reader import Row
from nebius_cli.bulk.output.record import Result
from nebius_cli.core.errors import IncompleteError, NbxError, NetworkError
from nebius_cli.response.events import Usage

TICK = 0.1  # seconds
STACK = 512 * 1024  # bytes; deep enough for the deepest JSON that Python reads


OnRequest = Callable[[str, float, Usage | None, NbxError | None, str], None]


class WorkerPool:
    """Sends what the dispatcher says, on as many threads as it allows, until nothing is left.

    `on_result` is called in those threads, one call for each result; what it raises ends the run, and so
    does what `rows` raises, once everything in flight is back. `first_byte`, `stall` and `total` limit each
    request, in seconds, 0 for not at all. `rows` may give None before one that takes its time; with `at_once`
    none of the others does, as from a file. `on_request` is called in those threads as each request ends,
    with its model, when it was sent, its usage or its error, and the finish reasons.
    """

    def __init__(
        self,
        api: Api,
        dispatcher: Dispatcher,
        rows: Iterator[Row | None],
        on_result: Callable[[Result], None],
        on_request: OnRequest,
        monotonic: Callable[[], float],
        limits: Limits,
        *,
        at_once: bool = False,
    ) -> None:
        self._api = api
        self._dispatcher = dispatcher
        self._rows = rows
        self._on_result = on_result
        self._on_request = on_request
        self._monotonic = monotonic
        self._limits = limits
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._at_once = at_once
        self._threads = 0
        self._most_threads = 0  # that the system gives; 0 is not known
        self._idle = 0
        self._alarm = math.inf  # when the idle thread that watches the clock wakes
        self._reading = False
        self._over = threading.Event()
        self._abandoned = False
        self._error: BaseException | None = None

    def run(self, tick: Callable[[], None]) -> None:
        """Return when each row has its end or the dispatcher stopped; `tick` is called ten times a second.

        Raises what `on_result` or the rows raised. What a signal or `tick` raises leaves the threads at work:
        `drain` is next.
        """
        share_heap()
        self._hire()
        while not self._over.wait(TICK):
            tick()
        if self._error is not None:
            raise self._error

    def drain(self, seconds: float) -> bool:
        """Send nothing any more and wait for what is in flight; return whether all of it came back.

        What comes later is dropped. Raises what `on_result` raised.
        """
        with self._lock:
            self._dispatcher.stop()
            self._changed.notify_all()
            self._look_whether_over()
        try:
            back = self._over.wait(seconds)
        finally:  # another signal
            with self._lock:
                self._abandoned = True
        if self._error is not None:
            raise self._error
        return back

    def abandon(self) -> list[Result]:
        """Take nothing any more; return what was spent on rows that have no result."""
        with self._lock:
            self._abandoned = True
            return self._dispatcher.unfinished()

    def _hire(self) -> None:
        """Start another thread."""
        with self._lock:
            self._threads += 1
        before = threading.stack_size(STACK)
        try:
            # A daemon: a wait that nobody is interested in any more must not keep the process alive.
            threading.Thread(target=self._work, name="nbx-bulk", daemon=True).start()
        except RuntimeError:  # the system gives no more
            with self._lock:
                self._threads -= 1
                if not self._threads:
                    raise
                self._most_threads = self._threads
        finally:
            threading.stack_size(before)

    def _work(self) -> None:
        try:
            while (send := self._take()) is not None:
                for result in self._exchange(send):
                    self._on_result(result)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the main thread
            with self._lock:
                self._error = self._error or error
                self._dispatcher.stop()
                self._abandoned = True
            self._over.set()
        finally:
            with self._lock:
                self._threads -= 1
                self._changed.notify_all()
                self._look_whether_over()

    def _look_whether_over(self) -> None:
        # Nobody waits for a thread that reads from a pipe when its row would not be sent any more.
        if self._threads <= (self._reading and self._dispatcher.stopped):
            self._over.set()

    def _exchange(self, send: Batch) -> list[Result]:
        try:
            answer, whole = self._ask(send)
            whole = self._without_key(whole)
            responses = split_group(whole, send.rows)
        except NbxError as error:
            self._on_request(send.rows[0].model, send.sent_at, None, error, "")
            now = self._monotonic()
            with self._lock:  # what is abandoned stays in flight, where `abandon` finds it
                return [] if self._abandoned else self._dispatcher.failed(send, error, now)
        self._on_request(send.rows[0].model, send.sent_at, whole.usage, None, whole.reasons)
        now = self._monotonic()
        with self._lock:
            if self._abandoned:
                return []
            return self._dispatcher.answered(send, responses, whole.usage, answer.headers, now)

    def _ask(self, send: Batch) -> tuple[Answer, CompleteAnswer]:
        broken: NetworkError | None = None
        try:
            deadline = Deadline(self._limits, self._monotonic)
            path, accept = "/completions", "application/json"
            answer = self._api.ask(path, send.query, send.body, accept=accept, deadline=deadline)
        except NetworkError as error:
            if not isinstance(error.came, Answer):
                raise
            answer, broken = error.came, error
        head = answer.head
        with self._api.redactor.in_errors():
            try:
                # Where each choice has its finish_reason, what broke after that was not the answer.
                return answer, check_answer(answer.body, head.content_type, send.choices, head.request_id)
            except IncompleteError:
                if broken is None:
                    raise
                raise broken from None

    def _without_key(self, whole: CompleteAnswer) -> CompleteAnswer:
        redactor = self._api.redactor
        if whole.raw is not None and not redactor.may_be_in(whole.raw):
            return whole
        value = redactor.value(whole.value)
        return whole if value is whole.value else CompleteAnswer(value, None, whole.usage)

    def _take(self) -> Batch | None:
        """Return the next request, waiting for it; None when this thread is not needed any more."""
        while True:
            with self._lock:
                now = self._monotonic()
                step = self._dispatcher.next(now)
                # A row that is there at once costs less than changing places with another thread.
                while self._at_once and not self._reading and isinstance(step, Wait) and step.rows:
                    if not self._read_at_once():
                        break
                    step = self._dispatcher.next(now)
                if step is None:
                    self._changed.notify_all()
                    return None
                if isinstance(step, Wait) and not (step.rows and not self._reading):
                    self._rest(step.until)
                    continue
                reads = isinstance(step, Wait)
                self._reading = self._reading or reads
                hire = self._needs_another(reads=reads)
            if hire:
                self._hire()
            if isinstance(step, Batch):
                return step
            self._read()

    def _needs_another(self, *, reads: bool) -> bool:
        """Wake an idle thread for what this one leaves undone; return whether there is none and should be."""
        dispatcher = self._dispatcher
        # A thread that reads may wait long, as for a pipe; another one sees to what is to be sent again.
        if not (dispatcher.waiting if reads else dispatcher.room):
            return False
        if self._idle:
            self._changed.notify()
            return False
        limit = self._most_threads or dispatcher.pace.concurrency + 1
        return self._threads < limit

    def _rest(self, until: float) -> None:
        """Wait until something has changed. One thread watches the clock for all of them."""
        timed = until < self._alarm - TICK / 100
        if timed:
            self._alarm = until
        self._idle += 1
        try:
            self._changed.wait(max(0.0, until - self._monotonic()) if timed else None)
        finally:
            self._idle -= 1
            if self._alarm == until:
                self._alarm = math.inf

    def _read(self) -> None:
        """Offer the next row to the dispatcher; reading may take its time, so it is done without the lock."""
        row: Row | None = None
        failure: BaseException | None = None
        try:
            while row is None and not self._dispatcher.stopped:
                row = next(self._rows)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the main thread
            failure = error
        with self._lock:
            self._reading = False
            self._hand_in(row, failure)
            if self._idle:
                self._changed.notify()

    def _read_at_once(self) -> bool:
        """Offer the next row under the lock; return False where it may take its time."""
        row: Row | None = None
        failure: BaseException | None = None
        try:
            row = next(self._rows)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the main thread
            failure = error
        self._hand_in(row, failure)
        return row is not None or failure is not None

    def _hand_in(self, row: Row | None, failure: BaseException | None) -> None:
        if isinstance(failure, StopIteration):
            self._dispatcher.no_more_rows()
        elif failure is not None:
            self._error = self._error or failure
            self._dispatcher.stop()
        elif row is not None:
            self._dispatcher.offer(row)
