"""Records the requests of a bulk run in the ledger, before their answers are written to the output."""

import threading
from collections.abc import Callable
from decimal import Decimal

from nebius_cli.core.errors_and_exit_codes import CappedError, NbxError, NetworkError
from nebius_cli.core.prices_and_costs import ZERO, PriceList
from nebius_cli.ledger.day_and_month_budgets import BUDGET_HINT
from nebius_cli.ledger.entry import Entry, cost_of
from nebius_cli.ledger.request_recorder import LOCAL, LedgerRecorder
from nebius_cli.response.answer_events import Usage
from nebius_cli.system.streams import Streams

BUDGET_CHECK_INTERVAL_S = 5.0  # other programs spend from the budgets as well


def run_id(streams: Streams) -> str:
    """Return an id for this run, made of its start time in seconds and a random number."""
    from datetime import UTC, datetime

    began = datetime.fromtimestamp(streams.now(), UTC)
    return f"{began:%Y%m%dT%H%M%SZ}-{int(streams.random() * 0x10000):04x}"


class BulkRecorder:
    """Collects requests from many threads, writes them to the ledger, and keeps the run within the budgets.

    The cost of requests that have ended is taken from the reserved amount; `flush` records it as spent.
    Requests are sent to `host`; if that is None, the embedded engine runs `local_model`, whatever model a row
    names. With both, the embedded engine runs the requests for `local_model`. If `recorder` is None, nothing
    is written. With `over_budget`, the run continues when a budget is spent.
    """

    def __init__(
        self,
        recorder: LedgerRecorder | None,
        prices: PriceList,
        profile: str | None,
        streams: Streams,
        *,
        over_budget: bool,
        host: str | None = None,
        local_model: str | None = None,
    ) -> None:
        self._recorder = recorder
        self._prices = prices
        self._run = run_id(streams)
        self._over_budget = over_budget
        self._local_model = local_model
        self._profile = profile
        self._host = host
        self._streams = streams
        self._lock = threading.Lock()
        self._waiting: list[Entry] = []
        self._writing = threading.Lock()
        self._reserved = ZERO  # USD reserved in the ledger's database
        self._unwritten = ZERO  # the cost of requests that are not in the database
        self._checked_at = streams.monotonic()
        self._unix_offset = streams.now() - self._checked_at  # Unix time at 0 on the monotonic clock

    def add(
        self, model: str, sent_at: float, usage: Usage | None, error: NbxError | None, finish: str = ""
    ) -> None:
        """Collect a request that has ended, unless it was never sent. `sent_at` is on the monotonic clock."""
        if self._recorder is None or (isinstance(error, NetworkError) and not error.sent):
            return
        price = self._prices.of_model(model)
        is_local = self._host is None or model == self._local_model
        cost = cost_of(usage, price, error)
        entry = Entry(
            self._unix_offset + sent_at,
            (self._local_model if is_local else None) or model,
            int(error.code) if error else 0,
            usage,
            price,
            cost,
            self._streams.monotonic() - sent_at,
            finish=finish,
            profile=self._profile or "",
            host=LOCAL if is_local or self._host is None else self._host,
            run=self._run,
        )
        with self._lock:
            self._waiting.append(entry)
            self._unwritten += cost or ZERO

    def flush(self) -> None:
        """Write the collected requests to the ledger; return when all are written or cannot be written."""
        with self._writing:  # another thread may be writing earlier requests
            with self._lock:
                entries, self._waiting = self._waiting, []
            if not entries or self._recorder is None:
                return
            cost = sum((entry.cost for entry in entries if entry.cost), ZERO)
            written = self._recorder.write(entries, spent=cost if self._reserved else None)
            if written:
                with self._lock:
                    self._unwritten -= cost
                    self._reserved = max(ZERO, self._reserved - cost)

    @property
    def has_budget(self) -> bool:
        """Whether this run has to stay within a budget."""
        return bool(self._recorder and self._host and not self._over_budget and self._recorder.has_budget)

    def covers(self, cost: Decimal) -> bool:
        """Return whether the budgets allow this cost of requests in flight; reserve more if necessary."""
        with self._lock:
            missing = cost + self._unwritten - self._reserved
        if missing <= 0 or self._recorder is None:
            return True
        added = self._recorder.budgets.reserve(missing, ahead=True)
        if added is None:
            return True
        with self._lock:
            self._reserved += added
        return added > 0

    @property
    def covered(self) -> Decimal:
        """The reserved USD that requests in flight may cost."""
        with self._lock:
            return self._reserved - self._unwritten

    def budget_exceeded(self) -> CappedError:
        """Return the error for a run that stops because another request could exceed a budget."""
        assert self._recorder is not None  # noqa: S101 - without one, there is no budget
        self.flush()
        return self._recorder.budgets.exceeded("stopped before exceeding a budget")

    def tick(self, stop: Callable[[CappedError], object]) -> None:
        """Write the collected requests. Every few seconds, also call `stop` if a budget is spent."""
        self.flush()
        now = self._streams.monotonic()
        if self.has_budget and self._recorder and now - self._checked_at >= BUDGET_CHECK_INTERVAL_S:
            self._checked_at = now
            if spent := next((budget for budget in self._recorder.budgets.read() if budget.is_spent), None):
                stop(CappedError("the budget is spent", spent.as_text, BUDGET_HINT))

    def close(self) -> None:
        """Write the remaining requests, release the reserved amount, and close the ledger."""
        self.flush()
        if self._recorder:
            if self._reserved:
                self._recorder.budgets.release()
            self._recorder.close()
