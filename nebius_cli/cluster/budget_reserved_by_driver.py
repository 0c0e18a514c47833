"""The part of the daily and monthly budgets that the driver reserves for a run on Ray. Pure."""

from decimal import Decimal
from typing import NamedTuple

from nebius_cli.bulk.run_budget import Budget, Charge
from nebius_cli.core.prices_and_costs import ZERO

REQUESTS_AHEAD = 64  # that a run asks the driver for at once, who answers a few times a second


class Need(NamedTuple):
    """USD that requests in flight and a further one may cost, and those of many further ones.

    `idle` tells whether no request is in flight.
    """

    least: Decimal
    ahead: Decimal
    idle: bool


class CoveredBudget(Budget):
    """A budget whose requests may cost what the driver has reserved, from the first call of `cover` on.

    A request that has ended counts until the driver has been told of it, and has answered.
    """

    _covered = ZERO
    _refused: Decimal | None = None  # what the last request that did not fit may cost
    _ended = ZERO
    _told = ZERO  # of requests that ended, and that the driver has not answered for

    def cover(self, amount: Decimal) -> None:
        """Let requests cost so much that are in flight, or that ended since `need` was called last."""
        self.covers = self._is_covered
        self._covered = amount
        self._told = ZERO

    def need(self, *, idle: bool) -> Need | None:
        """Return what was missing since the last call, if anything was."""
        self._told, self._ended = self._told + self._ended, ZERO
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
        """Note that a request has ended whose cost the driver will be told."""
        self.release(worst)
        self._ended += worst.expected

    def _is_covered(self, cost: Decimal) -> bool:
        return cost + self._ended + self._told <= self._covered
