"""The requests of a bulk run on their way into the ledger: gathered as they end, written once a second."""

import threading
from collections.abc import Callable

from nebius_cli.bulk.batch import Batch
from nebius_cli.core import money
from nebius_cli.core.errors import CappedError, NbxError, NetworkError, StatusError
from nebius_cli.core.money import FREE, Price, PriceList, Prices
from nebius_cli.ledger import entry as entries
from nebius_cli.ledger.entry import Entry
from nebius_cli.ledger.recorder import LOCAL, LedgerRecorder
from nebius_cli.response.events import Usage
from nebius_cli.system.streams import Streams

EVERY = 1.0  # seconds between two writes
LOOK_EVERY = 5.0  # seconds between two looks at the budgets, which other programs spend as well
MOST = 5_000  # entries that wait; a disk that does not keep up must not fill the memory


def run_id(streams: Streams) -> str:
    """Return a name for this run, by the second it began in and by chance."""
    from datetime import UTC, datetime

    began = datetime.fromtimestamp(streams.now(), UTC)
    return f"{began:%Y%m%dT%H%M%SZ}-{int(streams.random() * 0x10000):04x}"


class BatchRecorder:
    """Takes what each request took, from many threads; `settle`, from one, puts it into the books.

    `host` is where the requests go, empty for the embedded engine, which is free and runs the model `here`,
    whatever a row names. Without `books` nothing is
    written. `over`: go on where a budget is spent.
    """

    def __init__(
        self,
        books: LedgerRecorder | None,
        prices: Prices | PriceList,
        profile: str,
        host: str,
        streams: Streams,
        *,
        over: bool,
        here: str = "",
    ) -> None:
        self._books = books
        self._prices = prices
        self._run = run_id(streams)
        self._over = over
        self._here = "" if host else here
        self._profile = profile
        self._host = host
        self._streams = streams
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._settled_at = self._looked_at = streams.monotonic()
        self._wall = streams.now() - self._settled_at  # Unix time at 0 on the monotonic clock

    def add(self, send: Batch, usage: Usage | None, error: NbxError | None, finish: str = "") -> None:
        """Take a request that has ended; one that never went out is none."""
        if self._books is None or (isinstance(error, NetworkError) and not error.sent):
            return
        price = self._price(send)
        # A request that the server refused is not billed.
        cost = money.ZERO if isinstance(error, StatusError) else entries.cost_of(usage, price)
        entry = Entry(
            self._wall + send.sent_at,
            self._here or send.rows[0].model,
            int(error.code) if error else 0,
            entries.sound(usage),
            price,
            cost,
            self._streams.monotonic() - send.sent_at,
            finish=finish,
            profile=self._profile,
            host=self._host or LOCAL,
            run=self._run,
        )
        with self._lock:
            if len(self._entries) < MOST:
                self._entries.append(entry)

    def settle(self, *, now: bool = False) -> None:
        """Write what has gathered, once a second or `now`."""
        if not now and self._streams.monotonic() - self._settled_at < EVERY:
            return
        with self._lock:
            gathered, self._entries = self._entries, []
        if gathered and self._books:
            self._books.write(gathered)
        self._settled_at = self._streams.monotonic()

    def spent(self) -> CappedError | None:
        """Return the error of a budget that is spent by now; it is looked at every few seconds."""
        now = self._streams.monotonic()
        if self._over or self._books is None or not self._host or now - self._looked_at < LOOK_EVERY:
            return None
        self._looked_at = now
        gone = next((budget for budget in self._books.budgets() if budget.is_spent), None)
        return CappedError("the budget is spent", gone.words, "--over-budget goes on") if gone else None

    def tick(self, stop: Callable[[CappedError], object]) -> None:
        """Do what is due from time to time; `stop` is called where a budget is spent."""
        self.settle()
        if gone := self.spent():
            stop(gone)

    def close(self) -> None:
        """Write the rest."""
        self.settle(now=True)
        if self._books:
            self._books.close()

    def _price(self, send: Batch) -> Price:
        if not self._host:
            return FREE
        prices = self._prices.of_model(send.rows[0].model)
        return Price(prices.input, prices.output, prices.cached) if prices else Price()
