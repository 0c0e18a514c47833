"""Costs and tokens: caps, reservations for requests in flight, and the usage of answers."""

from decimal import Decimal

import pytest

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.run_budget import NOTHING, Budget, Charge
from nebius_cli.core.prices_and_costs import Price, PriceList
from nebius_cli.response.answer_events import Usage
from tests.support.bulk import make_row

PRICE = Price(Decimal("0.10"), Decimal("0.40"), Decimal("0.01"))
PRICES = PriceList(default=PRICE)


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    known = Charge(1, 2, Decimal(3))
    assert known + NOTHING == known
    assert known + known == Charge(2, 4, Decimal(6))
    assert known + Charge(None, 1, None) == Charge(None, 3, None)
    assert Charge(1, None, Decimal(1)) + known == Charge(2, None, Decimal(4))
    assert (Charge(None, 3).tokens, Charge(2, None).tokens) == (3, 2)


def test_the_cost_of_a_charge_is_written_with_all_digits_and_no_exponent() -> None:
    assert Charge(1, 2, Decimal("1E-7")).to_json() == {
        "prompt_tokens": 1,
        "completion_tokens": 2,
        "cost": "0.0000001",
    }
    assert Charge(None, 2, None).to_json() == {"prompt_tokens": None, "completion_tokens": 2, "cost": None}


def test_the_worst_case_of_a_group_is_the_sum_of_those_of_its_rows() -> None:
    rows = [make_row(n, max_prompt_tokens=10 * (n + 1), max_completion_tokens=5) for n in range(2)]
    assert Budget(prices=PRICES).worst(rows) == Charge(30, 10, Decimal("7.00"))
    assert Budget().worst(rows) == Charge(30, 10, None)


def test_without_max_tokens_the_worst_case_is_unknown_and_fits_no_cap() -> None:
    budget, row = Budget(prices=PRICES), make_row(0, max_prompt_tokens=10, max_completion_tokens=None)
    worst = budget.worst([row])
    assert worst == Charge(10, None, None)
    assert budget.fits(worst)
    assert not Budget(max_tokens=10**9).fits(worst)
    assert not Budget(prices=PRICES, max_cost=Decimal(10**9)).fits(worst)


@pytest.mark.parametrize(("spent", "fits"), [(0, True), (70, True), (71, False)])
def test_a_cap_on_tokens_counts_earlier_runs_and_requests_in_flight(spent: int, *, fits: bool) -> None:
    budget = Budget(max_tokens=100, spent_tokens=spent)
    budget.reserve(Charge(10, 5, None))
    assert budget.fits(Charge(10, 5, None)) is fits


@pytest.mark.parametrize(("spent", "fits"), [("0", True), ("0.70", True), ("0.71", False)])
def test_a_cap_on_cost_counts_earlier_runs_and_requests_in_flight(spent: str, *, fits: bool) -> None:
    budget = Budget(prices=PRICES, max_cost=Decimal(1), spent_cost=Decimal(spent))
    budget.reserve(Charge(1, 1, Decimal("0.15")))
    assert budget.fits(Charge(1, 1, Decimal("0.15"))) is fits


def test_an_answer_releases_its_reservation_and_counts_with_its_usage() -> None:
    budget = Budget(prices=PRICES)
    worst = budget.worst([make_row(0, max_prompt_tokens=10, max_completion_tokens=5)])
    budget.reserve(worst)
    assert (budget.reserved_tokens, budget.reserved_cost) == (15, Decimal("3.00"))
    charge = budget.charge(worst, Usage(4, 2, 6, 2), maybe_billed=True)
    assert charge == Charge(4, 2, Decimal("1.02"))
    assert not budget.reserved_tokens + budget.reserved_cost
    assert (budget.tokens, budget.cost) == (6, Decimal("1.02"))


@pytest.mark.parametrize(
    "usage", [None, Usage(None, 2, 2), Usage(1, None, 1), Usage(-1, 2, 1), Usage(1, -2, 1)]
)
def test_an_answer_without_valid_usage_counts_with_its_worst_case(usage: Usage | None) -> None:
    budget = Budget(prices=PRICES)
    worst = budget.worst([make_row(0, max_prompt_tokens=10, max_completion_tokens=5)])
    budget.reserve(worst)
    assert budget.charge(worst, usage, maybe_billed=True) == worst
    assert (budget.tokens, budget.cost) == (15, Decimal("3.00"))


def test_a_request_that_cannot_have_been_billed_costs_nothing() -> None:
    budget = Budget()
    worst = budget.worst([make_row(0)])
    budget.reserve(worst)
    assert budget.charge(worst, None, maybe_billed=False) == NOTHING
    assert not budget.tokens + budget.cost + budget.reserved_tokens


def test_without_prices_only_tokens_are_counted() -> None:
    budget = Budget()
    worst = budget.worst([make_row(0)])
    assert budget.charge(worst, Usage(1, 2, 3), maybe_billed=True) == Charge(1, 2, None)
    assert (budget.tokens, budget.cost) == (3, Decimal())


def of_model(name: bytes) -> Row:
    return make_row(0, max_prompt_tokens=1, max_completion_tokens=1, common=b'{"model":"%b"}' % name)


def test_a_row_is_priced_by_the_model_in_its_request() -> None:
    prices = PriceList({"a": PRICE, "b": Price(Decimal(1), Decimal(1))})
    budget = Budget(prices=prices, max_cost=Decimal(100))
    costs = [budget.worst([of_model(name)]).cost for name in (b"a", b"b", b"b", b"c")]
    assert costs == [Decimal("0.50"), 2, 2, None]
    assert not budget.fits(budget.worst([of_model(b"c")]))
    assert ("a" in prices, "c" in prices) == (True, False)
    assert budget.charge(budget.worst([of_model(b"b")]), Usage(3, 4, 7), maybe_billed=True).cost == 7


def test_a_cap_ends_a_run_even_if_the_shared_budgets_refused_a_request_before() -> None:
    budget = Budget(max_tokens=10)
    budget.covers = lambda _: False
    assert (budget.fits(Charge(1, 1)), budget.uncovered) == (False, True)
    assert (budget.fits(Charge(10, 10)), budget.uncovered) == (False, False)
