"""All actors together spend no more than the driver has reserved from the budgets."""

from decimal import Decimal

from nebius_cli.bulk.limit_concurrency_and_rate import RateController
from nebius_cli.bulk.run_budget import Charge
from nebius_cli.bulk.run_counts import RunCounts
from nebius_cli.cluster.budget_reserved_by_driver import CoveredBudget, Need
from nebius_cli.cluster.coordinator_messages import Counts, Grant, Permit, Report, Settled, Unused
from nebius_cli.cluster.grant_permits import RunPermits
from nebius_cli.core.prices_and_costs import PriceList

EACH = Decimal("0.01")
WORST = Charge(10, 10, EACH, expected=EACH)
USED = Charge(5, 5, Decimal("0.004"))


def run_permits(covered: Decimal) -> RunPermits:
    budget = CoveredBudget(prices=PriceList())
    budget.cover(covered)
    return RunPermits(RateController(0.0, fixed=64, max_concurrency=64), budget)


def ask(coordinator: RunPermits, want: int, *events: Settled | Unused) -> Grant:
    return coordinator.exchange(Report("a", Counts(RunCounts()), events, (), want, WORST), 0.0)


def need(coordinator: RunPermits) -> Need | None:
    return coordinator.budget.need(idle=coordinator.idle)


def held(coordinator: RunPermits) -> tuple[Permit, ...]:
    permits = ask(coordinator, 5).permits
    assert len(permits) == 3
    return permits


def test_a_missing_amount_is_requested_once_and_the_run_continues_with_it() -> None:
    coordinator = run_permits(3 * EACH)
    held(coordinator)
    assert need(coordinator) == Need(4 * EACH, 67 * EACH, idle=False)
    assert need(coordinator) is None
    assert (coordinator.capped, coordinator.stopped) == (None, False)
    coordinator.budget.cover(5 * EACH)
    assert len(ask(coordinator, 5).permits) == 2


def test_a_finished_request_counts_until_the_driver_has_recorded_it() -> None:
    coordinator = run_permits(3 * EACH)
    first, *_ = held(coordinator)
    assert not ask(coordinator, 1, Settled(first.number, USED)).permits
    need(coordinator)  # the driver is informed, but has not answered yet
    assert not ask(coordinator, 1).permits
    coordinator.budget.cover(3 * EACH)
    assert len(ask(coordinator, 5).permits) == 1


def test_a_request_that_may_have_been_billed_counts_until_the_end_of_the_run() -> None:
    coordinator = run_permits(3 * EACH)
    first, *_ = held(coordinator)
    assert not ask(coordinator, 1, Settled(first.number, WORST, unseen=True)).permits
    need(coordinator)
    coordinator.budget.cover(3 * EACH)
    assert not ask(coordinator, 1).permits


def test_a_permit_given_back_can_be_granted_again_at_once() -> None:
    coordinator = run_permits(3 * EACH)
    first, *_ = held(coordinator)
    assert len(ask(coordinator, 1, Unused(first.number)).permits) == 1


def test_without_a_reservation_no_permit_is_granted_but_the_run_is_not_stopped() -> None:
    coordinator = run_permits(Decimal(0))
    assert not ask(coordinator, 1).permits
    assert need(coordinator) == Need(EACH, 64 * EACH, idle=True)
    assert not coordinator.stopped


def test_a_request_of_unknown_cost_needs_no_reservation() -> None:
    coordinator = run_permits(Decimal(0))
    free = Charge(10, None, None)
    assert len(coordinator.exchange(Report("a", Counts(RunCounts()), (), (), 3, free), 0.0).permits) == 3
