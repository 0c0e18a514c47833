"""Spending limits of a period, and how much of them is spent."""

from decimal import Decimal
from typing import NamedTuple

from nebius_cli.core.money import ZERO, usd

WARN_FROM = Decimal("0.8")  # the spent share of a budget


class SpendingLimit(NamedTuple):
    """A limit in USD for a `period` such as `today`, from a Unix time on, and what was spent in it so far.

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
        """Whether to warn."""
        return self.spent >= self.limit * WARN_FROM

    @property
    def remaining(self) -> Decimal:
        """The USD that may still be spent."""
        return max(self.limit - self.spent, ZERO)

    @property
    def words(self) -> str:
        """How much of it is spent, as a message."""
        spent = ("≥ " if self.unknown else "") + usd(self.spent)
        return f"{self.name}: {spent} of {usd(self.limit)} spent {self.period}"
