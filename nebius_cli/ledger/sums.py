"""Sums over many requests, and budgets."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from nebius_cli.core.money import ZERO, exact, usd

WARN_FROM = Decimal("0.8")  # the spent share of a budget


class Sums(NamedTuple):
    """The sums over one group of requests. Tokens and cost are the sums of what is known."""

    group: str
    requests: int = 0
    failed: int = 0
    prompt: int = 0
    completion: int = 0
    cached: int = 0
    reasoning: int = 0
    cost: Decimal = ZERO
    unknown: int = 0  # requests of unknown cost

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens."""
        return self.prompt + self.completion


def total(rows: Sequence[Sums], group: str = "total") -> Sums:
    """Return the sum of all rows."""
    return Sums(
        group,
        sum(row.requests for row in rows),
        sum(row.failed for row in rows),
        sum(row.prompt for row in rows),
        sum(row.completion for row in rows),
        sum(row.cached for row in rows),
        sum(row.reasoning for row in rows),
        sum((row.cost for row in rows), ZERO),
        sum(row.unknown for row in rows),
    )


def record(row: Sums) -> dict[str, object]:
    """Return the JSON object for a group; the cost is a text, so that no digit is lost."""
    return {
        "group": row.group,
        "requests": row.requests,
        "failed": row.failed,
        "prompt_tokens": row.prompt,
        "completion_tokens": row.completion,
        "cached_tokens": row.cached,
        "reasoning_tokens": row.reasoning,
        "cost": None if row.requests and row.unknown == row.requests else exact(row.cost),
        "unknown_cost": row.unknown,
    }


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
