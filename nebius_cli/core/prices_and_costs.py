"""Calculates, parses and formats prices and costs in US dollars, as exact decimals."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, TypeVar

from nebius_cli.core.short_text import UNKNOWN

ZERO = Decimal(0)
MAX_TOKENS = 10**12  # in one request; a larger count is a mistake of the server
MAX_AMOUNT_CHARS = 64
MAX_AMOUNT_EXPONENT = 30
MAX_AMOUNT = 1e31  # USD; amounts from 1e31 on, and below 1e-30, are mistakes

Number = TypeVar("Number", int, Decimal)


class Price(NamedTuple):
    """The price of a model in USD per token. None is unknown; `cached` is for cached prompt tokens.

    The API sends a cached price of 0 for models that have none, so 0 counts as "not given": cached tokens
    then cost as much as other prompt tokens, and a cost is too high rather than too low.
    """

    input: Decimal | None = None
    output: Decimal | None = None
    cached: Decimal | None = None

    @property
    def known(self) -> bool:
        """Whether the cost of a request can be calculated."""
        return self.input is not None and self.output is not None

    def cost(self, prompt: int | None, completion: int | None, cached: int | None = None) -> Decimal | None:
        """Return the cost of a request in USD, None if the price or a token count is unknown.

        `cached` tokens are part of the prompt. More cached tokens than prompt tokens is a mistake of the
        server; the whole prompt then costs the full price.
        """
        if self == FREE:
            return ZERO
        prompt, completion = token_count(prompt), token_count(completion)
        if prompt is None or completion is None or self.input is None or self.output is None:
            return None
        discounted = cached if cached and self.cached and 0 < cached <= prompt else 0
        discount_price = self.cached or ZERO
        return (prompt - discounted) * self.input + discounted * discount_price + completion * self.output

    def max_cost(self, prompt: int, completion: int | None) -> Decimal | None:
        """Return the highest cost in USD of a request, None if the price or a token count is unknown."""
        if self == FREE:
            return ZERO
        if completion is None or self.input is None or self.output is None:
            return None
        return prompt * max(self.input, self.cached or ZERO) + completion * self.output


FREE = Price(ZERO, ZERO, ZERO)  # the price of the embedded engine
UNKNOWN_PRICE = Price()


class PriceList:
    """The price of each model by its id; `default` is the price of all other models."""

    def __init__(self, models: Mapping[str, Price] | None = None, default: Price = UNKNOWN_PRICE) -> None:
        self._models = models or {}
        self._default = default

    def __contains__(self, model: str) -> bool:
        return self.of_model(model).known

    def with_free(self, model: str) -> "PriceList":
        """Return these prices, with a price of 0 for a model that runs on this machine."""
        return PriceList({**self._models, model: FREE}, self._default)

    def of_model(self, model: str) -> Price:
        """Return the price of a model."""
        return self._models.get(model, self._default)


def token_count(count: int | None) -> int | None:
    """Return a token count that a server reported, None if it is negative or absurdly large."""
    return count if count is not None and 0 <= count <= MAX_TOKENS else None


def add(one: Number | None, other: Number | None) -> Number | None:
    """Return the sum of two amounts or counts, None if either is unknown."""
    return None if one is None or other is None else one + other


def parse_amount(value: Any) -> Decimal | None:
    """Parse an amount from the API, the ledger or a record; return None for anything else.

    An amount is a decimal text without a sign, or a number. NaN, infinities and amounts that no price or
    cost can have give None.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MAX_AMOUNT:
        value = str(value)
    text = value.strip() if isinstance(value, str) else ""
    # Decimal also accepts signs, NaN and infinities, digits of other scripts, and underscores.
    if not text[:1].isdigit() or not text.isascii() or "_" in text or len(text) > MAX_AMOUNT_CHARS:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if abs(amount.adjusted()) <= MAX_AMOUNT_EXPONENT else None


def exact(amount: Decimal) -> str:
    """Format an amount for programs: every digit, no exponent, no trailing zeros."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def per_million(price: Decimal | None) -> str:
    """Format a price per token as USD per million tokens, with every digit."""
    return UNKNOWN if price is None else exact(price.scaleb(6))


def usd(amount: Decimal) -> str:
    """Format an amount for people: cents from $1 on, three significant digits below, `$0.00` for zero."""
    if amount and amount < 1:
        amount = Decimal(f"{amount:.2e}")
    return f"${amount:f}" if 0 < amount < 1 else f"${amount:,.2f}"
