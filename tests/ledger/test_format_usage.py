"""The cells and bars of the usage table."""

from decimal import Decimal

import pytest

from nebius_cli.ledger.format_usage import bar, cost_in_words, lines
from nebius_cli.ledger.sums import Sums

ONE = Sums("a", 3, 1, 100, 20, 5, 2, Decimal("0.3"), 0)


def test_a_cost_shows_how_many_unknown_costs_it_excludes() -> None:
    assert cost_in_words(ONE) == "$0.300"
    assert cost_in_words(Sums("x", 6, cost=Decimal("1.23"), unknown=4)) == "≥ $1.23, 4 unknown"
    assert cost_in_words(Sums("x", 1_200, unknown=1_200)) == "unknown"
    assert cost_in_words(Sums("x")) == "$0.00"


@pytest.mark.parametrize(
    ("value", "maximum", "text"),
    [
        ("10", "10", "████"),
        ("5", "10", "██"),
        ("0.6", "10", "▏"),
        ("0", "10", ""),
        ("0", "0", ""),
        ("1", "2", "██"),
    ],
)
def test_a_bar_has_eighths_and_shows_even_a_small_value(value: str, maximum: str, text: str) -> None:
    assert bar(Decimal(value), Decimal(maximum), 4) == text


def test_plain_output_has_every_digit_and_a_dash_for_an_unknown_cost() -> None:
    assert lines([ONE, Sums("b", 2, unknown=2)]) == [
        ("a", "3", "1", "100", "20", "5", "2", "0.3", "0"),
        ("b", "2", "0", "0", "0", "0", "0", "-", "2"),
    ]
