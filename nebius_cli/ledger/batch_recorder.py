"""Records the requests of a bulk run in the ledger: collects them as they end, writes them once a second."""

import threading
from collections.abc import Callable

from nebius_cli.core.errors import CappedError, NbxError, NetworkError, StatusError
from nebius_cli.core.money import ZERO, PriceList
from nebius_cli.ledger.entry import Entry, cost_of, plausible
from nebius_cli.ledger.recorder import BUDGET_HINT, LOCAL, LedgerRecorder
from nebius_cli.response.events import Usage
from nebius_cli.system.streams import Streams

WRITE_INTERVAL_S = 1.0
BUDGET_CHECK_INTERVAL_S = 5.0  # other programs spend the budgets as well
MAX_WAITING_ENTRIES = 5_000  # more are dropped: a slow disk must not fill the memory


def run_id(streams: Streams) -> str:
    """Return an id for this run, made of the second in which it began and a random number."""
    from datetime import UTC, datetime

    began = datetime.fromtimestamp(streams.now(), UTC)
    return f"{began:%Y%m%dT%H%M%SZ}-{int(streams.random() * 0x10000):04x}"


class BatchRecorder:
    """Collects requests from many threads; one thread writes them to the ledger and watches the budgets.

    `host` is where the requests go, None for the embedded engine, which runs `local_model` whatever model a
    row names. With `recorder` None nothing is written. `over_budget` goes on when a budget is spent.
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
        self._local_model = local_model if host is None else None
        self._profile = profile
        self._host = host
        self._streams = streams
        self._lock = threading.Lock()
        self._waiting: list[Entry] = []
        self._written_at = self._checked_at = streams.monotonic()
        self._unix_offset = streams.now() - self._written_at  # Unix time at 0 on the monotonic clock

    def add(
        self, model: str, sent_at: float, usage: Usage | None, error: NbxError | None, finish: str = ""
    ) -> None:
        """Collect a request that has ended, unless it was never sent. `sent_at` is on the monotonic clock."""
        if self._recorder is None or (isinstance(error, NetworkError) and not error.sent):
            return
        price = self._prices.of_model(model)
        # The server does not bill a request that it refused.
        cost = ZERO if isinstance(error, StatusError) else cost_of(usage, price)
        entry = Entry(
            self._unix_offset + sent_at,
            self._local_model or model,
            int(error.code) if error else 0,
            plausible(usage),
            price,
            cost,
            self._streams.monotonic() - sent_at,
            finish=finish,
            profile=self._profile or "",
            host=LOCAL if self._host is None else self._host,
            run=self._run,
        )
        with self._lock:
            if len(self._waiting) < MAX_WAITING_ENTRIES:
                self._waiting.append(entry)

    def flush(self, *, now: bool = False) -> None:
        """Write the collected requests if the last write was a second ago, or `now`."""
        if not now and self._streams.monotonic() - self._written_at < WRITE_INTERVAL_S:
            return
        with self._lock:
            entries, self._waiting = self._waiting, []
        if entries and self._recorder:
            self._recorder.write(entries)
        self._written_at = self._streams.monotonic()

    def budget_error(self) -> CappedError | None:
        """Return the error for a budget that is spent; looks at the ledger every few seconds only."""
        now = self._streams.monotonic()
        if self._over_budget or self._recorder is None or self._host is None:
            return None
        if now - self._checked_at < BUDGET_CHECK_INTERVAL_S:
            return None
        self._checked_at = now
        spent = next((budget for budget in self._recorder.budgets() if budget.is_spent), None)
        return CappedError("the budget is spent", spent.words, BUDGET_HINT) if spent else None

    def tick(self, stop: Callable[[CappedError], object]) -> None:
        """Write and check budgets if it is time; call `stop` if a budget is spent."""
        self.flush()
        if error := self.budget_error():
            stop(error)

    def close(self) -> None:
        """Write the remaining requests and close the ledger."""
        self.flush(now=True)
        if self._recorder:
            self._recorder.close()
