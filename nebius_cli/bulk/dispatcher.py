"""What a bulk run sends next, and what becomes of each row: retries, groups, pace, budget. No I/O, no clock.

Each row that is offered ends once: with an answer, with a failure, or not at all because the run stopped.
"""

import heapq
import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nebius_cli.api import retry
from nebius_cli.bulk.batch import Batch, Response, given_up, may_share, results_of
from nebius_cli.bulk.budget import NOTHING, Budget
from nebius_cli.bulk.input.row_reader import Row
from nebius_cli.bulk.output.record import Result
from nebius_cli.bulk.rate_control import RateController
from nebius_cli.core.errors import NbxError, StatusError
from nebius_cli.response.events import Usage

# Failures in a row that make an outage, or more: two for each request at once.
FEWEST_FAILURES = 20
LONGEST_OUTAGE = 300.0  # seconds without any answer before the run stops
PATIENCE = 10  # times the retries: attempts of a row that the server puts off
WAITING = 4  # times the concurrency: rows that may wait to be sent again before new ones are taken
LEARN_EVERY = 0.05  # seconds between looks at the headers of answers
LINGER = 0.2  # seconds for which a group that is not full waits for a row that is being read


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to send before `until`, or before something is answered; `rows`: or a row is offered."""

    until: float = math.inf
    rows: bool = False


class Dispatcher:
    """The state of a bulk run. Not safe for threads: whoever shares it holds a lock.

    `chance` in [0, 1) spreads retries; `taking` says whether a new row may be taken now. `fatal` is the
    error that stopped the run, `capped` whether the budget did; rows without a result are not done then.
    `model` is the run's own, of rows that name none.
    """

    def __init__(
        self,
        pace: RateController,
        budget: Budget,
        *,
        retries: int,
        chance: Callable[[], float],
        group: int = 1,
        taking: Callable[[], bool] = lambda: True,
        model: str = "",
    ) -> None:
        self.pace = pace
        self.budget = budget
        self._retries = retries
        self._chance = chance
        self._group = group
        self._taking = taking
        self._model = model
        self._rows: deque[Row] = deque()
        self._next: Batch | None = None  # the first of the rows, once it is known who goes with it
        self._asked_at = math.inf  # since when a row is waited for
        self._no_more = False
        self._waiting: list[tuple[float, int, Batch]] = []
        self._serial = 0
        self._broken = 0  # failures in a row to reach the server
        self._down_since = math.inf
        self._reached = False  # once: something answered
        self._learnt_at = -math.inf
        self.stopped = False
        self.fatal: NbxError | None = None
        self.capped = False
        self._flying: dict[int, Batch] = {}
        self.requests = 0
        self.retried = 0  # requests that were not a row's first

    @property
    def in_flight(self) -> int:
        """How many requests are on their way."""
        return len(self._flying)

    @property
    def waiting(self) -> int:
        """How many requests wait to be sent again, and rows for others of their group."""
        return len(self._waiting) + len(self._rows)

    @property
    def room(self) -> bool:
        """Whether another request may be in flight."""
        return not self.stopped and self.in_flight < self.pace.concurrency

    def offer(self, row: Row) -> None:
        """Take a row."""
        self._rows.append(row)
        self._asked_at = math.inf

    def no_more_rows(self) -> None:
        """Note that each row of the input was offered."""
        self._no_more = True

    def stop(self, fatal: NbxError | None = None) -> None:
        """Send nothing any more; what is in flight may still be answered."""
        self.stopped = True
        self.fatal = self.fatal or fatal

    def unfinished(self) -> list[Result]:
        """Return what a stopped run spent on rows without a result; what is in flight is given up."""
        sends = [send for _, _, send in self._waiting]
        for send in self._flying.values():
            send.spent += self.budget.settle(send.worst, None, maybe_billed=True)
            sends.append(send)
        self._flying, self._waiting = {}, []
        return [given_up(send) for send in sends if send.spent != NOTHING]

    def next(self, now: float) -> Batch | Wait | None:
        """Return what to send now, how long to wait for something, or None when nothing will come."""
        if self.stopped:
            return None
        if not self.room:
            return Wait()
        due = self._waiting[0][0] if self._waiting else math.inf
        send = self._waiting[0][2] if due <= now else self._fresh(now)
        if send is None:
            if not self._no_more and self._takes_rows():
                self._asked_at = min(self._asked_at, now)
                return Wait(min(due, self._asked_at + LINGER) if self._rows else due, rows=True)
            return Wait(due) if self._waiting or self.in_flight or not self._no_more else None
        if (seconds := self.pace.wait(send.worst.tokens, now)) > 0:
            return Wait(now + seconds)
        if not self.budget.fits(send.worst):
            if self.in_flight:
                return Wait()
            self.capped = True
            self.stop()
            return None
        if due <= now:
            heapq.heappop(self._waiting)
        else:
            self._next = None
        return self._launch(send, now)

    def answered(
        self,
        send: Batch,
        responses: list[Response],
        usage: Usage | None,
        headers: Mapping[str, str],
        now: float,
    ) -> list[Result]:
        """Take a whole answer, one response for each row; return the results of its rows."""
        if self._flying.pop(id(send), None) is None:  # given up, and counted then
            return []
        self._reached, self._broken, self._down_since = True, 0, math.inf
        charge = self.budget.settle(send.worst, usage, maybe_billed=True)
        used = charge.tokens if usage is not None else None
        # This one was in flight as well.
        self.pace.answered(send.worst.tokens, send.estimate, used, self.in_flight + 1, now)
        if now - self._learnt_at >= LEARN_EVERY:
            self._learnt_at = now
            self.pace.learn(headers, now)
        spent = charge if send.spent is NOTHING else send.spent + charge
        return results_of(send, spent, None, responses, now)

    def failed(self, send: Batch, error: NbxError, now: float) -> list[Result]:
        """Take a failure; return the results of the rows for which there will be no other attempt."""
        if self._flying.pop(id(send), None) is None:
            return []
        charge = self.budget.settle(send.worst, None, maybe_billed=retry.may_be_billed(error))
        send.spent = charge if send.spent is NOTHING else send.spent + charge
        away, down = self._is_away(error), self._is_down(send, error, now)
        if retry.is_overload(error) and not down:
            self.pace.refused(send.sent_at, retry.retry_after(error), now)
        if retry.ends_run(error, only_model=send.rows[0].model == self._model):
            self.stop(error)
            self._put_back(send, now)
            return []
        put_off = down or retry.is_rate_limit(error)
        send.tries += not put_off
        if self._goes_again(send, error, put_off=put_off):
            self._put_back(send, now + self._delay(send, error))
            return []
        if away and not self._reached:
            return self._unreached(send, error, now)
        if len(send.rows) > 1 and not retry.is_missing(error):
            self._split(send, error, now)
            return []
        return results_of(send, send.spent, error, [None] * len(send.rows), now)

    def _fresh(self, now: float) -> Batch | None:
        """Return the request that the next rows make, None where a row more must be seen first."""
        rows = self._rows
        idle = self._no_more or not self._taking() or now >= self._asked_at + LINGER
        if self._next is None and rows:
            size = 1
            while size < min(self._group, len(rows)) and may_share(rows[0], rows[size]):
                size += 1
            if size == self._group or size < len(rows) or idle:
                taken = [rows.popleft() for _ in range(size)]
                self._next = Batch(taken, self.budget.worst(taken))
        return None if self._asks_first else self._next

    def _takes_rows(self) -> bool:
        most = WAITING * self.pace.concurrency
        return self._next is None and len(self._waiting) < most and not self._asks_first and self._taking()

    @property
    def _down(self) -> bool:
        return self._down_since < math.inf

    @property
    def _asks_first(self) -> bool:
        """Whether those that have waited for an answer go before any new row: nothing answers."""
        return self._down and bool(self._waiting or self.in_flight)

    def _launch(self, send: Batch, now: float) -> Batch:
        send.attempts += 1
        send.sent_at = now
        send.estimate = self.pace.sent(send.worst.tokens, now)
        self.budget.reserve(send.worst)
        self._flying[id(send)] = send
        self.requests += 1
        self.retried += send.attempts > 1
        return send

    def _is_down(self, send: Batch, error: NbxError, now: float) -> bool:
        """Return whether the server is out of reach, rather than one connection to it broken."""
        if not self._is_away(error):
            self._reached, self._broken, self._down_since = True, 0, math.inf
            return False
        self._broken += 1
        if self._broken < max(FEWEST_FAILURES, 2 * self.pace.concurrency) and not self._down:
            return False
        self._down_since = min(self._down_since, now)
        self.pace.outage(send.sent_at, now)
        if not self._reached or now - self._down_since > LONGEST_OUTAGE:
            self.stop(error)
        return True

    def _is_away(self, error: NbxError) -> bool:
        """Return whether an error can be one of a server that is not there, or not the API."""
        unreachable = retry.is_unreachable(error)
        return unreachable or (not self._reached and not isinstance(error, StatusError))

    def _goes_again(self, send: Batch, error: NbxError, *, put_off: bool) -> bool:
        if put_off:
            return send.attempts <= PATIENCE * self._retries
        return send.tries <= self._retries and retry.row_retryable(error)

    def _delay(self, send: Batch, error: NbxError) -> float:
        # A 429 uses up no try, but whoever gets one after the other asks ever more seldom.
        attempts = send.attempts if retry.is_rate_limit(error) else send.tries
        return retry.row_delay(error, max(1, attempts), self._chance())

    def _unreached(self, send: Batch, error: NbxError, now: float) -> list[Result]:
        """Stop before a row fails, when nothing was ever answered: the fault is not the row's."""
        if self.in_flight and not self.stopped:
            self._put_back(send, now + retry.backoff(max(1, send.tries), self._chance()))
        else:
            self.stop(error)
        return []

    def _split(self, send: Batch, error: NbxError, now: float) -> None:
        """Put a group back as two halves, so that one bad prompt costs one row."""
        tries = (
            0 if retry.is_refused_input(error) else self._retries
        )  # after the retries each half has a last one
        middle = len(send.rows) // 2
        for rows, spent in ((send.rows[:middle], send.spent), (send.rows[middle:], NOTHING)):
            half = Batch(rows, self.budget.worst(rows), send.attempts, tries, spent)
            self._put_back(half, now)

    def _put_back(self, send: Batch, due: float) -> None:
        self._serial += 1
        heapq.heappush(self._waiting, (due, self._serial, send))
