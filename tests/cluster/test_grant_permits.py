"""The limits of a run on Ray apply to all actors together, even if some of them are lost."""

from collections import Counter
from decimal import Decimal

import pytest

from nebius_cli.bulk.limit_concurrency_and_rate import RateController
from nebius_cli.bulk.run_budget import Charge
from nebius_cli.bulk.run_counts import RunCounts
from nebius_cli.cluster.budget_reserved_by_driver import CoveredBudget
from nebius_cli.cluster.coordinator_messages import (
    LEASE_REQUESTS,
    Accepted,
    Answered,
    Counts,
    Down,
    Event,
    Grant,
    Learned,
    Refused,
    Report,
    Settled,
    Unused,
)
from nebius_cli.cluster.grant_permits import SILENT_S, RunPermits
from nebius_cli.core.errors_and_exit_codes import ServerError
from nebius_cli.core.prices_and_costs import PriceList

WORST = Charge(10, 10, Decimal("0.01"))
USED = Charge(5, 5, Decimal("0.004"))


def run_permits(fixed: int | None = 64, rpm: float | None = None, **caps: object) -> RunPermits:
    """Return the permits of a run that starts at time 0."""
    budget = CoveredBudget(prices=PriceList(), **caps)  # type: ignore[arg-type]
    return RunPermits(RateController(0.0, fixed=fixed, rpm=rpm, max_concurrency=64), budget)


def ask(coordinator: RunPermits, member: str, want: int, now: float = 0.0, *events: Event) -> Grant:
    return coordinator.exchange(Report(member, Counts(RunCounts()), events, (), want, WORST), now)


def test_a_lease_has_a_maximum_number_of_permits() -> None:
    coordinator = run_permits()
    assert len(ask(coordinator, "a", 1000).permits) == LEASE_REQUESTS


def test_all_actors_together_stay_within_the_concurrency() -> None:
    coordinator = run_permits(fixed=20)
    first = ask(coordinator, "a", 32)
    second = ask(coordinator, "b", 32)
    assert (len(first.permits), len(second.permits), second.wait > 0) == (20, 0, True)
    settled = [Settled(permit.number, USED) for permit in first.permits[:5]]
    assert len(ask(coordinator, "a", 0, 0.0, *settled).permits) == 0
    assert len(ask(coordinator, "b", 32).permits) == 5
    assert ask(coordinator, "b", 0).share == 5


def test_all_actors_together_stay_within_the_requests_per_minute() -> None:
    coordinator, sent = run_permits(rpm=600), Counter[int]()
    for step in range(2400):
        now = step / 20
        for member in ("a", "b", "c"):
            for permit in ask(coordinator, member, 32, now).permits:
                sent[step // 1200] += 1
                ask(coordinator, member, 0, now, Settled(permit.number, USED))
    assert sent[0] <= 600
    assert 570 <= sent[1] <= 600


def test_the_rate_and_the_concurrency_limit_the_size_of_a_lease() -> None:
    assert len(ask(run_permits(rpm=600), "a", 32).permits) == 5  # half a second's worth
    assert len(ask(run_permits(fixed=None), "a", 32).permits) == 8  # the initial concurrency of a run
    coordinator = run_permits()
    ask(coordinator, "a", 32)
    ask(coordinator, "a", 32)
    assert len(ask(coordinator, "a", 32).permits) == 32  # without limits, 32 beyond the 64 in flight


def test_permits_given_back_can_be_granted_again() -> None:
    coordinator = run_permits(rpm=600, max_cost=Decimal("0.05"))
    permits = ask(coordinator, "a", 32).permits
    assert len(permits) == 5
    assert not ask(coordinator, "b", 32).permits
    ask(coordinator, "a", 0, 0.0, *(Unused(permit.number) for permit in permits))
    assert coordinator.budget.cost == 0
    assert len(ask(coordinator, "b", 32).permits) == 5


def test_a_cap_includes_the_most_that_all_actors_may_still_spend() -> None:
    coordinator = run_permits(max_cost=Decimal("0.035"))
    held = [*ask(coordinator, "a", 2).permits, *ask(coordinator, "b", 32).permits]
    assert len(held) == 3  # 0.03 of 0.035 are reserved
    refused = ask(coordinator, "b", 32)
    assert (refused.permits, refused.stop, coordinator.capped) == ((), False, None)
    ask(coordinator, "a", 0, 0.0, Settled(held[0].number, USED), Settled(held[1].number, USED))
    assert len(ask(coordinator, "b", 32).permits) == 1
    ask(coordinator, "b", 0, 0.0, Settled(held[2].number, WORST), Settled(4, WORST))
    assert coordinator.budget.cost == Decimal("0.028")
    assert (ask(coordinator, "b", 1).stop, coordinator.stopped) == (True, True)
    assert coordinator.capped == WORST


def test_a_lost_actor_is_charged_in_full_and_its_permits_are_freed() -> None:
    coordinator = run_permits(fixed=8, max_cost=Decimal(1))
    held = ask(coordinator, "a", 8).permits
    assert coordinator.expire(SILENT_S) == 0
    assert not ask(coordinator, "b", 8, SILENT_S).permits
    assert coordinator.expire(SILENT_S + 1) == 8
    assert coordinator.budget.cost == Decimal("0.08")
    assert len(ask(coordinator, "b", 8, SILENT_S + 1).permits) == 8
    ask(coordinator, "a", 0, SILENT_S + 2, Settled(held[0].number, USED))  # the actor was only slow
    assert coordinator.budget.cost == Decimal("0.08")


def test_a_refusal_slows_down_every_actor() -> None:
    coordinator = run_permits(fixed=None)
    ask(coordinator, "a", 3)
    grant = ask(coordinator, "b", 1, 1.0, Refused(0.5, 3.0))
    assert (grant.permits, grant.wait) == ((), 3.0)
    assert coordinator.rate.concurrency == 4


def test_an_outage_reported_by_one_actor_pauses_all() -> None:
    coordinator = run_permits(fixed=None)
    assert ask(coordinator, "b", 1, 1.0, Down(0.5)).wait == pytest.approx(1.0)


def test_rate_limit_headers_apply_to_all_actors() -> None:
    coordinator = run_permits(fixed=None)
    ask(coordinator, "a", 0, 1.0, Learned({"x-ratelimit-limit-requests": "60"}, 10))
    assert coordinator.rate.rpm == 60


def test_the_concurrency_grows_when_an_actor_uses_all_its_permits() -> None:
    coordinator = run_permits(fixed=None)
    permits = ask(coordinator, "a", 8).permits
    events: list[Event] = [Accepted(0.1), Answered(20, 0.0, 10, saturated=True)]
    grant = ask(coordinator, "a", 0, 1.0, Settled(permits[0].number, USED), *events)
    assert (grant.answered, coordinator.rate.concurrency) == (True, 9)
    ask(coordinator, "a", 0, 1.1, Answered(20, 0.0, 10, saturated=False))
    assert coordinator.rate.concurrency == 9


def test_after_a_stop_nothing_is_granted_and_the_first_error_is_kept() -> None:
    coordinator = run_permits()
    coordinator.stop(ServerError("down", status=503))
    coordinator.stop(ServerError("later", status=500))
    grant = ask(coordinator, "a", 8)
    assert (grant.permits, grant.stop) == ((), True)
    assert coordinator.fatal is not None
    assert coordinator.fatal.what == "down"


def test_the_counts_of_all_actors_are_added_up() -> None:
    coordinator = run_permits()
    one = RunCounts(answered=2, failed=1, prompt_tokens=5, cost=Decimal(1), priced=True)
    one.reasons["no"] += 1
    other = RunCounts(answered=3, failed=2, completion_tokens=7, cost=Decimal(2), priced=True)
    other.reasons["no"] += 2
    coordinator.exchange(Report("a", Counts(one, 3, 4, 1, 9)), 0.0)
    coordinator.exchange(Report("b", Counts(other, 5, 6, 0, 2)), 10.0)
    found = coordinator.counts(10.0)
    assert (found.rows.answered, found.rows.failed, found.rows.reasons["no"]) == (5, 3, 3)
    assert (found.rows.prompt_tokens, found.rows.completion_tokens, found.rows.cost) == (5, 7, Decimal(3))
    assert (found.sent, found.requests, found.retried, found.rows.priced) == (8, 10, 1, True)
    assert (found.in_flight, coordinator.alive(10.0)) == (2, ["b"])  # requests of a lost actor do not count
    coordinator.exchange(Report("c", Counts(RunCounts(priced=False))), 10.0)
    assert coordinator.counts(10.0).rows.priced is False
