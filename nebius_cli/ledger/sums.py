"""What many requests come to: sums, budgets, and amounts as they are written for people and programs."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from nebius_cli.core.format import UNKNOWN
from nebius_cli.core.money import ZERO, dollars, plain

WARN_AT = Decimal("0.8")  # of a budget
_BLOCKS = " ▏▎▍▌▋▊▉█"


class Sums(NamedTuple):
    """What the requests of one group come to. Tokens and cost are sums of what is known."""

    group: str
    requests: int = 0
    failed: int = 0
    prompt: int = 0
    completion: int = 0
    cached: int = 0
    reasoning: int = 0
    cost: Decimal = ZERO
    unknown: int = 0  # requests whose cost is unknown

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


def known(amount: Decimal | None) -> str:
    """Return an amount for programs, every digit of it, or that it is not known."""
    return UNKNOWN if amount is None else plain(amount)


def shown_cost(row: Sums) -> str:
    """Return the cost of a group for people, which says what is missing in it."""
    if row.unknown == 0:
        return dollars(row.cost)
    if row.unknown == row.requests:
        return "unknown"
    return f"≥ {dollars(row.cost)}, {row.unknown:,} unknown"


def bar(value: Decimal, most: Decimal, width: int) -> str:
    """Return a bar as long as `value` is of `most`, at most `width` columns; not nothing for something."""
    if value <= 0 or most <= 0:
        return ""
    eighths = max(1, int(value / most * width * 8))
    return _BLOCKS[8] * (eighths // 8) + (_BLOCKS[eighths % 8] if eighths % 8 else "")


class SpendingLimit(NamedTuple):
    """A limit in USD on what a `period` may cost, and what it has cost so far.

    `unknown` requests of it have a cost that nobody knows.
    """

    name: str
    period: str
    limit: Decimal
    spent: Decimal = ZERO
    unknown: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.spent >= self.limit

    @property
    def is_nearly_spent(self) -> bool:
        """Whether it is time to say so."""
        return self.spent >= self.limit * WARN_AT

    @property
    def left(self) -> Decimal:
        """What may still be spent."""
        return max(self.limit - self.spent, ZERO)

    @property
    def words(self) -> str:
        """What is spent of it."""
        spent = ("≥ " if self.unknown else "") + dollars(self.spent)
        return f"{self.name}: {spent} of {dollars(self.limit)} spent {self.period}"


def record(row: Sums) -> dict[str, object]:
    """Return what `--json` says of a group: cost is a text, so that no digit of it is lost."""
    return {
        "group": row.group,
        "requests": row.requests,
        "failed": row.failed,
        "prompt_tokens": row.prompt,
        "completion_tokens": row.completion,
        "cached_tokens": row.cached,
        "reasoning_tokens": row.reasoning,
        "cost": None if row.requests and row.unknown == row.requests else plain(row.cost),
        "unknown_cost": row.unknown,
    }
