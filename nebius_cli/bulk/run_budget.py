"""Tracks the tokens and costs of a bulk run: spent, reserved for requests in flight, and available."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from nebius_cli.bulk.input.row import Row
from nebius_cli.core.prices_and_costs import UNKNOWN_PRICE, ZERO, Price, PriceList, add, exact, token_count
from nebius_cli.response.answer_events import Usage


@dataclass(frozen=True, slots=True)
class Charge:
    """Tokens and USD that were spent, or that may be spent. None is unknown, and so is any sum with it.

    `cost` was calculated with `price`. `expected` USD are reserved in the budgets: `cost`, or a guess.
    """

    prompt: int | None = 0
    completion: int | None = 0
    cost: Decimal | None = field(default_factory=Decimal)
    price: Price = field(default=UNKNOWN_PRICE, compare=False, repr=False)
    expected: Decimal = field(default=ZERO, compare=False, repr=False)

    def __add__(self, other: "Charge") -> "Charge":
        """Return the sum of both."""
        return Charge(
            add(self.prompt, other.prompt), add(self.completion, other.completion), add(self.cost, other.cost)
        )

    @property
    def tokens(self) -> int:
        """The number of tokens, as far as it is known."""
        return (self.prompt or 0) + (self.completion or 0)

    def to_json(self) -> dict[str, Any]:
        """Return the `usage` of a record."""
        cost = None if self.cost is None else exact(self.cost)
        return {"prompt_tokens": self.prompt, "completion_tokens": self.completion, "cost": cost}


NOTHING = Charge()


def worst_case(rows: Sequence[Row], price: Price) -> Charge:
    """Return the most that one request for these rows can use; unknown if a row has no `max_tokens`."""
    prompt, completion = sum(row.max_prompt_tokens for row in rows), 0
    for row in rows:
        if row.max_completion_tokens is None:
            return Charge(prompt, None, price.max_cost(prompt, None), price)
        completion += row.max_completion_tokens
    return Charge(prompt, completion, price.max_cost(prompt, completion), price)


class Budget:
    """What a run has spent and may spend. Costs are unknown without `prices`.

    The worst case of each request is reserved before it is sent, so a cap is never exceeded unless an answer
    uses more than its worst case. `spent_tokens` and `spent_cost` are those of earlier runs.

    `covers`, if set, tells whether the budgets that all processes share have room for requests in flight that
    cost this much. Where a request has no worst case, the longest answer so far is expected again.
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
        self.prices = prices or PriceList()
        self.max_cost = max_cost
        self.max_tokens = max_tokens
        self.tokens = spent_tokens
        self.cost = spent_cost or Decimal()
        self.reserved_tokens = 0
        self.reserved_cost = Decimal()
        self.covers: Callable[[Decimal], bool] | None = None
        self.uncovered = False  # the last request was refused because of the shared budgets
        self.expected = ZERO  # for requests in flight, and for ended ones of unknown cost
        self._longest_answer = 0  # in tokens

    def worst(self, rows: Sequence[Row]) -> Charge:
        """Return the most that one request for these rows can use; unknown if a row has no `max_tokens`."""
        worst = worst_case(rows, self.prices.of_model(rows[0].model))
        if self.covers is None:
            return worst
        expected = worst.cost
        if expected is None:
            expected = worst.price.max_cost(worst.prompt or 0, self._longest_answer)
        return replace(worst, expected=expected or ZERO)

    def fits(self, worst: Charge) -> bool:
        """Return whether a request may be sent. An unknown worst case never fits below a cap."""
        self.uncovered = False
        if self.max_tokens is not None:
            if worst.completion is None:
                return False
            if self.tokens + self.reserved_tokens + worst.tokens > self.max_tokens:
                return False
        if self.max_cost is not None and (
            worst.cost is None or self.cost + self.reserved_cost + worst.cost > self.max_cost
        ):
            return False
        self.uncovered = self.covers is not None and not self.covers(self.expected + worst.expected)
        return not self.uncovered

    def reserve(self, worst: Charge) -> None:
        """Reserve the worst case of a request that is about to be sent."""
        self.reserved_tokens += worst.tokens
        self.expected += worst.expected
        if worst.cost:
            self.reserved_cost += worst.cost

    def charge(self, worst: Charge, usage: Usage | None, *, maybe_billed: bool) -> Charge:
        """Release the reservation of a request that has ended, and return its usage.

        That is the worst case if the server did not report the usage, and nothing if the request cannot have
        been billed.
        """
        charge = self._actual(worst, usage) if maybe_billed else NOTHING
        self.settle(worst, charge)
        if charge is not worst:  # otherwise, an unknown amount may have been billed
            self.release(worst)
            self._longest_answer = max(self._longest_answer, charge.completion or 0)
        return charge

    def release(self, worst: Charge) -> None:
        """Release the amount that is reserved in the shared budgets for a request."""
        self.expected -= worst.expected

    def settle(self, worst: Charge, charge: Charge) -> None:
        """Release the reservation of a request, and count its usage."""
        self.reserved_tokens -= worst.tokens
        if worst.cost:
            self.reserved_cost -= worst.cost
        self.tokens += charge.tokens
        self.cost += charge.cost or Decimal()

    def _actual(self, worst: Charge, usage: Usage | None) -> Charge:
        prompt = token_count(usage.prompt) if usage else None
        completion = token_count(usage.completion) if usage else None
        if usage is None or prompt is None or completion is None:
            return worst
        return Charge(prompt, completion, worst.price.cost(prompt, completion, usage.cached))
