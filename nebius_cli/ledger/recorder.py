"""Checks the budgets before a request, and records the request in the ledger after the answer.

A problem with the ledger never stops a request and never changes its exit code; it is one warning.
"""

import contextlib
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from nebius_cli.config.run_settings import RunSettings
from nebius_cli.config.settings import BUDGET_DAILY, BUDGET_MONTHLY
from nebius_cli.core.errors import CappedError, LedgerError, NetworkError, StatusError, TimedOutError
from nebius_cli.core.money import FREE, UNKNOWN_PRICE, ZERO, Price
from nebius_cli.ledger.entry import Entry, StoredText, cost_of, plausible
from nebius_cli.ledger.store import Ledger
from nebius_cli.models.cache import ModelsCache
from nebius_cli.models.model import price_in
from nebius_cli.request import prompt
from nebius_cli.system.streams import Streams
from nebius_cli.system.timeout import run_with_timeout

if TYPE_CHECKING:
    from nebius_cli.api.exchange import Exchange
    from nebius_cli.ledger.sums import SpendingLimit

LEDGER_TIMEOUT_S = 2.0  # how long a run waits for the ledger, even on a disk that hangs
LOCAL = "local"  # the host of requests to the embedded engine
BUDGET_HINT = "--over-budget ignores the budget"


class LedgerRecorder:
    """Records the requests of one run in the ledger, and checks the budgets in its settings."""

    def __init__(
        self,
        ledger: Ledger,
        settings: RunSettings,
        cache: ModelsCache,
        streams: Streams,
        warn: Callable[[str], None],
    ) -> None:
        self.ledger = ledger
        self._settings = settings
        self._cache = cache
        self._streams = streams
        self._warn = warn
        self._failed = False
        self._warned: set[str] = set()

    def price(self, model: str) -> Price:
        """Return the price of a model from the cached list, without using the network."""
        stored = self._cache.read()
        return price_in(stored.value, model) if stored else UNKNOWN_PRICE

    def budgets(self) -> "list[SpendingLimit]":
        """Return the budgets that are set and what was spent of them; empty if the ledger cannot be read."""
        from nebius_cli.ledger.periods import first_of_month
        from nebius_cli.ledger.sums import SpendingLimit
        from nebius_cli.system.calendar import LocalCalendar

        calendar = LocalCalendar()
        today = calendar.day(self._streams.now())
        found = []
        for name, most, period, first in (
            (BUDGET_DAILY, self._settings.budget_daily, "today", today),
            (BUDGET_MONTHLY, self._settings.budget_monthly, "this month", first_of_month(today)),
        ):
            if most is not None:
                limit = Decimal(repr(most))
                since = calendar.start(first)
                try:
                    spent, unknown = run_with_timeout(LEDGER_TIMEOUT_S, partial(self.ledger.spent, since))
                except (LedgerError, TimedOutError) as error:
                    self._warn_once("unreadable", f"cannot check the budgets: {error.line}")
                    return []
                found.append(SpendingLimit(name, period, limit, spent, unknown))
        return found

    def check(self, model: str, *, over_budget: bool) -> None:
        """Check the budgets before a request. Raises CappedError if one is spent, unless `over_budget`."""
        found = self.budgets()
        for budget in found:
            if budget.is_spent and not over_budget:
                raise CappedError("the budget is spent", budget.words, BUDGET_HINT)
            if budget.is_nearly_spent:
                self._warn_once(budget.name, budget.words)
        if not found:
            return
        name = found[0].name
        if not self.price(model).known:
            self._warn_once(model, f"{name} does not count this request: the price of {model} is unknown")
        elif incomplete := next((budget for budget in found if budget.unknown), None):
            count = f"{incomplete.unknown} request{'s' if incomplete.unknown > 1 else ''} {incomplete.period}"
            self._warn_once("incomplete", f"{incomplete.name} does not count {count} of unknown cost")
        if not self._settings.ledger:
            self._warn_once("off", f"{name} does not count this request: the ledger is off")

    def remaining(self) -> Decimal | None:
        """Return the USD that remain of the tightest budget, None if no budget is set."""
        return min((budget.remaining for budget in self.budgets()), default=None)

    def write(self, entries: Sequence[Entry]) -> None:
        """Write entries. Warns once if that fails, and writes no more after a lasting failure."""
        if self._failed:
            return
        path = self.ledger.path
        try:
            if not run_with_timeout(LEDGER_TIMEOUT_S, lambda: self.ledger.append(entries)):
                self._warn_once("held", f"another program holds {path}: the entry waits in a file beside it")
        except LedgerError as error:
            self._failed = True
            self._warn(error.line)
        except TimedOutError:  # the disk hangs
            self._failed = True
            self._warn(f"cannot write the ledger {path} within {LEDGER_TIMEOUT_S:g} s")

    def write_exchange(self, exchange: "Exchange", code: int, *, local: bool) -> None:
        """Write an entry for each request that an exchange sent; `code` is the exit code of the run."""
        if entries := self._entries(exchange, code, local=local):
            self.write(entries)
        self.close()

    def close(self) -> None:
        """Close the ledger, unless a write to it hangs."""
        if not self._failed:
            with contextlib.suppress(TimedOutError):
                run_with_timeout(LEDGER_TIMEOUT_S, self.ledger.close)

    def _entries(self, exchange: "Exchange", code: int, *, local: bool) -> list[Entry]:
        request, end = exchange.request, self._streams.monotonic()
        model = request.model
        price = FREE if local else self.price(model)
        host = LOCAL if local else exchange.host
        unix_offset = self._streams.now() - end  # Unix time at 0 on the monotonic clock
        entries = []
        for sent in exchange.sent:
            error = sent.error
            if isinstance(error, NetworkError) and not error.sent:
                continue
            last = sent is exchange.sent[-1]
            usage = sent.completion.usage
            # The server does not bill a request that it refused.
            refused = isinstance(error, StatusError)
            entries.append(
                Entry(
                    unix_offset + sent.at,
                    model,
                    code if last else int(error.code) if error else code,
                    plausible(usage),
                    price,
                    ZERO if refused else cost_of(usage, price),
                    (sent.ended_at or end) - sent.at,
                    None if sent.first_token_at is None else sent.first_token_at - sent.at,
                    ",".join(sent.completion.reasons()),
                    self._settings.profile or "",
                    host,
                    request_id=sent.request_id,
                    text=self._text(exchange) if last and self._settings.history_text else None,
                )
            )
        return entries

    def _text(self, exchange: "Exchange") -> StoredText | None:
        request = exchange.request
        body = request.encode()
        choices = exchange.completion.choices
        answers = tuple(choices[index].text for index in sorted(choices))
        for what, texts in (("prompt", [body.decode()]), ("answer", answers)):
            if any(map(exchange.shows_key, texts)):
                self._warn_once("key", f"the {what} contains the API key: the text is not stored")
                return None
        return StoredText(body, request.query(), prompt.as_text(request.prompt), answers)

    def _warn_once(self, topic: str, text: str) -> None:
        if topic not in self._warned:
            self._warned.add(topic)
            self._warn(text)
