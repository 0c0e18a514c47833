"""Enforces the limits and caps of a run on all its actors: grants permits and settles them. Pure."""

from collections import Counter, deque
from dataclasses import dataclass, field

from nebius_cli.bulk.limit_concurrency_and_rate import RateController
from nebius_cli.bulk.run_budget import NOTHING, Charge
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
    Permit,
    Refused,
    Report,
    Sent,
    Settled,
    Unused,
)
from nebius_cli.core.errors_and_exit_codes import NbxError

ACTIVE_S = 2.0  # for this long after it asked for permits, an actor counts when they are shared out
ALIVE_S = 5.0  # for this long after its last report, an actor is shown
SILENT_S = 30.0  # this long after its last report, an actor with permits counts as lost
BUSY_WAIT_S = 0.05  # until a permit may be free
CAP_WAIT_S = 0.2  # until a reservation may be released
AHEAD_SHARE = 0.01  # of the requests per minute that actors may hold beyond requests in flight


@dataclass(slots=True)
class Member:
    """An actor: its permits that are not settled, when it last reported, and its counts."""

    permits: dict[int, Permit] = field(default_factory=dict)
    seen_at: float = 0.0
    wanted_at: float = float("-inf")
    counts: Counts = field(default_factory=lambda: Counts(RunCounts()))


class RunPermits:
    """The state of the limits. Callers pass the time in seconds.

    `fatal` is the error that ended the run, and `capped` the worst case of the request that a cap refused.
    """

    def __init__(self, rate: RateController, budget: CoveredBudget) -> None:
        self.rate = rate
        self.budget = budget
        self.fatal: NbxError | None = None
        self.capped: Charge | None = None
        self.stopped = False
        self.requests: deque[Sent] = deque()
        self._members: dict[str, Member] = {}
        self._last_permit = 0
        self._answered = False

    def exchange(self, report: Report, now: float) -> Grant:
        """Process the report of an actor, and grant the permits that it asks for."""
        member = self._members.setdefault(report.member, Member())
        member.seen_at, member.counts = now, report.counts
        self.requests.extend(report.requests)
        for event in report.events:
            self._replay(member, event, now)
        permits: tuple[Permit, ...] = ()
        wait = CAP_WAIT_S
        if report.want and not self.stopped:
            member.wanted_at = now
            permits, wait = self._grant(member, report, now)
        return self.state(report.member)._replace(permits=permits, wait=wait)

    def state(self, name: str) -> Grant:
        """Return a grant without permits."""
        share = self._share(self._members.setdefault(name, Member()))
        return Grant((), CAP_WAIT_S, share, self.rate.interval, self._answered, self.stopped)

    def stop(self, fatal: NbxError | None = None) -> None:
        """Grant nothing more."""
        self.stopped = True
        self.fatal = self.fatal or fatal

    @property
    def idle(self) -> bool:
        """Whether no actor has a permit."""
        return not self._held()

    def expire(self, now: float) -> int:
        """Settle the permits of lost actors as if each was used in full; return how many."""
        lost = [member for member in self._members.values() if now - member.seen_at > SILENT_S]
        count = 0
        for member in lost:
            count += len(member.permits)
            for permit in member.permits.values():
                self.budget.settle(permit.worst, permit.worst)
            member.permits.clear()
        return count

    def alive(self, now: float) -> list[str]:
        """Return the actors that reported recently."""
        return [name for name, member in self._members.items() if now - member.seen_at <= ALIVE_S]

    def counts(self, now: float) -> Counts:
        """Return the totals of all actors, and the number of requests in flight."""
        found = [member.counts for member in self._members.values()]
        rows = RunCounts(reasons=sum((counts.rows.reasons for counts in found), Counter()))
        for counts in found:
            for name in ("answered", "failed", "bad", "prompt_tokens", "completion_tokens", "cost"):
                setattr(rows, name, getattr(rows, name) + getattr(counts.rows, name))
            if counts.rows.priced is not None:
                rows.priced = counts.rows.priced and rows.priced is not False
        alive = [self._members[name].counts.in_flight for name in self.alive(now)]
        sent, requests, retried = (
            sum(getattr(counts, name) for counts in found) for name in ("sent", "requests", "retried")
        )
        return Counts(rows, sent, requests, retried, sum(alive))

    def _grant(self, member: Member, report: Report, now: float) -> tuple[tuple[Permit, ...], float]:
        """Return permits, and the seconds to wait if there are none."""
        granted: list[Permit] = []
        wait = BUSY_WAIT_S
        for _ in range(min(report.want, LEASE_REQUESTS, self._room(now))):
            if (pause := self.rate.wait(report.worst.tokens, now)) > 0:
                wait = pause
                break
            if not self.budget.fits(report.worst):
                wait = CAP_WAIT_S
                if self.idle and not self.budget.uncovered:
                    self.capped = report.worst
                    self.stop()
                break
            self._last_permit += 1
            estimate = self.rate.sent(report.worst.tokens, now)
            permit = Permit(self._last_permit, report.worst, estimate)
            self.budget.reserve(report.worst)
            member.permits[permit.number] = permit
            granted.append(permit)
        return tuple(granted), wait

    def _replay(self, member: Member, event: Event, now: float) -> None:
        match event:
            case Settled(number, charge, unseen):
                permit = self._settle(member, number, charge)
                if permit is not None and not unseen:
                    self.budget.ended(permit.worst)
            case Unused(number):
                if (permit := self._settle(member, number, NOTHING)) is not None:
                    self.budget.release(permit.worst)
                    self.rate.unsent(permit.estimate, now)
            case Accepted(age):
                self.rate.accepted(now - age, now)
            case Answered(worst, estimate, used, saturated):
                self._answered = True
                in_flight = self.rate.concurrency if saturated else 0
                self.rate.answered(worst, estimate, used, in_flight, now)
            case Learned(headers, used):
                self.rate.learn(headers, now, used)
            case Refused(age, retry_after):
                self.rate.refused(now - age, retry_after, now)
            case Down(age):
                self.rate.outage(now - age, now)

    def _settle(self, member: Member, number: int, charge: Charge) -> Permit | None:
        """Settle a permit; return None if it was settled before because the actor counted as lost."""
        permit = member.permits.pop(number, None)
        if permit is not None:
            self.budget.settle(permit.worst, charge)
        return permit

    def _active(self, now: float) -> int:
        return sum(1 for one in self._members.values() if one.permits or now - one.wanted_at <= ACTIVE_S)

    def _share(self, member: Member) -> int:
        """Return how many requests an actor may have in flight: what the other actors leave."""
        return max(1, self.rate.concurrency - self._held() + len(member.permits))

    def _room(self, now: float) -> int:
        """Return how many more permits may be granted."""
        actors = self._active(now)
        return self.rate.concurrency + self._ahead(actors) * actors - self._held()

    def _held(self) -> int:
        return sum(len(one.permits) for one in self._members.values())

    def _ahead(self, actors: int) -> int:
        """Return how many permits an actor may hold beyond its requests in flight.

        Such permits save calls. Close to a limit, a permit is granted only when its request can be sent.
        """
        rate = self.rate
        if rate.interval or rate.tpm < float("inf") or rate.concurrency < LEASE_REQUESTS:
            return 0
        return int(min(LEASE_REQUESTS, AHEAD_SHARE * rate.rpm / max(1, actors)))
