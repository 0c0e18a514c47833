"""The books of a run: the budget is looked at before a request, its rows are written after the answer.

No trouble with the ledger stops a request or changes its exit code: it is one warning.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial

from nebius_cli.config.settings import BUDGETS, Sourced
from nebius_cli.core import money
from nebius_cli.core.errors import CappedError, LedgerError, NetworkError, StatusError, TimedOutError
from nebius_cli.core.money import FREE, Price
from nebius_cli.ledger import entry
from nebius_cli.ledger.entry import Entry, Text
from nebius_cli.ledger.store import Ledger
from nebius_cli.models.cache import ModelsCache
from nebius_cli.models.model import price_in
from nebius_cli.request import prompt
from nebius_cli.system.streams import Streams
from nebius_cli.system.timeout import run_with_timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nebius_cli.api.exchange import Exchange
    from nebius_cli.ledger.sums import SpendingLimit

LONGEST = 2.0  # seconds that a run waits for its ledger, whatever is the matter with the disk
LOCAL = "local"  # the host of the embedded engine


class LedgerRecorder:
    """What the settings `merged` say of ledger and budgets, kept for the requests of one run."""

    def __init__(
        self,
        ledger: Ledger,
        merged: Mapping[str, Sourced],
        cache: ModelsCache,
        profile: str,
        streams: Streams,
        warn: Callable[[str], None],
    ) -> None:
        self.ledger = ledger
        self._merged = merged
        self._cache = cache
        self._profile = profile
        self._streams = streams
        self._warn = warn
        self._keeps_text = "history.text" in merged and merged["history.text"].value is True
        self._failed = False
        self._said: set[str] = set()

    def price(self, model: str) -> Price:
        """Return a model's price as the kept list has it; no network is used."""
        stored = self._cache.read()
        return price_in(stored.value, model) if stored else Price()

    def budgets(self) -> "list[SpendingLimit]":
        """Return the budgets that are set, with what the ledger has for them; empty where it has a fault."""
        from nebius_cli.ledger.periods import first_of_month
        from nebius_cli.ledger.sums import SpendingLimit
        from nebius_cli.system.calendar import LocalCalendar

        calendar = LocalCalendar()
        today = calendar.day(self._streams.now())
        starts = {BUDGETS[0]: ("today", today), BUDGETS[1]: ("this month", first_of_month(today))}
        found = []
        for name, (period, first) in starts.items():
            if name in self._merged:
                limit = Decimal(repr(self._merged[name].value))
                since = calendar.start(first)
                try:
                    spent, unknown = run_with_timeout(LONGEST, partial(self.ledger.spent, since))
                except (LedgerError, TimedOutError) as error:
                    self._warn_once("fault", f"no budget can be checked: {error.line}")
                    return []
                found.append(SpendingLimit(name, period, limit, spent, unknown))
        return found

    def check(self, model: str, *, over: bool) -> None:
        """Look at the budgets before a request. Raises CappedError for one that is spent, unless `over`."""
        found = self.budgets()
        for budget in found:
            if budget.is_spent and not over:
                raise CappedError("the budget is spent", budget.words, "--over-budget goes on")
            if budget.is_nearly_spent:
                self._warn_once(budget.name, budget.words)
        if not found:
            return
        name = found[0].name
        if not self.price(model).known:
            self._warn_once(model, f"{name} cannot see this request: the price of {model} is not known here")
        elif blind := next((budget for budget in found if budget.unknown), None):
            count = f"{blind.unknown} request{'s' if blind.unknown > 1 else ''} {blind.period}"
            self._warn_once("blind", f"{blind.name} cannot see {count}, whose cost is not known")
        if self._merged["ledger"].value is False:
            self._warn_once("off", f"{name} will not see this request: the ledger is off")

    def left(self) -> Decimal | None:
        """Return what the tightest budget has left, None where none is set."""
        return min((budget.left for budget in self.budgets()), default=None)

    def write(self, rows: Sequence[Entry]) -> None:
        """Write entries; say once what is in the way, and write no more where that will not go away."""
        if self._failed:
            return
        path = self.ledger.path
        try:
            if not run_with_timeout(LONGEST, lambda: self.ledger.append(rows)):
                self._warn_once("held", f"{path} is held by another program: the row waits beside it")
        except LedgerError as error:
            self._failed = True
            self._warn(error.line)
        except TimedOutError:  # a disk that does not answer
            self._failed = True
            self._warn(f"the ledger {path} cannot be written within {LONGEST:g} s")

    def write_exchange(self, exchange: "Exchange", code: int, *, local: bool) -> None:
        """Write a row for each time that an exchange sent its request; `code` is how the run ended."""
        if rows := self._entries(exchange, code, local=local):
            self.write(rows)
        self.close()

    def close(self) -> None:
        """Let go of the ledger, unless something that does not answer holds it."""
        if not self._failed:
            with contextlib.suppress(TimedOutError):
                run_with_timeout(LONGEST, self.ledger.close)

    def _entries(self, exchange: "Exchange", code: int, *, local: bool) -> list[Entry]:
        request, end = exchange.request, self._streams.monotonic()
        model = request.model
        price = FREE if local else self.price(model)
        host = LOCAL if local else exchange.host
        wall = self._streams.now() - end  # Unix time at 0 on the monotonic clock
        rows = []
        for sent in exchange.sent:
            error = sent.error
            if isinstance(error, NetworkError) and not error.sent:
                continue
            last = sent is exchange.sent[-1]
            tokens = entry.sound(sent.completion.usage)
            # A request that the server refused is not billed.
            refused = isinstance(error, StatusError)
            rows.append(
                Entry(
                    wall + sent.at,
                    model,
                    code if last else int(error.code) if error else code,
                    tokens,
                    price,
                    money.ZERO if refused else entry.cost_of(tokens, price),
                    (sent.ended_at or end) - sent.at,
                    None if sent.first_token_at is None else sent.first_token_at - sent.at,
                    ",".join(sent.completion.reasons()),
                    self._profile,
                    host,
                    request_id=sent.request_id,
                    text=self._text(exchange) if last and self._keeps_text else None,
                )
            )
        return rows

    def _text(self, exchange: "Exchange") -> Text | None:
        request = exchange.request
        body = request.encode()
        choices = exchange.completion.choices
        answers = tuple(choices[index].text for index in sorted(choices))
        for what, texts in (("prompt", [body.decode()]), ("answer", answers)):
            if any(map(exchange.shows_key, texts)):
                self._warn_once("key", f"the {what} holds the API key: no text of it is kept")
                return None
        return Text(body, request.query(), prompt.as_text(request.prompt), answers)

    def _warn_once(self, about: str, text: str) -> None:
        if about not in self._said:
            self._said.add(about)
            self._warn(text)
