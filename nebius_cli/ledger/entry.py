"""Defines a ledger entry: the time, usage and cost of a request, and its text if texts are stored.

Amounts are exact decimals in USD. None means unknown. These are tuples because defining them is faster than
defining dataclasses, and a run waits for this import after its answer.
"""

from decimal import Decimal
from typing import NamedTuple

from nebius_cli.core.errors_and_exit_codes import NbxError, StatusError
from nebius_cli.core.prices_and_costs import UNKNOWN_PRICE, ZERO, Price
from nebius_cli.response.answer_events import Usage


def cost_of(usage: Usage | None, price: Price, error: NbxError | None = None) -> Decimal | None:
    """Return the cost of a request that ended with this usage or error, None if it is unknown."""
    if isinstance(error, StatusError):  # the server does not bill a request that it refused
        return ZERO
    return price.cost(usage.prompt, usage.completion, usage.cached) if usage else price.cost(None, None)


class StoredText(NamedTuple):
    """The text of a request: body and query as they were sent, the prompt, the text of each choice."""

    body: bytes
    query: str
    prompt: str
    answers: tuple[str, ...]


class Entry(NamedTuple):
    """One request that was sent. `time` is Unix time; `latency` and `first_token` are seconds after it.

    `finish` holds the distinct finish reasons, separated by commas; `host` is the server, `local` for the
    embedded engine; `run` is the id of its bulk run. None means unknown.
    """

    time: float
    model: str
    exit: int
    usage: Usage | None = None
    price: Price = UNKNOWN_PRICE
    cost: Decimal | None = None
    latency: float | None = None
    first_token: float | None = None
    finish: str = ""
    profile: str = ""
    host: str = ""
    run: str = ""
    request_id: str = ""
    text: StoredText | None = None
