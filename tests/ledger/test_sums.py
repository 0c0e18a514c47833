"""Sums over requests."""

from decimal import Decimal

from nebius_cli.ledger.sums import Sums, record, total

ONE = Sums("a", 3, 1, 100, 20, 5, 2, Decimal("0.3"), 0)
TWO = Sums("b", 2, 0, 1, 2, 3, 4, Decimal("0.00000001"), 1)


def test_a_total_adds_every_count_and_keeps_every_digit() -> None:
    assert total([ONE, TWO]) == Sums("total", 5, 1, 101, 22, 8, 6, Decimal("0.30000001"), 1)
    assert total([]) == Sums("total")
    assert ONE.tokens == 120


def test_json_has_costs_as_strings_and_null_for_an_unknown_cost() -> None:
    assert record(TWO)["cost"] == "0.00000001"
    assert record(TWO)["unknown_cost"] == 1
    assert record(Sums("x", 2, unknown=2))["cost"] is None
    assert record(Sums("x"))["cost"] == "0"
