"""Adds up the tokens and costs of many requests."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from nebius_cli.core.prices_and_costs import ZERO, exact


class Sums(NamedTuple):
    """The sums over one group of requests. Unknown token counts and costs are left out."""

    group: str
    requests: int = 0
    failed: int = 0
    prompt: int = 0
    completion: int = 0
    cached: int = 0
    reasoning: int = 0
    cost: Decimal = ZERO
    unknown: int = 0  # number of requests with unknown cost

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens."""
        return self.prompt + self.completion


def total(rows: Sequence[Sums]) -> Sums:
    """Return the sum of all rows."""
    added: Iterable[Any] = map(sum, zip(*(row[1:] for row in rows), strict=True))
    return Sums("total", *added)


def record(row: Sums) -> dict[str, object]:
    """Return the JSON object for a group; the cost is a string, so that no digit is lost."""
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
