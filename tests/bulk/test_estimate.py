"""The usage, cost and time of a run are estimated from its rows and limits."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.estimate import RunEstimate
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.run_budget import Budget
from nebius_cli.core.prices_and_costs import FREE, Price, PriceList
from nebius_cli.request.read_prompt import Prompt
from nebius_cli.request.token_bounds import MAX_EXTRA_PROMPT_TOKENS
from tests.support.bulk import make_row

PRICES = PriceList(default=Price(Decimal("0.001"), Decimal("0.01")))


def row(prompt: Prompt, max_completion_tokens: int | None) -> Row:
    """Return a row with this prompt and max_tokens."""
    return Row(
        0, 0, prompt, b"", "", "", len(prompt) + MAX_EXTRA_PROMPT_TOKENS, max_completion_tokens, 1, b"", "m"
    )


def test_an_estimate_adds_up_the_rows_and_their_limits() -> None:
    estimate = RunEstimate()
    estimate.add(row("ten bytes!", 100), PRICES)
    estimate.add(row([1, 2, 3, 4], 50), PRICES)
    assert (estimate.rows, estimate.prompt_tokens, estimate.max_prompt_tokens) == (2, 7, 30)
    assert estimate.max_completion_tokens == 150
    assert (estimate.cost, estimate.max_cost) == (Decimal("1.507"), Decimal("1.530"))
    assert estimate.to_rows(61.0) == [
        ("rows to send", "2"),
        ("prompt tokens, about", "7"),
        ("prompt tokens, at most", "30"),
        ("completion tokens, at most", "150"),
        ("cost, about", "$1.51"),
        ("cost, at most", "$1.53"),
        ("time, at least", "1:01"),
    ]
    assert estimate.to_json(61.0) == {
        "rows": 2,
        "prompt_tokens_about": 7,
        "prompt_tokens_at_most": 30,
        "completion_tokens_at_most": 150,
        "cost_usd_about": "1.507",
        "cost_usd_at_most": "1.53",
        "seconds_at_least": 61.0,
    }


def test_a_row_without_max_tokens_makes_the_costs_unknown() -> None:
    estimate = RunEstimate()
    for max_tokens in (100, None, 100):
        estimate.add(row("ten bytes!", max_tokens), PRICES)
    assert estimate.rows == 3
    assert (estimate.max_completion_tokens, estimate.cost, estimate.max_cost) == (None, None, None)
    assert estimate.seconds(None, 1000) is None
    assert estimate.seconds(60, 1000) == 3.0
    assert [value for _, value in estimate.to_rows(None)].count("unknown") == 4
    assert list(estimate.to_json(None).values()).count(None) == 4


def test_a_run_on_this_machine_costs_nothing_even_without_max_tokens() -> None:
    estimate = RunEstimate()
    estimate.add(row("ten bytes!", None), PriceList(default=FREE))
    shown = estimate.to_rows(None, runs_locally=True)
    assert [one for one in shown if "cost" in one[0]] == [("cost", "none: the model runs on this machine")]
    assert (estimate.to_json(None)["cost_usd_about"], estimate.to_json(None)["cost_usd_at_most"]) == (
        "0",
        "0",
    )


def test_a_row_of_unknown_price_makes_the_cost_unknown() -> None:
    estimate = RunEstimate()
    for prices in (PRICES, PriceList(), PRICES):
        estimate.add(row("x", 10), prices)
    assert (estimate.max_completion_tokens, estimate.cost, estimate.max_cost) == (30, None, None)


amounts = st.decimals(0, 1, places=12)
rows = st.builds(
    make_row,
    st.just(0),
    st.text(max_size=8),
    max_prompt_tokens=st.integers(MAX_EXTRA_PROMPT_TOKENS + 32, 10**6),
    max_completion_tokens=st.integers(1, 10**6),
    n=st.integers(1, 4),
)


@given(st.lists(rows, min_size=1), st.builds(Price, amounts, amounts, st.none() | amounts))
def test_the_maximum_cost_of_an_estimate_equals_what_a_cap_reserves(listed: list[Row], price: Price) -> None:
    prices = PriceList(default=price)
    estimate, budget = RunEstimate(), Budget(prices=prices)
    for one in listed:
        estimate.add(one, prices)
        budget.reserve(budget.worst([one]))
    assert estimate.max_cost == budget.reserved_cost
    assert estimate.max_prompt_tokens + (estimate.max_completion_tokens or 0) == budget.reserved_tokens
    assert estimate.cost is not None
    assert estimate.cost <= budget.reserved_cost


def test_the_time_is_estimated_from_the_tighter_rate_limit() -> None:
    estimate = RunEstimate()
    for _ in range(100):
        estimate.add(row("x" * 40, 90), PriceList())
    assert estimate.seconds(None, None) is None
    assert estimate.seconds(600, None) == 10.0
    assert estimate.seconds(600, None, group=4) == 2.5
    assert estimate.seconds(None, 10_000) == 60.0
    assert estimate.seconds(600, 10_000) == 60.0
