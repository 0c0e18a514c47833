"""Tokens and money of a bulk run: what was spent, what is in flight at its worst, and what still fits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from nebius_cli.bulk.input.rows import Row
from nebius_cli.core.money import UNKNOWN_PRICE, Price, PriceList, add, exact, token_count
from nebius_cli.response.events import Usage


@dataclass(frozen=True, slots=True)
class Charge:
    """What was spent: tokens, and USD. None is not known; what is added to it is not known either.

    `cost` was calculated with `price`.
    """

    prompt: int | None = 0
    completion: int | None = 0
    cost: Decimal | None = field(default_factory=Decimal)
    price: Price = field(default=UNKNOWN_PRICE, compare=False, repr=False)

    def __add__(self, other: "Charge") -> "Charge":
        """Return both together."""
        return Charge(
            add(self.prompt, other.prompt),
            add(self.completion, other.completion),
            add(self.cost, other.cost),
        )

    @property
    def tokens(self) -> int:
        """Return the tokens that are known of."""
        return (self.prompt or 0) + (self.completion or 0)

    def to_json(self) -> dict[str, Any]:
        """Return the charge as a record holds it."""
        cost = None if self.cost is None else exact(self.cost)
        return {"prompt_tokens": self.prompt, "completion_tokens": self.completion, "cost": cost}


NOTHING = Charge()


def worst_case(rows: Sequence[Row], price: Price) -> Charge:
    """Return the most that one request for these rows can use; unknown if a row has no `max_tokens`."""
    prompt, completion = sum(row.most_prompt for row in rows), 0
    for row in rows:
        if row.most_completion is None:
            return Charge(prompt, None, price.max_cost(prompt, None), price)
        # vLLM generates and bills one token for each choice even if max_tokens is 0.
        completion += max(row.most_completion, row.n)
    return Charge(prompt, completion, price.max_cost(prompt, completion), price)


class Budget:
    """What a run has spent and may spend. Without prices no cost is known; `max_cost` needs them.

    A cap holds whatever happens, as long as no answer uses more than its worst case: each request is set
    aside at that before it is sent. `spent` is what earlier runs did.
    """

    def __init__(
        self,
        *,
        prices: PriceList | None = None,
        max_cost: Decimal | None = None,
        max_tokens: int | None = None,
        spent_tokens: int = 0,
        spent_cost: Decimal | None = None,
    ) -> None:
        if max_cost is not None and prices is None:
            raise ValueError("a cap on the cost needs prices")
        self.prices = prices
        self.max_cost = max_cost
        self.max_tokens = max_tokens
        self.tokens = spent_tokens
        self.cost = spent_cost or Decimal()
        self.reserved_tokens = 0
        self.reserved_cost = Decimal()

    def worst(self, rows: Sequence[Row]) -> Charge:
        """Return the most that one request for these rows can use; unknown if a row has no `max_tokens`."""
        return worst_case(rows, self.prices.of_model(rows[0].model) if self.prices else UNKNOWN_PRICE)

    def fits(self, worst: Charge) -> bool:
        """Return whether a request may be sent. What is not known does not fit below a cap."""
        if self.max_tokens is not None:
            if worst.completion is None:
                return False
            if self.tokens + self.reserved_tokens + worst.tokens > self.max_tokens:
                return False
        if self.max_cost is not None:
            return worst.cost is not None and self.cost + self.reserved_cost + worst.cost <= self.max_cost
        return True

    def reserve(self, worst: Charge) -> None:
        """Set a request aside that is about to be sent."""
        self.reserved_tokens += worst.tokens
        if worst.cost:
            self.reserved_cost += worst.cost

    def settle(self, worst: Charge, usage: Usage | None, *, maybe_billed: bool) -> Charge:
        """Take a request back that ended, and return what it cost.

        Where the server did not say, that is the worst case, or nothing where it cannot have been billed.
        """
        self.reserved_tokens -= worst.tokens
        if worst.cost:
            self.reserved_cost -= worst.cost
        charge = self._charge(worst, usage) if maybe_billed else NOTHING
        self.tokens += charge.tokens
        self.cost += charge.cost or Decimal()
        return charge

    def _charge(self, worst: Charge, usage: Usage | None) -> Charge:
        prompt = token_count(usage.prompt) if usage else None
        completion = token_count(usage.completion) if usage else None
        if usage is None or prompt is None or completion is None:
            return worst
        return Charge(prompt, completion, worst.price.cost(prompt, completion, usage.cached))
