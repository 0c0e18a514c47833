"""What a request costs: exact, and unknown where anything of it is."""

from decimal import Decimal
from typing import Any

import pytest

from nebius_cli.core.money import FREE, MOST_TOKENS, ZERO, Price, parse_price
from nebius_cli.ledger.entry import cost_of, sound
from nebius_cli.models.model import price_in
from nebius_cli.response.events import Usage
from tests.support.factory import BASIC, FAST, LIGHTNING, TRIMMED

PRICE = Price(Decimal("0.00000006"), Decimal("0.00000024"), Decimal("0.00000003"))


def usage(prompt: int | None, completion: int | None, cached: int | None = None) -> Usage:
    return Usage(prompt, completion, None, cached)


@pytest.mark.parametrize(
    ("counted", "price", "cost"),
    [
        (usage(1000, 10), PRICE, "0.00006240"),
        (usage(1000, 10, 400), PRICE, "0.00005040"),
        (usage(1000, 10, 9999), PRICE, "0.00003240"),  # more cached than there are
        (usage(1000, 10, 400), PRICE._replace(cached=None), "0.00006240"),
        # The API's default for a price is "0": it is no gift.
        (usage(1000, 10, 400), PRICE._replace(cached=ZERO), "0.00006240"),
        (usage(3, 0), Price(Decimal("0.1"), Decimal("0.2")), "0.3"),
        (usage(5, 5), Price(ZERO, ZERO), "0"),
        (usage(None, 5), PRICE, None),
        (usage(5, None), PRICE, None),
        (usage(-5, 5), PRICE, None),
        (usage(5, MOST_TOKENS + 1), PRICE, None),
        (None, PRICE, None),
        (usage(5, 5), Price(), None),
        (usage(5, 5), PRICE._replace(output=None), None),
        (usage(5, 5), PRICE._replace(input=None), None),
        (None, FREE, "0"),
    ],
)
def test_a_cost_is_exact_or_unknown(counted: Usage | None, price: Price, cost: str | None) -> None:
    assert cost_of(counted, price) == (None if cost is None else Decimal(cost))


def test_counts_that_cannot_be_are_unknown() -> None:
    assert sound(Usage(-1, 2, MOST_TOKENS + 1, 0, None)) == Usage(None, 2, None, 0, None)
    assert sound(None) is None


def test_a_price_is_known_with_both_of_its_sides() -> None:
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
def test_a_price_is_found_in_whatever_was_kept(answer: Any, model: str, price: tuple[Any, ...]) -> None:
    assert price_in(answer, model) == Price(*(None if text is None else Decimal(text) for text in price))


@pytest.mark.parametrize("text", ["0", "0.00000006", "1e-7", "2.5E+1", " 3 ", "7.", 4, 0.5])
def test_amounts_are_read_exactly(text: Any) -> None:
    assert parse_price(text) == Decimal(str(text).strip())


@pytest.mark.parametrize(
    "text",
    [
        None,
        True,
        "",
        "-1",
        "+1",
        ".5",
        "NaN",
        "inf",
        "1_000",
        "1e",
        "1e999",
        "e5",
        "1" * 60,
        "½",
        "٣",
        [],
        {},
    ],
)
def test_what_is_no_amount_is_unknown(text: Any) -> None:
    assert parse_price(text) is None
