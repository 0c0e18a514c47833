"""Spending limits: when they warn, when they are reached, and how they are shown."""

from decimal import Decimal

import pytest

from nebius_cli.ledger.day_and_month_budgets import SpendingLimit


@pytest.mark.parametrize(
    ("spent", "nearly", "spent_all", "remaining"),
    [("3.99", False, False, "1.01"), ("4", True, False, "1"), ("5", True, True, "0"), ("9", True, True, "0")],
)
def test_a_budget_is_nearly_spent_at_80_percent_and_spent_at_100(
    *, spent: str, nearly: bool, spent_all: bool, remaining: str
) -> None:
    budget = SpendingLimit("budget.daily", "today", Decimal(5), Decimal(spent))
    assert (budget.is_nearly_spent, budget.is_spent, budget.remaining) == (
        nearly,
        spent_all,
        Decimal(remaining),
    )


def test_a_budget_with_unknown_costs_shows_the_spent_amount_as_a_minimum() -> None:
    budget = SpendingLimit("budget.daily", "today", Decimal(5), Decimal("4.5"))
    assert budget.as_text == "budget.daily: $4.50 of $5.00 spent today"
    assert budget._replace(unknown=2).as_text == "budget.daily: ≥ $4.50 of $5.00 spent today"
