"""Requests of all actors together stay within what the driver has reserved of the budgets."""

from decimal import Decimal

from nebius_cli.bulk.concurrency_and_rate import RateController
from nebius_cli.bulk.run_budget import Charge
from nebius_cli.bulk.run_counts import RunCounts
from nebius_cli.cluster.budget_reserved_by_driver import CoveredBudget, Need
from nebius_cli.cluster.gate_messages import Counts, Grant, Permit, Report, Settled, Unused
from nebius_cli.cluster.share_permits import Gatekeeper
from nebius_cli.core.money import PriceList

EACH = Decimal("0.01")
WORST = Charge(10, 10, EACH, expected=EACH)
USED = Charge(5, 5, Decimal("0.004"))


def keeper(covered: Decimal) -> Gatekeeper:
    budget = CoveredBudget(prices=PriceList())
    budget.cover(covered)
    return Gatekeeper(RateController(0.0, fixed=64, max_concurrency=64), budget)


def ask(gate: Gatekeeper, want: int, *events: Settled | Unused) -> Grant:
    return gate.exchange(Report("a", Counts(RunCounts()), events, (), want, WORST), 0.0)


def need(gate: Gatekeeper) -> Need | None:
    return gate.budget.need(idle=gate.idle)


def held(gate: Gatekeeper) -> tuple[Permit, ...]:
    permits = ask(gate, 5).permits
    assert len(permits) == 3
    return permits


def test_what_is_missing_is_asked_for_once_and_the_run_goes_on_when_it_is_there() -> None:
    gate = keeper(3 * EACH)
    held(gate)
    assert need(gate) == Need(4 * EACH, 67 * EACH, idle=False)
    assert need(gate) is None
    assert (gate.capped, gate.stopped) == (False, False)
    gate.budget.cover(5 * EACH)
    assert len(ask(gate, 5).permits) == 2


def test_a_request_that_ended_counts_until_the_driver_has_recorded_it() -> None:
    gate = keeper(3 * EACH)
    first, *_ = held(gate)
    assert not ask(gate, 1, Settled(first.number, USED)).permits
    need(gate)  # the driver hears of it, and has not answered yet
    assert not ask(gate, 1).permits
    gate.budget.cover(3 * EACH)
    assert len(ask(gate, 5).permits) == 1


def test_a_request_that_may_have_been_billed_unseen_counts_to_the_end() -> None:
    gate = keeper(3 * EACH)
    first, *_ = held(gate)
    assert not ask(gate, 1, Settled(first.number, WORST, unseen=True)).permits
    need(gate)
    gate.budget.cover(3 * EACH)
    assert not ask(gate, 1).permits


def test_a_permit_that_is_given_back_leaves_room_at_once() -> None:
    gate = keeper(3 * EACH)
    first, *_ = held(gate)
    assert len(ask(gate, 1, Unused(first.number)).permits) == 1


def test_only_the_driver_ends_a_run_for_which_nothing_is_reserved() -> None:
    gate = keeper(Decimal(0))
    assert not ask(gate, 1).permits
    assert need(gate) == Need(EACH, 64 * EACH, idle=True)
    assert not gate.stopped


def test_a_request_of_unknown_cost_needs_no_reservation() -> None:
    gate = keeper(Decimal(0))
    free = Charge(10, None, None)
    assert len(gate.exchange(Report("a", Counts(RunCounts()), (), (), 3, free), 0.0).permits) == 3
