"""Checks the daily and monthly budgets before each request, and reserves its cost from them."""

import contextlib
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from nebius_cli.config.run_settings import RunSettings
from nebius_cli.config.settings_table import BUDGET_DAILY, BUDGET_MONTHLY
from nebius_cli.core.errors_and_exit_codes import CappedError, LedgerError, TimedOutError
from nebius_cli.core.prices_and_costs import ZERO, Price, usd
from nebius_cli.ledger.budget_reservations import Cap
from nebius_cli.ledger.ledger_with_timeout import LedgerAccess
from nebius_cli.ledger.sqlite_file import BusyError
from nebius_cli.request.token_bounds import max_tokens
from nebius_cli.system.calendar import LocalCalendar

if TYPE_CHECKING:
    from nebius_cli.request.request_body import CompletionRequest

WARN_FROM = Decimal("0.8")  # nbx warns when this share of a budget is spent
BUDGET_HINT = "--over-budget ignores the budget"


class SpendingLimit(NamedTuple):
    """A limit in USD for a `period` such as `today`, and the amount spent since its start, a Unix time.

    `unknown` is the number of requests in the period whose cost is unknown.
    """

    name: str
    period: str
    limit: Decimal
    spent: Decimal = ZERO
    unknown: int = 0
    since: float = 0.0

    @property
    def is_spent(self) -> bool:
        """Whether nothing remains."""
        return self.spent >= self.limit

    @property
    def is_nearly_spent(self) -> bool:
        """Whether enough is spent to warn about it."""
        return self.spent >= self.limit * WARN_FROM

    @property
    def remaining(self) -> Decimal:
        """The USD that may still be spent."""
        return max(self.limit - self.spent, ZERO)

    @property
    def as_text(self) -> str:
        """How much of the limit is spent, as a message."""
        spent = ("≥ " if self.unknown else "") + usd(self.spent)
        return f"{self.name}: {spent} of {usd(self.limit)} spent {self.period}"


class Budgets:
    """Checks the budgets in the settings of one run, and reserves the cost of requests from them.

    `price_of` gives the price of a model, and `now` the Unix time.
    """

    def __init__(
        self,
        access: LedgerAccess,
        settings: RunSettings,
        price_of: Callable[[str], Price],
        now: Callable[[], float],
    ) -> None:
        self._access = access
        self._settings = settings
        self._price_of = price_of
        self._now = now

    def read(self) -> list[SpendingLimit]:
        """Return the budgets that are set, with the amounts spent; empty if the ledger cannot be read."""
        found = []
        for limit in self._limits():
            try:
                spent, unknown = self._access.run(partial(self._access.ledger.spent, limit.since))
            except (LedgerError, TimedOutError) as error:
                self._access.warn_once("unreadable", f"cannot check the budgets: {error.line}")
                return []
            found.append(limit._replace(spent=spent, unknown=unknown))
        return found

    def remaining(self) -> Decimal | None:
        """Return the USD that remain in the tightest budget, None if no budget is set."""
        return min((budget.remaining for budget in self.read()), default=None)

    def check(self, model: str, price: Price, *, over_budget: bool) -> None:
        """Check the budgets before a request to a model of this price.

        Raises CappedError if one is spent, unless `over_budget`.
        """
        found = self.read()
        for budget in found:
            if budget.is_spent and not over_budget:
                raise CappedError("the budget is spent", budget.as_text, BUDGET_HINT)
            if budget.is_nearly_spent:
                self._access.warn_once(budget.name, budget.as_text)
        if not found:
            return
        name, warn_once = found[0].name, self._access.warn_once
        if not price.known:
            warn_once(model, f"{name} does not count this request: the price of {model} is unknown")
        elif incomplete := next((budget for budget in found if budget.unknown), None):
            count = f"{incomplete.unknown} request{'s' if incomplete.unknown > 1 else ''} {incomplete.period}"
            warn_once("incomplete", f"{incomplete.name} does not count {count} whose cost is unknown")
        if not self._settings.ledger:
            warn_once("off", f"{name} does not count this request: the ledger is off")

    def reserve_for(self, request: "CompletionRequest") -> None:
        """Reserve the maximum cost of a request, if it is known.

        Raises CappedError if it exceeds a budget.
        """
        price = self._price_of(request.model)
        if not price.known:
            return
        cost = price.max_cost(*max_tokens(request.prompt, request.fields, request.params))
        if cost and self.reserve(cost) == ZERO:
            raise self.exceeded(f"the request may cost {usd(cost)}, more than remains of a budget")

    def reserve(self, amount: Decimal, *, ahead: bool = False) -> Decimal | None:
        """Reserve USD within every budget that is set. Return the added amount, 0 if it exceeds a budget.

        With `ahead`, reserve for later requests too. Returns None if the ledger cannot be written:
        a problem with the ledger never stops a request.
        """
        caps = [Cap(limit.since, limit.limit) for limit in self._limits()]
        timeout_s = 0.0 if self._access.held else None
        reserve = self._access.ledger.reservations.reserve
        try:
            return self._access.run(partial(reserve, amount, caps, ahead=ahead, timeout_s=timeout_s))
        except (LedgerError, TimedOutError) as error:
            self._access.held = self._access.held or isinstance(error, BusyError)  # do not wait again
            self._access.warn_once("unreadable", f"cannot check the budgets: {error.line}")
            return None

    def exceeded(self, what: str) -> CappedError:
        """Return the error for requests that could exceed the tightest budget."""
        tightest = min(self.read(), key=lambda budget: budget.remaining, default=None)
        return CappedError(what, tightest.as_text if tightest else "", BUDGET_HINT)

    def release(self) -> None:
        """Release the reserved amount. Otherwise another process releases it after this one has ended."""
        if not self._access.failed:
            with contextlib.suppress(LedgerError, TimedOutError):
                self._access.run(self._access.ledger.reservations.release)

    def _limits(self) -> list[SpendingLimit]:
        """Return the budgets that are set, without the amounts spent."""
        settings, calendar = self._settings, LocalCalendar()
        today = calendar.day(self._now())
        found = []
        for name, limit, period, first in (
            (BUDGET_DAILY, settings.budget_daily, "today", today),
            (BUDGET_MONTHLY, settings.budget_monthly, "this month", today.replace(day=1)),
        ):
            if limit is not None:
                since = calendar.start(first)
                found.append(SpendingLimit(name, period, Decimal(repr(limit)), since=since))
        return found
