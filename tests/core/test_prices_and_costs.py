"""Prices, costs and amounts: ledger, bulk runs and estimates use the same cost rule."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.run_budget import Budget
from nebius_cli.core.prices_and_costs import (
    FREE,
    MAX_TOKENS,
    UNKNOWN_PRICE,
    Price,
    PriceList,
    add,
    exact,
    parse_amount,
    per_million,
    usd,
)
from nebius_cli.ledger.entry import cost_of
from nebius_cli.response.answer_events import Usage
from tests.support.bulk import make_row

PRICE = Price(Decimal("0.10"), Decimal("0.40"), Decimal("0.01"))

amounts = st.decimals(0, 1, places=12)
prices = st.builds(Price, amounts, amounts, st.none() | amounts)
counts = st.none() | st.integers(-2, 30) | st.integers(MAX_TOKENS - 1, MAX_TOKENS + 1)
usages = st.builds(Usage, counts, counts, counts, counts, counts)


def test_a_cost_includes_prompt_and_completion_tokens() -> None:
    assert PRICE.cost(10, 5) == Decimal("3.00")


@pytest.mark.parametrize(
    ("cached", "cost"), [(None, "3.00"), (4, "2.64"), (10, "2.10"), (11, "3.00"), (-1, "3.00")]
)
def test_cached_tokens_cost_less_unless_there_are_more_of_them_than_prompt_tokens(
    cached: int | None, cost: str
) -> None:
    assert PRICE.cost(10, 5, cached) == Decimal(cost)


@pytest.mark.parametrize("cached", [None, Decimal(0)])
def test_without_a_cached_price_above_0_cached_tokens_cost_the_full_price(cached: Decimal | None) -> None:
    assert Price(Decimal(1), Decimal(2), cached).cost(10, 5, 5) == 20


def test_the_maximum_cost_uses_the_higher_prompt_price() -> None:
    assert Price(Decimal(1), Decimal(2), Decimal(3)).max_cost(10, 5) == 40
    assert Price(Decimal(1), Decimal(2)).max_cost(10, 5) == 20
    assert Price(Decimal(1), Decimal(2)).max_cost(10, None) is None
    assert UNKNOWN_PRICE.max_cost(10, 5) is None
    assert FREE.max_cost(10, None) == 0


@given(prices, usages)
def test_a_bulk_record_and_the_ledger_agree_about_every_cost(price: Price, usage: Usage) -> None:
    budget = Budget(prices=PriceList(default=price))
    worst = budget.worst([make_row(0)])
    charge = budget.charge(worst, usage, maybe_billed=True)
    # The budget counts an unknown cost as the worst case; the ledger leaves it unknown.
    cost = cost_of(usage, price)
    assert charge.cost == (worst.cost if cost is None else cost)


@given(prices, st.integers(0, MAX_TOKENS), st.integers(0, MAX_TOKENS), st.integers(-1, MAX_TOKENS))
def test_no_cost_exceeds_the_maximum_cost(price: Price, prompt: int, completion: int, cached: int) -> None:
    cost, most = price.cost(prompt, completion, cached), price.max_cost(prompt, completion)
    assert cost is not None
    assert most is not None
    assert cost <= most


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    assert add(Decimal("0.1"), Decimal("0.2")) == Decimal("0.3")
    assert add(None, Decimal(1)) is None
    assert add(1, None) is None


@pytest.mark.parametrize("text", ["0", "0.00000006", "1e-7", "2.5E+1", " 3 ", "7.", 4, 0.5])
def test_amounts_are_parsed_exactly(text: Any) -> None:
    assert parse_amount(text) == Decimal(str(text).strip())


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
        "1e-999",
        "1e31",
        "9e" + "9" * 30,
        "1.2.3",
        "1-2",
        "Infinity",
        "-0.5",
        b"1",
        float("nan"),
        float("inf"),
        -1,
        1e300,
        10**400,
        "e5",
        "1" * 60,
        "½",
        "٣",
        [],
        {},
    ],
    ids=lambda value: repr(value)[:40],
)
def test_an_invalid_amount_is_unknown(text: Any) -> None:
    assert parse_amount(text) is None


@given(st.text() | st.integers() | st.floats() | st.binary())
def test_any_value_is_an_amount_or_unknown(value: Any) -> None:
    amount = parse_amount(value)
    if amount is not None:
        assert parse_amount(exact(amount)) == amount
        assert usd(amount).startswith("$")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0.00"),
        ("0E-8", "$0.00"),
        ("0.00000041", "$0.000000410"),
        ("0.0000041", "$0.00000410"),
        ("0.0123456", "$0.0123"),
        ("0.0999999", "$0.100"),
        ("0.12", "$0.120"),
        ("0.5", "$0.500"),
        ("0.9996", "$1.00"),
        ("1", "$1.00"),
        ("1.235", "$1.24"),
        ("1234.567", "$1,234.57"),
        ("1234567.891", "$1,234,567.89"),
        ("1e30", "$1,000,000,000,000,000,000,000,000,000,000.00"),
    ],
)
def test_usd_shows_cents_or_three_significant_digits(amount: str, text: str) -> None:
    assert usd(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0"),
        ("0.00", "0"),
        ("1E-9", "0.000000001"),
        ("4.1E-7", "0.00000041"),
        ("0.10", "0.1"),
        ("0.50", "0.5"),
        ("100", "100"),
        ("1E+3", "1000"),
    ],
)
def test_exact_shows_every_digit(amount: str, text: str) -> None:
    assert exact(Decimal(amount)) == text


def test_a_price_per_million_tokens_has_every_digit() -> None:
    assert per_million(Decimal("0.000000123456789")) == "0.123456789"
    assert per_million(None) == "-"
