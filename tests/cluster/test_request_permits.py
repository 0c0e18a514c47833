"""The dispatcher of an actor sends the requests that the coordinator permits, and reports their outcome."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.limit_concurrency_and_rate import RateController
from nebius_cli.bulk.request_batch import Batch, Wait
from nebius_cli.bulk.run_counts import RunCounts
from nebius_cli.cluster.budget_reserved_by_driver import CoveredBudget
from nebius_cli.cluster.coordinator_messages import Counts, Grant, Report
from nebius_cli.cluster.grant_permits import RunPermits
from nebius_cli.cluster.request_permits import STOPPED_WAIT_S, Lease, LeasedBudget, LeasedRate
from nebius_cli.core.errors_and_exit_codes import RateLimitError, ServerError
from nebius_cli.core.prices_and_costs import Price, PriceList
from nebius_cli.response.answer_events import Usage
from tests.support.bulk import make_row

PRICES = PriceList(default=Price(Decimal("0.001"), Decimal("0.001")))
USAGE = Usage(1, 1, None)


class Actor:
    """A dispatcher that leases its rate and budget from the permits of a run, with the reports it sent."""

    def __init__(self, coordinator: RunPermits, clock: Callable[[], float]) -> None:
        self.reports: list[Report] = []

        def call(report: Report) -> Grant:
            self.reports.append(report)
            return coordinator.exchange(report, clock())

        self.lease = Lease("a", call, lambda: Counts(RunCounts()))
        rate = LeasedRate(self.lease, clock())
        budget = LeasedBudget(self.lease, PRICES)
        self.dispatcher = Dispatcher(rate, budget, retries=2, jitter=lambda: 0.5)
        rate.in_flight = lambda: self.dispatcher.in_flight

    def offer(self, count: int) -> None:
        rows = [make_row(index) for index in range(count)]
        self.lease.worst = self.dispatcher.budget.worst(rows[:1])
        for row in rows:
            self.dispatcher.offer(row)
        self.dispatcher.no_more_rows()

    def send(self, now: float) -> list[Batch]:
        """Send every request that is permitted."""
        sent = []
        while isinstance(step := self.dispatcher.next(now), Batch):
            sent.append(step)
        return sent


def run_permits(fixed: int | None = 4, **caps: Any) -> RunPermits:
    rate = RateController(0.0, fixed=fixed, max_concurrency=64)
    return RunPermits(rate, CoveredBudget(prices=PRICES, **caps))


def test_requests_are_sent_until_the_permits_are_used_up() -> None:
    coordinator = run_permits()
    actor = Actor(coordinator, lambda: 0.0)
    actor.offer(10)
    batches = actor.send(0.0)
    assert len(batches) == 4
    assert isinstance(actor.dispatcher.next(0.0), Wait)
    actor.dispatcher.answered(batches[0], [{}], USAGE, {}, 1.0)
    assert len(actor.send(1.0)) == 1
    assert coordinator.budget.tokens == 2


def test_unused_permits_of_a_lease_are_given_back() -> None:
    coordinator = run_permits(fixed=64)
    actor = Actor(coordinator, lambda: 0.0)
    actor.offer(2)
    for batch in actor.send(0.0):
        actor.dispatcher.answered(batch, [{}], USAGE, {"X-RateLimit-Limit-Requests": "6000"}, 1.0)
    assert coordinator.budget.reserved_cost > 0
    actor.lease.give_back()
    assert (coordinator.budget.reserved_cost, coordinator.budget.cost) == (Decimal(0), Decimal("0.004"))
    assert coordinator.rate.rpm == 6000
    assert actor.dispatcher.next(2.0) is None


def test_a_refusal_is_reported_at_once_and_a_retry_needs_a_new_permit() -> None:
    coordinator = run_permits(fixed=1)
    actor = Actor(coordinator, lambda: 1.0)
    actor.offer(1)
    (batch,) = actor.send(0.0)
    reports = len(actor.reports)
    actor.dispatcher.failed(batch, RateLimitError("slow", status=429, retry_after=2.0), 1.0)
    assert len(actor.reports) > reports
    assert coordinator.rate.paused(1.0) == 2.0
    assert coordinator.budget.reserved_cost == 0
    wait = actor.dispatcher.next(1.5)
    assert isinstance(wait, Wait)


def test_a_request_that_may_have_been_billed_counts_in_full() -> None:
    coordinator = run_permits(fixed=1)
    actor = Actor(coordinator, lambda: 1.0)
    actor.offer(1)
    (batch,) = actor.send(0.0)
    actor.dispatcher.failed(batch, ServerError("broken", status=500), 1.0)
    actor.lease.flush()
    assert coordinator.budget.tokens in (0, batch.worst.tokens)
    actor.dispatcher.unfinished()
    actor.lease.flush()
    assert coordinator.budget.reserved_tokens == 0


def test_after_a_stop_nothing_is_sent() -> None:
    coordinator = run_permits()
    actor = Actor(coordinator, lambda: 0.0)
    actor.offer(10)
    coordinator.stop()
    assert not actor.send(0.0)
    assert actor.lease.grant.stop
    assert actor.lease.wait(0, 0.0) == STOPPED_WAIT_S


def test_an_actor_without_enough_connections_sends_fewer_at_once() -> None:
    actor = Actor(run_permits(fixed=64), lambda: 0.0)
    actor.offer(20)
    actor.dispatcher.rate.cap(3)
    actor.lease.flush()
    assert len(actor.send(0.0)) == 3


def test_an_outage_is_reported_at_once() -> None:
    coordinator = run_permits(fixed=None)
    actor = Actor(coordinator, lambda: 1.0)
    actor.dispatcher.rate.outage(0.5, 1.0)
    assert coordinator.rate.paused(1.0) == 1.0
