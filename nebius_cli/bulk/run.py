"""Performs one bulk run, from its first request to its last record."""

import contextlib
import functools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.bulk.input.row_source import MAX_BAD_KEPT, RowSource
from nebius_cli.bulk.options import BulkPlan
from nebius_cli.bulk.output.journal import Journal
from nebius_cli.bulk.output.stream_output import StreamOutput
from nebius_cli.bulk.progress_display import BulkDisplay
from nebius_cli.bulk.result_writer import ResultWriter
from nebius_cli.bulk.run_budget import Charge
from nebius_cli.bulk.run_counts import RunCounts, cap_error, price_records
from nebius_cli.bulk.run_summary import RunSummary
from nebius_cli.core.errors_and_exit_codes import Interrupted, NbxError, Stopped
from nebius_cli.core.prices_and_costs import PriceList
from nebius_cli.system.hurry_on_second_signal import second_signal
from nebius_cli.system.streams import Streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nebius_cli.bulk.workers.send_and_receive import OnRequest, WorkerPool
    from nebius_cli.bulk.workers.sender_protocol import Sender

# How long a stopped run waits for requests in flight. `docker stop` kills a program 10 s after asking it to
# end; the remaining time is for the records of abandoned requests.
DRAIN_TIMEOUT_S = 8.0


def drain_note(in_flight: int, stop: BaseException) -> str:
    """Return the message of a run that the signal `stop` ends while requests are in flight."""
    wait = f"waiting up to {DRAIN_TIMEOUT_S:.0f} s for requests in flight: {in_flight}"
    typed = isinstance(stop, KeyboardInterrupt | Interrupted)
    return f"{wait}; {'press Ctrl-C again to stop now' if typed else 'a second signal stops the run now'}"


class Recorder(Protocol):
    """Records requests in the ledger, and keeps a run within the budgets.

    `tick` is called often, and calls `stop` if a budget is spent.
    """

    @property
    def add(self) -> "OnRequest":
        """Record a request that ended."""

    @property
    def has_budget(self) -> bool:
        """Whether this run has to stay within a budget."""

    def flush(self) -> None:
        """Return when every request recorded so far is written."""

    def covers(self, cost: Decimal, /) -> bool:
        """Return whether the budgets have room for requests in flight that may cost this much."""

    @property
    def covered(self) -> Decimal:
        """What requests in flight may cost now."""

    def budget_exceeded(self) -> NbxError:
        """Return the error of a run that stops because the budgets have no room."""

    def tick(self, stop: Callable[[NbxError], object], /) -> None:
        """Do periodic work."""

    def close(self) -> None:
        """Write the remaining requests."""


class BulkRun:
    """Sends the rows of `source` that `journal` has no answer to; `total` is the number of rows, if known."""

    def __init__(
        self,
        plan: BulkPlan,
        prices: PriceList,
        source: RowSource,
        journal: Journal | StreamOutput,
        total: int | None,
        limits: Limits,
        streams: Streams,
        note: Callable[[str], None],
    ) -> None:
        self.counts = RunCounts(total)
        self._plan = plan
        self._prices = prices
        self._source = source
        self._journal = journal
        self._limits = limits
        self._streams = streams
        self.server_error: Callable[[], NbxError | None] = lambda: None  # of a local server that ended
        self.generating: Callable[[], int] = int  # tokens of incomplete answers so far, where they are known
        self._stopping = contextlib.ExitStack()  # closed after the last record
        self._hurried = False  # whether a second signal ends the wait for requests in flight
        self._started_at = streams.monotonic()
        reader = source.reader
        self._writer = ResultWriter(journal, plan, json.loads(reader.defaults), self.counts, reader.kind)
        self._dispatcher = plan.dispatcher(
            prices,
            self._spent_earlier(reader.models, note),
            limits.retries,
            now=self._started_at,
            jitter=streams.random,
            may_take=self._writer.has_room,
            combinations=reader.requests_per_row,
            model=reader.model,
        )

    def send(self, sender: "Sender", recorder: Recorder, display: BulkDisplay) -> None:
        """Return when every row has its result and the journal is closed.

        Raises the error that ended the run early; the journal then has all results so far.
        """
        from nebius_cli.bulk.workers.send_and_receive import Listeners, WorkerPool  # imports urllib3

        self._dispatcher.note = display.post
        self._journal.before_records(recorder.flush)
        if recorder.has_budget:
            self._dispatcher.budget.covers = recorder.covers
        with self._stopping, self._finishing():
            with display, contextlib.closing(recorder):
                check = functools.partial(self._plan.check, prices=self._prices)
                pool = WorkerPool(
                    sender,
                    self._dispatcher,
                    self._writer.rows_to_send(self._source, check, display.post),
                    Listeners(lambda results: self._writer.put(*results), recorder.add, display.post),
                    self._streams.monotonic,
                    self._limits,
                    fast_rows=self._source.seekable,
                )
                try:
                    self._work(pool, recorder, display)
                except BaseException:
                    with contextlib.suppress(NbxError):
                        self._writer.put_unfinished(pool.abandon())
                    raise
            self._writer.finish(complete=True)
            self._journal.close()

    @contextlib.contextmanager
    def _finishing(self) -> Iterator[None]:
        """Write all pending records if the block ends early with an error."""
        try:
            yield
        except BaseException:
            with contextlib.suppress(NbxError):  # the first error is the one to report
                self._writer.finish(complete=False)
                self._journal.close()
            raise

    def summary(self, stopped: str) -> RunSummary:
        """Return the totals so far; `stopped` says what ended the run early."""
        return self.counts.summary(self._dispatcher, self._streams.monotonic() - self._started_at, stopped)

    def _spent_earlier(self, models: Sequence[str], note: Callable[[str], None]) -> Charge:
        earlier = self._journal.earlier
        spent = Charge(earlier.prompt_tokens, earlier.completion_tokens, earlier.cost)
        if not earlier.unpriced or self._plan.max_cost is None:
            self.counts.unpriced_before = earlier.unpriced > 0
            return spent
        prices = map(self._prices.of_model, models or ("",))
        # Any of the models may have produced these records.
        more, message = max(price_records(earlier.unpriced, earlier.unpriced_tokens, one) for one in prices)
        note(message)
        return Charge(spent.prompt, spent.completion, earlier.cost + more)

    def _work(self, pool: "WorkerPool", recorder: Recorder, display: BulkDisplay) -> None:
        dispatcher, counts = self._dispatcher, self.counts

        def tick() -> None:
            self._show(display)
            recorder.tick(dispatcher.stop)
            if (error := self.server_error()) is not None:
                dispatcher.stop(error)

        try:
            pool.run(tick)
        except (KeyboardInterrupt, Stopped) as stop:
            self._stopping.enter_context(second_signal(self._hurry))
            if count := dispatcher.in_flight:
                display.note(drain_note(count, stop))
            if not pool.drain(DRAIN_TIMEOUT_S, hurried=lambda: self._hurried):
                display.note(
                    f"requests abandoned: {dispatcher.in_flight}; the next run sends their rows again"
                )
            raise
        if counts.bad > MAX_BAD_KEPT:
            display.post(f"{counts.bad:,} bad rows were left out in total")
        if dispatcher.fatal is not None:
            raise dispatcher.fatal
        if dispatcher.capped and dispatcher.budget.uncovered:
            raise recorder.budget_exceeded()
        if dispatcher.capped is not None:
            raise cap_error(dispatcher.budget, dispatcher.capped)

    def _hurry(self) -> None:
        self._hurried = True

    def _show(self, display: BulkDisplay) -> None:
        now = self._streams.monotonic()
        snapshot = self.counts.snapshot(self._dispatcher, now, self._source.fraction_read)
        display.show(replace(snapshot, generating=self.generating()))
        while note := self._dispatcher.rate.take_note():
            display.note(note)
