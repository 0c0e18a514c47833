"""What one request took and cost: an entry of the ledger, in exact money.

Money is Decimal, in USD. None is unknown, and stays so. Tuples, which are made faster than dataclasses: a
run waits for this file after its answer.
"""

from decimal import Decimal
from typing import NamedTuple

from nebius_cli.core.money import FREE, MOST_TOKENS, ZERO, Price
from nebius_cli.response.events import Usage


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
