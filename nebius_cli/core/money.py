"""Prices, costs and amounts of money in USD, exact (Decimal), and how they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NamedTuple, Self


def usd(amount: Decimal) -> str:
    """Return an amount of money as a person reads it: cents, and below a dollar three digits that count."""
    if not amount or amount >= 1:
        return f"${amount:,.2f}"
    return f"${amount:.{max(2, 2 - amount.adjusted())}f}"


ZERO = Decimal(0)
MOST_TOKENS = 10**12  # of one request; a larger count is none
_SIGNS = frozenset("0123456789.eE+-")  # of an amount
LONGEST_AMOUNT, LARGEST_EXPONENT = 56, 119


class Price(NamedTuple):
    """USD per token; None is unknown."""

    input: Decimal | None = None
    output: Decimal | None = None
    cached: Decimal | None = None

    @property
    def known(self) -> bool:
        """Whether a cost can be told with it."""
        return self.input is not None and self.output is not None


FREE = Price(ZERO, ZERO, ZERO)  # of the embedded engine


def parse_price(value: Any) -> Decimal | None:
    """Return a price, which the API sends as a text, so that no digit of it is lost."""
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    text = text.strip() if isinstance(text, str) else ""
    # No regular expression: making one takes longer than all that is done with it.
    if not text[:1].isdigit() or len(text) > LONGEST_AMOUNT or not _SIGNS.issuperset(text):
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if abs(amount.adjusted()) <= LARGEST_EXPONENT else None


def plain(amount: Decimal) -> str:
    """Return an amount in digits, without an exponent and without zeros that say nothing."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per token; `cached` for prompt tokens that the server had in its cache, where it says so.

    A cached price of 0 is none: the API sends that where there is none (see `entries.cost_of`).
    """

    input: Decimal
    output: Decimal
    cached: Decimal | None = None

    def cost(self, prompt: int, completion: int, cached: int = 0) -> Decimal:
        """Return the price of a request; `cached` of its `prompt` tokens were in the cache."""
        if not self.cached or not 0 < cached <= prompt:
            return self.input * prompt + self.output * completion
        return self.input * (prompt - cached) + self.cached * cached + self.output * completion

    def of_model(self, model: str) -> Self:
        """Return these prices, which are those of every model."""
        del model
        return self

    def worst(self, prompt: int, completion: int) -> Decimal:
        """Return the most that a request of so many tokens can cost."""
        return max(self.input, self.cached or self.input) * prompt + self.output * completion


class PriceList:
    """The prices of models by their ids: a row may name a model of its own."""

    def __init__(self, models: Mapping[str, Prices]) -> None:
        self._models = models

    def __contains__(self, model: str) -> bool:
        return model in self._models

    def of_model(self, model: str) -> Prices | None:
        """Return the prices of a model, None where they are not known."""
        return self._models.get(model)


def dollars(amount: Decimal) -> str:
    """Return an amount for people: cents from a dollar on, below it three digits that count."""
    if amount == 0:
        return "$0"
    if amount >= 1:
        return f"${amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"
    digits = amount.adjusted() - 2
    return f"${amount.quantize(Decimal(1).scaleb(digits), ROUND_HALF_UP):f}"
