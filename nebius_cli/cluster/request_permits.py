"""Provides the rate and budget of an actor: asks the coordinator what the dispatcher may send. Pure."""

import threading
from collections import deque
from collections.abc import Callable, Mapping

from nebius_cli.bulk.limit_concurrency_and_rate import RateController
from nebius_cli.bulk.run_budget import NOTHING, Budget, Charge
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
from nebius_cli.core.prices_and_costs import PriceList
from nebius_cli.response.answer_events import Usage

STOPPED_WAIT_S = 0.2


class Lease:
    """The permits of one actor. `call` sends a report to the coordinator and returns its grant.

    The dispatcher asks from many threads, one at a time; `flush` is called from another one. `worst` is the
    most that a request of the current block can cost.
    """

    def __init__(self, member: str, call: Callable[[Report], Grant], counts: Callable[[], Counts]) -> None:
        self.member = member
        self.worst = NOTHING
        self.permits: deque[Permit] = deque()
        self.grant = Grant()
        self._call = call
        self._counts = counts
        self._events: list[Event] = []
        self._requests: list[Sent] = []
        self._ask_at = 0.0
        self._lock = threading.Lock()

    def wait(self, in_flight: int, now: float) -> float:
        """Return 0 if a request may be sent now, else the seconds to wait."""
        if self.grant.stop:
            return STOPPED_WAIT_S
        if self.permits:
            return 0.0
        if now < self._ask_at:
            return self._ask_at - now
        self.flush(min(LEASE_REQUESTS, max(1, self.grant.share - in_flight)))
        if self.permits:
            return 0.0
        wait = STOPPED_WAIT_S if self.grant.stop else self.grant.wait
        self._ask_at = now + wait
        return wait

    def note(self, event: Event, *, urgent: bool = False) -> None:
        """Report an event with the next call, or now."""
        with self._lock:
            self._events.append(event)
        if isinstance(event, Settled):  # a permit is free
            self._ask_at = 0.0
        if urgent:
            self.flush()

    def note_request(self, request: Sent) -> None:
        """Report a request that has ended with the next call."""
        with self._lock:
            self._requests.append(request)

    def flush(self, want: int = 0) -> None:
        """Report what happened, and ask for `want` permits."""
        with self._lock:
            events, self._events = tuple(self._events), []
            requests, self._requests = tuple(self._requests), []
        report = Report(self.member, self._counts(), events, requests, want, self.worst)
        self.grant = self._call(report)
        self.permits.extend(self.grant.permits)

    def give_back(self) -> None:
        """Give back the permits that were not used."""
        while self.permits:
            self.note(Unused(self.permits.popleft().number))
        self.flush()


class LeasedRate(RateController):
    """The rate of an actor."""

    def __init__(self, lease: Lease, now: float) -> None:
        super().__init__(now)
        self._lease = lease
        self._own_limit = float("inf")
        self.in_flight: Callable[[], int] = lambda: 0

    @property
    def concurrency(self) -> int:
        """The number of requests that may be in flight."""
        return int(min(self._lease.grant.share, self._own_limit))

    @property
    def interval(self) -> float:
        """The seconds between two requests of the run."""
        return self._lease.grant.interval

    def wait(self, worst: int, now: float) -> float:
        """Return the seconds until a request may start, 0 if now."""
        del worst
        return self._lease.wait(self.in_flight(), now)

    def sent(self, worst: int, now: float) -> float:
        """Return the tokens set aside for the request that starts; its permit is taken by the budget."""
        del worst, now
        return self._lease.permits[0].estimate

    def accepted(self, sent_at: float, now: float) -> None:
        """Report a request that was not refused."""
        self._lease.note(Accepted(now - sent_at))

    def answered(self, worst: int, estimate: float, used: int | None, in_flight: int, now: float) -> None:
        """Report a complete answer."""
        del now
        self._lease.note(Answered(worst, estimate, used, in_flight >= self.concurrency))

    def learn(self, headers: Mapping[str, str], now: float, used: int = 0) -> None:
        """Report the limits in the headers of an answer."""
        del now
        limits = {name: headers[name] for name in headers if name.lower().startswith("x-ratelimit-")}
        if limits:
            self._lease.note(Learned({name.lower(): value for name, value in limits.items()}, used))

    def refused(self, sent_at: float, retry_after: float | None, now: float) -> None:
        """Report a 429 or 503 at once."""
        self._lease.note(Refused(now - sent_at, retry_after), urgent=True)

    def outage(self, sent_at: float, now: float) -> None:
        """Report at once that the server is down."""
        self._lease.note(Down(now - sent_at), urgent=True)

    def cap(self, concurrency: int) -> None:
        """Allow this actor no more requests in flight from now on."""
        self._own_limit = max(1, min(self._own_limit, concurrency))


class LeasedBudget(Budget):
    """The budget of an actor: a permit represents a reservation that the coordinator has made."""

    def __init__(self, lease: Lease, prices: PriceList) -> None:
        super().__init__(prices=prices)
        self._lease = lease
        self._used: dict[int, Permit] = {}  # by the `id` of the worst case
        # With `covers` set, a worst case has an amount to reserve in the shared budgets.
        self.covers = lambda _: True

    def fits(self, worst: Charge) -> bool:
        """Return True: no request is sent without a permit."""
        del worst
        return True

    def reserve(self, worst: Charge) -> None:
        """Use a permit for a request."""
        self._used[id(worst)] = self._lease.permits.popleft()
        super().reserve(worst)

    def charge(self, worst: Charge, usage: Usage | None, *, maybe_billed: bool) -> Charge:
        """Report what a request has cost, and return it."""
        charge = super().charge(worst, usage, maybe_billed=maybe_billed)
        self._lease.note(Settled(self._used.pop(id(worst)).number, charge, charge is worst))
        return charge
