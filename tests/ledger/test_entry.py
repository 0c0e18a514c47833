"""The cost of a request is exact, and unknown if any part of it is unknown."""

from decimal import Decimal
from typing import Any

import pytest

from nebius_cli.core.prices_and_costs import FREE, MAX_TOKENS, UNKNOWN_PRICE, ZERO, Price
from nebius_cli.ledger.entry import Entry, cost_of
from nebius_cli.ledger.entry_to_columns import of_entry
from nebius_cli.models.model import price_from_answer
from nebius_cli.response.answer_events import Usage
from tests.support.factory import BASIC, FAST, LIGHTNING, TRIMMED

PRICE = Price(Decimal("0.00000006"), Decimal("0.00000024"), Decimal("0.00000003"))


def usage(prompt: int | None, completion: int | None, cached: int | None = None) -> Usage:
    return Usage(prompt, completion, None, cached)


@pytest.mark.parametrize(
    ("counted", "price", "cost"),
    [
        (usage(1000, 10), PRICE, "0.00006240"),
        (usage(1000, 10, 400), PRICE, "0.00005040"),
        (usage(1000, 10, 1001), PRICE, "0.00006240"),  # more cached tokens than prompt tokens
        (usage(1000, 10, 400), PRICE._replace(cached=None), "0.00006240"),
        # "0" is the API's default for a missing price: it does not mean free.
        (usage(1000, 10, 400), PRICE._replace(cached=ZERO), "0.00006240"),
        (usage(3, 0), Price(Decimal("0.1"), Decimal("0.2")), "0.3"),
        (usage(5, 5), Price(ZERO, ZERO), "0"),
        (usage(None, 5), PRICE, None),
        (usage(5, None), PRICE, None),
        (usage(-5, 5), PRICE, None),
        (usage(5, MAX_TOKENS + 1), PRICE, None),
        (None, PRICE, None),
        (usage(5, 5), UNKNOWN_PRICE, None),
        (usage(5, 5), PRICE._replace(output=None), None),
        (usage(5, 5), PRICE._replace(input=None), None),
        (None, FREE, "0"),
    ],
)
def test_a_cost_is_exact_or_unknown(counted: Usage | None, price: Price, cost: str | None) -> None:
    assert cost_of(counted, price) == (None if cost is None else Decimal(cost))


def test_impossible_token_counts_are_unknown() -> None:
    assert of_entry(Entry(0.0, "m", 0, Usage(-1, 0, 5, MAX_TOKENS + 1, None)))[3:7] == (None, 0, None, None)
    assert of_entry(Entry(0.0, "m", 0))[3:7] == (None,) * 4


def test_a_price_is_known_only_if_both_input_and_output_prices_are() -> None:
    assert PRICE.known
    assert not Price(ZERO).known
    assert not Price(None, ZERO).known


@pytest.mark.parametrize(
    ("answer", "model", "price"),
    [
        ({"data": [BASIC, LIGHTNING]}, LIGHTNING["id"], ("0.00000006", "0.00000024", "0")),
        ([FAST], FAST["id"], ("0.00000003", "0.00000009", None)),
        ({"data": [TRIMMED]}, TRIMMED["id"], (None, None, None)),
        ({"data": [FAST]}, "other", (None, None, None)),
        ({"data": [None, {"id": "m", "pricing": "free"}]}, "m", (None, None, None)),
        ({"data": "none"}, "m", (None, None, None)),
        (None, "m", (None, None, None)),
    ],
)
def test_a_price_is_found_in_any_cached_model_list(answer: Any, model: str, price: tuple[Any, ...]) -> None:
    assert price_from_answer(answer, model) == Price(
        *(None if text is None else Decimal(text) for text in price)
    )
