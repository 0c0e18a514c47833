"""Keeps a run on Ray within the part of the daily and monthly budgets that the driver reserves. Pure."""

from decimal import Decimal
from typing import NamedTuple

from nebius_cli.bulk.run_budget import Budget, Charge
from nebius_cli.core.prices_and_costs import ZERO

REQUESTS_AHEAD = 64  # to reserve for at once, because the driver answers only a few times a second


class Need(NamedTuple):
    """USD to reserve: `least` for requests in flight and one more, `ahead` for many more.

    `idle` tells whether no request is in flight.
    """

    least: Decimal
    ahead: Decimal
    idle: bool


class CoveredBudget(Budget):
    """A budget whose requests may cost what the driver has reserved, from the first call of `cover` on.

    The cost of a request that has ended counts until the driver has answered the report of it.
    """

    _covered = ZERO
    _refused: Decimal | None = None  # the worst case of the last request that did not fit
    _ended = ZERO
    _reported = ZERO  # cost of requests that ended, reported to the driver but not answered yet

    def cover(self, amount: Decimal) -> None:
        """Set how much requests may cost that are in flight, or ended since the last call of `need`."""
        self.covers = self._is_covered
        self._covered = amount
        self._reported = ZERO

    def need(self, *, idle: bool) -> Need | None:
        """Return how much has to be reserved if a request did not fit since the last call, else None."""
        self._reported, self._ended = self._reported + self._ended, ZERO
        refused, self._refused = self._refused, None
        if refused is None:
            return None
        return Need(self.expected + refused, self.expected + refused * REQUESTS_AHEAD, idle)

    def fits(self, worst: Charge) -> bool:
        """Return whether a request may be sent."""
        fits = super().fits(worst)
        if self.uncovered:
            self._refused = worst.expected
        return fits

    def ended(self, worst: Charge) -> None:
        """Record that a request has ended; its cost will be reported to the driver."""
        self.release(worst)
        self._ended += worst.expected

    def _is_covered(self, cost: Decimal) -> bool:
        return cost + self._ended + self._reported <= self._covered
