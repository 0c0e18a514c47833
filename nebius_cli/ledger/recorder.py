"""Checks the budgets before a request, and records the request in the ledger after the answer.

A problem with the ledger never stops a request and never changes its exit code; it is one warning.
"""

import contextlib
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from nebius_cli.config.run_settings import RunSettings
from nebius_cli.config.settings import BUDGET_DAILY, BUDGET_MONTHLY
from nebius_cli.core.errors import CappedError, LedgerError, NetworkError, StatusError, TimedOutError
from nebius_cli.core.money import FREE, UNKNOWN_PRICE, ZERO, Price, usd
from nebius_cli.ledger.database import BusyError
from nebius_cli.ledger.entry import Entry, StoredText, cost_of, plausible
from nebius_cli.ledger.reservations import Cap
from nebius_cli.ledger.store import Ledger
from nebius_cli.models.cache import ModelsCache
from nebius_cli.models.model import price_in
from nebius_cli.request import prompt
from nebius_cli.request.token_bounds import max_tokens
from nebius_cli.system.streams import Streams
from nebius_cli.system.timeout import TimeoutThread

if TYPE_CHECKING:
    from nebius_cli.api.exchange import Exchange
    from nebius_cli.ledger.budgets import SpendingLimit
    from nebius_cli.request.request import CompletionRequest

LEDGER_TIMEOUT_S = 2.0  # how long a run waits for the ledger, even on a disk that hangs
LOCAL = "local"  # the host of requests to the embedded engine
BUDGET_HINT = "--over-budget ignores the budget"

Result = TypeVar("Result")


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
        self._thread = TimeoutThread("nbx-ledger")
        self._held = False  # another program held the database at the last write
        self._broken = False  # the database cannot be written; rows wait beside it
        self._failed = False  # nothing can be written
        self._warned: set[str] = set()

    def price(self, model: str) -> Price:
        """Return the price of a model from the cached list, without using the network."""
        stored = self._cache.read()
        return price_in(stored.value, model) if stored else UNKNOWN_PRICE

    @property
    def has_budget(self) -> bool:
        """Whether a budget is set."""
        return self._settings.has_budget

    def budgets(self) -> "list[SpendingLimit]":
        """Return the budgets that are set and what was spent of them; empty if the ledger cannot be read."""
        found = []
        for limit in self._limits():
            try:
                spent, unknown = self._run(partial(self.ledger.spent, limit.since))
            except (LedgerError, TimedOutError) as error:
                self._warn_once("unreadable", f"cannot check the budgets: {error.line}")
                return []
            found.append(limit._replace(spent=spent, unknown=unknown))
        return found

    def reserve(self, amount: Decimal, *, ahead: bool = False) -> Decimal | None:
        """Reserve USD below every budget that is set, and return what was added; 0 if that exceeds one.

        With `ahead`, reserve for later requests too. Returns None if the ledger cannot be written: like any
        problem with the ledger, that stops no request.
        """
        caps = [Cap(limit.since, limit.limit) for limit in self._limits()]
        timeout_s = 0.0 if self._held else None
        reserve = partial(self.ledger.reserve, amount, caps, ahead=ahead, timeout_s=timeout_s)
        try:
            return self._run(reserve)
        except (LedgerError, TimedOutError) as error:
            self._held = self._held or isinstance(error, BusyError)  # wait only once
            self._warn_once("unreadable", f"cannot check the budgets: {error.line}")
            return None

    def reserve_for(self, request: "CompletionRequest") -> None:
        """Reserve what a request may cost at most, as far as that is known.

        Raises CappedError if that exceeds a budget.
        """
        price = self.price(request.model)
        if not price.known:
            return
        cost = price.max_cost(*max_tokens(request.prompt, request.fields, request.params))
        if cost and self.reserve(cost) == ZERO:
            raise self.exceeded(f"the request may cost {usd(cost)}, more than is left of a budget")

    def release(self) -> None:
        """Give back what is reserved; without that, the next process notices that this one has ended."""
        if not self._failed:
            with contextlib.suppress(LedgerError, TimedOutError):
                self._run(self.ledger.reservations.release)

    def exceeded(self, what: str) -> CappedError:
        """Return the error for requests that could exceed the tightest budget."""
        tightest = min(self.budgets(), key=lambda budget: budget.remaining, default=None)
        return CappedError(what, tightest.words if tightest else "", BUDGET_HINT)

    def _limits(self) -> "list[SpendingLimit]":
        """Return the budgets that are set, without what was spent."""
        from nebius_cli.ledger.budgets import SpendingLimit
        from nebius_cli.ledger.periods import first_of_month
        from nebius_cli.system.calendar import LocalCalendar

        settings, calendar = self._settings, LocalCalendar()
        today = calendar.day(self._streams.now())
        found = []
        for name, limit, period, first in (
            (BUDGET_DAILY, settings.budget_daily, "today", today),
            (BUDGET_MONTHLY, settings.budget_monthly, "this month", first_of_month(today)),
        ):
            if limit is not None:
                since = calendar.start(first)
                found.append(SpendingLimit(name, period, Decimal(repr(limit)), since=since))
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

    def write(self, entries: Sequence[Entry], *, spent: Decimal | None = None) -> bool:
        """Write entries, and return whether they are in the database. Warns once if they are not.

        `spent` USD of what is reserved become the cost of these entries. After a lasting failure nothing more
        is written.
        """
        if self._failed:
            return False
        try:
            return self._run(partial(self._write, entries, spent))
        except LedgerError as error:
            self._failed = True
            self._warn(error.line)
        except TimedOutError:  # the disk hangs
            self._failed = True
            self._warn(f"cannot write the ledger {self.ledger.path} within {LEDGER_TIMEOUT_S:g} s")
        return False

    def _write(self, entries: Sequence[Entry], spent: Decimal | None) -> bool:
        """Write entries to the database, else to a file beside it. Raises LedgerError if both fail."""
        why = f"another program holds {self.ledger.path}"
        if not self._broken:
            try:
                # A bulk run waits only once for a program that holds the database.
                self.ledger.append(entries, spent=spent, timeout_s=0.0 if self._held else None)
            except BusyError:
                self._held = True
            except LedgerError as error:
                self._broken, why = True, error.line
            else:
                self._held = False
                return True
        try:
            self.ledger.set_aside(entries)
        except LedgerError as error:
            raise LedgerError(why if self._broken else f"{why}; {error.line}") from None
        self._warn_once("pending", f"{why}; the entry waits in a file beside it")
        return False

    def _run(self, work: Callable[[], Result]) -> Result:
        return self._thread.run(LEDGER_TIMEOUT_S, work)

    def write_exchange(self, exchange: "Exchange", code: int, *, local: bool) -> None:
        """Write an entry for each request that an exchange sent; `code` is the exit code of the run."""
        if entries := self._entries(exchange, code, local=local):
            self.write(entries)
        if self._settings.has_budget:
            self.release()
        self.close()

    def close(self) -> None:
        """Close the ledger, unless a write to it hangs."""
        if not self._failed:
            with contextlib.suppress(TimedOutError):
                self._run(self.ledger.close)

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
