"""Sums over requests, and budgets."""

from decimal import Decimal

import pytest

from nebius_cli.ledger.sums import SpendingLimit, Sums, record, total

ONE = Sums("a", 3, 1, 100, 20, 5, 2, Decimal("0.3"), 0)
TWO = Sums("b", 2, 0, 1, 2, 3, 4, Decimal("0.00000001"), 1)


def test_a_total_adds_every_count_and_keeps_every_digit() -> None:
    assert total([ONE, TWO]) == Sums("total", 5, 1, 101, 22, 8, 6, Decimal("0.30000001"), 1)
    assert total([]) == Sums("total")
    assert ONE.tokens == 120


def test_json_has_money_as_text_and_null_for_an_unknown_cost() -> None:
    assert record(TWO)["cost"] == "0.00000001"
    assert record(TWO)["unknown_cost"] == 1
    assert record(Sums("x", 2, unknown=2))["cost"] is None
    assert record(Sums("x"))["cost"] == "0"


@pytest.mark.parametrize(
    ("spent", "nearly", "spent_all", "remaining"),
    [("3.99", False, False, "1.01"), ("4", True, False, "1"), ("5", True, True, "0"), ("9", True, True, "0")],
)
def test_a_budget_warns_at_80_percent_and_ends_at_100(
    *, spent: str, nearly: bool, spent_all: bool, remaining: str
) -> None:
    budget = SpendingLimit("budget.daily", "today", Decimal(5), Decimal(spent))
    assert (budget.is_nearly_spent, budget.is_spent, budget.remaining) == (
        nearly,
        spent_all,
        Decimal(remaining),
    )


def test_a_budget_shows_that_some_costs_are_unknown() -> None:
    budget = SpendingLimit("budget.daily", "today", Decimal(5), Decimal("4.5"))
    assert budget.words == "budget.daily: $4.50 of $5.00 spent today"
    assert budget._replace(unknown=2).words == "budget.daily: ≥ $4.50 of $5.00 spent today"
