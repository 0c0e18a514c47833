"""Sums, budgets and how amounts are written."""

from decimal import Decimal

import pytest

from nebius_cli.core.money import dollars
from nebius_cli.ledger.sums import SpendingLimit, Sums, bar, known, record, shown_cost, total

ONE = Sums("a", 3, 1, 100, 20, 5, 2, Decimal("0.3"), 0)
TWO = Sums("b", 2, 0, 1, 2, 3, 4, Decimal("0.00000001"), 1)


def test_a_total_adds_every_count_and_keeps_every_digit() -> None:
    assert total([ONE, TWO]) == Sums("total", 5, 1, 101, 22, 8, 6, Decimal("0.30000001"), 1)
    assert total([]) == Sums("total")
    assert ONE.tokens == 120


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0"),
        ("0.0000041", "$0.00000410"),
        ("0.12", "$0.120"),
        ("0.9996", "$1.000"),
        ("1", "$1.00"),
        ("1.235", "$1.24"),
        ("1234567.891", "$1,234,567.89"),
    ],
)
def test_people_get_cents_or_three_digits(amount: str, text: str) -> None:
    assert dollars(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(None, "-"), ("0", "0"), ("1E-9", "0.000000001"), ("0.50", "0.5"), ("1E+3", "1000")],
)
def test_programs_get_every_digit(amount: str | None, text: str) -> None:
    assert known(None if amount is None else Decimal(amount)) == text


def test_a_cost_says_what_is_missing_in_it() -> None:
    assert shown_cost(ONE) == "$0.300"
    assert shown_cost(Sums("x", 6, cost=Decimal("1.23"), unknown=4)) == "≥ $1.23, 4 unknown"
    assert shown_cost(Sums("x", 1_200, unknown=1_200)) == "unknown"
    assert shown_cost(Sums("x")) == "$0"


@pytest.mark.parametrize(
    ("value", "most", "text"),
    [
        ("10", "10", "████"),
        ("5", "10", "██"),
        ("0.6", "10", "▏"),
        ("0", "10", ""),
        ("0", "0", ""),
        ("1", "2", "██"),
    ],
)
def test_a_bar_has_eighths_and_shows_the_least_there_is(value: str, most: str, text: str) -> None:
    assert bar(Decimal(value), Decimal(most), 4) == text


def test_json_has_money_as_text_and_null_for_what_nobody_knows() -> None:
    assert record(TWO)["cost"] == "0.00000001"
    assert record(TWO)["unknown_cost"] == 1
    assert record(Sums("x", 2, unknown=2))["cost"] is None
    assert record(Sums("x"))["cost"] == "0"


@pytest.mark.parametrize(
    ("spent", "nearly", "gone", "left"),
    [("3.99", False, False, "1.01"), ("4", True, False, "1"), ("5", True, True, "0"), ("9", True, True, "0")],
)
def test_a_budget_warns_at_80_percent_and_ends_at_100(
    *, spent: str, nearly: bool, gone: bool, left: str
) -> None:
    budget = SpendingLimit("budget.daily", "today", Decimal(5), Decimal(spent))
    assert (budget.is_nearly_spent, budget.is_spent, budget.left) == (nearly, gone, Decimal(left))


def test_a_budget_says_what_it_cannot_see() -> None:
    budget = SpendingLimit("budget.daily", "today", Decimal(5), Decimal("4.5"))
    assert budget.words == "budget.daily: $4.50 of $5.00 spent today"
    assert budget._replace(unknown=2).words == "budget.daily: ≥ $4.50 of $5.00 spent today"
