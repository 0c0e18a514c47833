"""What one request took and cost: an entry of the ledger, in exact money.

Money is Decimal, in USD. None is unknown, and stays so. Tuples, which are made faster than dataclasses: a
run waits for this file after its answer.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from nebius_cli.response.events import Usage

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


def price_in(answer: Any, model: str) -> Price:
    """Return the price of a model in an answer to GET /models, unknown where it does not say one."""
    entries = answer.get("data") if isinstance(answer, dict) else answer
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("id") == model:
            pricing = entry.get("pricing")
            prices: Mapping[str, Any] = pricing if isinstance(pricing, dict) else {}
            return Price(*(parse_price(prices.get(n)) for n in ("prompt", "completion", "input_cache_read")))
    return Price()


def sound(usage: Usage | None) -> Usage | None:
    """Return token counts without those that cannot be: servers make mistakes, sums must not."""
    if usage is None:
        return None
    counts = (usage.prompt, usage.completion, usage.total, usage.cached, usage.reasoning)
    return Usage(*(n if n is not None and 0 <= n <= MOST_TOKENS else None for n in counts))


def cost_of(usage: Usage | None, price: Price) -> Decimal | None:
    """Return what these tokens cost, None where that cannot be told.

    Cached tokens are part of the prompt, reasoning tokens of the completion. The API's default for a price
    is "0", so a cached price of 0 beside one that is not counts as not given: cached tokens then cost what
    the others do, and the sum is too high rather than too low.
    """
    usage = sound(usage)
    if price == FREE:
        return ZERO
    if usage is None or usage.prompt is None or usage.completion is None:
        return None
    if price.input is None or price.output is None:
        return None
    cached = min(usage.cached or 0, usage.prompt) if price.cached else 0
    prompt = (usage.prompt - cached) * price.input + cached * (price.cached or ZERO)
    return prompt + usage.completion * price.output


class Text(NamedTuple):
    """What was sent and what came: the body and query as they went out, the text of each choice."""

    body: bytes
    query: str
    prompt: str
    answers: tuple[str, ...]


class Entry(NamedTuple):
    """One request that was sent. `time` is Unix time, `latency` and `first_token` are seconds from there.

    `finish` holds the distinct finish reasons, with commas between; `host` is where it went, `local` for
    the embedded engine; `run` the id of the bulk run it is part of. None is unknown.
    """

    time: float
    model: str
    exit: int
    usage: Usage | None = None
    price: Price = Price()
    cost: Decimal | None = None
    latency: float | None = None
    first_token: float | None = None
    finish: str = ""
    profile: str = ""
    host: str = ""
    run: str = ""
    request_id: str = ""
    text: Text | None = None
