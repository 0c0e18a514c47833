"""Decides what a run sends next and what happens to each row: retries, groups, rate, budget. Pure.

Each row offered gets exactly one result, an answer or a failure, unless the run stops first.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from nebius_cli.api import retry
from nebius_cli.api.retry import RowRule
from nebius_cli.bulk.detect_outage import Outage
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.limit_concurrency_and_rate import RateController
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.request_batch import Batch, Outcome, Wait, results_of, split, unfinished_result
from nebius_cli.bulk.row_error_or_run_error import Suspects
from nebius_cli.bulk.run_budget import NOTHING, Budget, Charge
from nebius_cli.bulk.send_queue import Grouping, RetryQueue
from nebius_cli.core.detect_multi_prompt_support import ONE_AT_A_TIME
from nebius_cli.core.errors_and_exit_codes import IncompleteError, NbxError, NoResourcesError
from nebius_cli.response.answer_events import Usage

RETRY_QUEUE_FACTOR = 4  # times the concurrency: with this many waiting retries, no new rows are read
ANSWERING_S = 10.0  # for this long after an answer, a 503 counts as a rate limit rather than an outage
LEARN_INTERVAL_S = 0.05  # minimum time between two answers whose rate limit headers are read
GROUP_WAIT_S = 0.2  # how long an incomplete group waits for the next row


class Dispatcher:
    """The state of a bulk run. Not thread-safe: callers on several threads must hold a lock.

    `jitter` returns a number in [0, 1) to spread retries; `may_take` returns whether a new row may be taken
    now. `model` is used for rows that do not set one. The rows of `combinations` alternate, so many groups
    are collected at once. After the run, `fatal` is the error that stopped it, if any, and `capped` the worst
    case of the request that the budget refused. Set `input_ended` to False to continue with more rows.
    """

    def __init__(
        self,
        rate: RateController,
        budget: Budget,
        *,
        retries: int,
        jitter: Callable[[], float],
        group: int = 1,
        combinations: int = 1,
        may_take: Callable[[], bool] = lambda: True,
        model: str = "",
    ) -> None:
        self.rate = rate
        self.budget = budget
        self._retries = RetryQueue(retries, jitter)
        self._new = Grouping(group, combinations, budget.worst)
        self.note: Callable[[str], object] = lambda _: None  # gets messages for the user
        self._may_take = may_take
        self._model = model
        self._row_wanted_since = math.inf  # when `next` first asked for a row
        self.input_ended = False
        self._outage = Outage(retries)
        self._answered_at = -math.inf  # when the last complete answer arrived
        self.suspects = Suspects()
        self._learned_at = -math.inf
        self.stopped = False
        self.fatal: NbxError | None = None
        self.capped: Charge | None = None
        self._in_flight: dict[int, Batch] = {}
        self.requests = 0
        self.retried = 0  # requests after the first one of a row

    @property
    def in_flight(self) -> int:
        """The number of requests in flight."""
        return len(self._in_flight)

    @property
    def waiting(self) -> int:
        """The number of waiting retries, plus the number of rows not sent yet."""
        return len(self._retries) + len(self._new) + (self._new.upcoming is not None)

    @property
    def room(self) -> bool:
        """Whether another request may be sent now."""
        return not self.stopped and self.in_flight < self.rate.concurrency

    def offer(self, row: Row) -> None:
        """Add a row."""
        self._new.offer(row)
        self._row_wanted_since = math.inf

    def no_more_rows(self) -> None:
        """Record that the input has ended."""
        self.input_ended = True

    def stop(self, fatal: NbxError | None = None) -> None:
        """Send nothing more; requests in flight may still be answered."""
        self.stopped = True
        self.fatal = self.fatal or fatal

    def unfinished(self) -> list[Result]:
        """Return results with the cost of unfinished rows; requests in flight are abandoned."""
        batches = [batch for batch, _ in (*self._retries.clear(), *self.suspects.held)]
        for batch in self._in_flight.values():
            batch.spent += self.budget.charge(batch.worst, None, maybe_billed=True)
            batches.append(batch)
        self._in_flight, self.suspects.held = {}, []
        return [unfinished_result(batch) for batch in batches if batch.spent != NOTHING]

    def next(self, now: float) -> Batch | Wait | None:
        """Return what to send now, how long to wait, or None when there is nothing more to send."""
        if self.stopped or not self.room:
            return None if self.stopped else Wait()
        due = self._retries.due
        batch = self._retries.first if due <= now else self._next_batch(now)
        if batch is None:
            if not self.input_ended and self._wants_row():
                self._row_wanted_since = min(self._row_wanted_since, now)
                waits = self._row_wanted_since + GROUP_WAIT_S if len(self._new) else math.inf
                return Wait(min(due, waits), rows=True)
            if self._retries or self.in_flight or not self.input_ended:
                return Wait(due)
            if error := self.suspects.error:  # no other answer shows that the rows are at fault
                self.stop(error)
            return None
        if (seconds := self.rate.wait(batch.worst.tokens, now)) > 0:
            return Wait(now + seconds)
        if not self.budget.fits(batch.worst):
            if self.in_flight:
                return Wait()
            self.capped = batch.worst
            self.stop()
            return None
        if due <= now:
            self._retries.pop()
        else:
            self._new.upcoming = None
        return self._send(batch, now)

    def answered(
        self,
        batch: Batch,
        outcomes: Sequence[Outcome],
        usage: Usage | None,
        headers: Mapping[str, str],
        now: float,
        *,
        again: bool = False,
    ) -> list[Result]:
        """Handle a complete answer, with one outcome for each row; return the results.

        With `again`, its rows are sent again, one by one, in requests of another form.
        """
        if self._in_flight.pop(id(batch), None) is None:  # abandoned, and already charged
            return []
        self._outage.reached()
        charge = self.budget.charge(batch.worst, usage, maybe_billed=True)
        used = charge.tokens if usage is not None else None
        self.rate.accepted(batch.sent_at, now)
        # +1: this one was in flight too.
        self.rate.answered(batch.worst.tokens, batch.estimate, used, self.in_flight + 1, now)
        if now - self._learned_at >= LEARN_INTERVAL_S:
            self._learned_at = now
            self.rate.learn(headers, now, used or 0)
        batch.spent = charge if batch.spent is NOTHING else batch.spent + charge
        self._answered_at = now
        if again:
            self._send_alone(now, batch)
            return []
        if self._new.answered(batch):
            self.note(ONE_AT_A_TIME)
            self._send_alone(now)
        if all(isinstance(outcome, NbxError) for outcome in outcomes):
            return self._fail(batch, outcomes, now)
        results = results_of(batch, batch.spent, outcomes, now)
        for suspect, failures in self.suspects.answered(batch):
            results += results_of(suspect, suspect.spent, failures, now)
        return results

    def failed(self, batch: Batch, error: NbxError, now: float, *, again: bool = False) -> list[Result]:
        """Handle a failure; return the results of the rows that will not be tried again.

        With `again`, its rows are sent again, one by one, whatever the error.
        """
        if self._in_flight.pop(id(batch), None) is None:
            return []
        charge = self.budget.charge(batch.worst, None, maybe_billed=retry.may_be_billed(error))
        batch.spent = charge if batch.spent is NOTHING else batch.spent + charge
        if again:
            self._send_alone(now, batch)
            return []
        if isinstance(error, NoResourcesError):
            return self._not_sent(batch, error, now)
        answering = now - self._answered_at <= ANSWERING_S
        only_model = batch.variant > 0 or batch.rows[0].model == self._model
        rule = retry.row_rule(error, only_model=only_model, answering=answering)
        down = self._check_outage(batch, error, rule, now)
        if retry.is_overload(error) and not down:
            self.rate.refused(batch.sent_at, retry.retry_after(error), now)
        if rule is RowRule.END_RUN:
            self.stop(error)
            self._retries.push(batch, now)
            return []
        batch.tries += not (deferred := down or rule is RowRule.BUSY or retry.is_unread(error))
        if self._retries.allows(batch, error, deferred=deferred):
            paced = answering and self.rate.interval > 0
            self._retries.push(batch, now + self._retries.delay(batch, error, paced=paced))
            return []
        if rule is RowRule.UNREACHABLE and not self._outage.ever_reached:
            return self._handle_unreachable(batch, error, now)
        if len(batch.rows) > 1 and not retry.is_missing(error):
            self._split(batch, error, now)
            return []
        outcomes = [error] * len(batch.rows)
        return self._fail(batch, outcomes, now, forbidden=rule is RowRule.FORBIDDEN)

    def _next_batch(self, now: float) -> Batch | None:
        """Return the next request for new rows, None if it needs another row first."""
        waited = now >= self._row_wanted_since + GROUP_WAIT_S
        self._new.build(incomplete=self.input_ended or not self._may_take() or waited)
        return None if self._retries_first else self._new.upcoming

    def _wants_row(self) -> bool:
        if self._new.upcoming is not None or self._retries_first:
            return False
        return len(self._retries) < RETRY_QUEUE_FACTOR * self.rate.concurrency and self._may_take()

    @property
    def _retries_first(self) -> bool:
        """Whether retries are sent before any new row: the server is down, or was not reached yet."""
        if self._outage.active:
            return bool(self._retries or self.in_flight)
        waiting = 0 if self._outage.ever_reached else len(self._retries)
        return waiting > 0 and waiting + self.in_flight >= self.rate.concurrency

    def _send(self, batch: Batch, now: float) -> Batch:
        batch.attempts += 1
        batch.sent_at = now
        batch.estimate = self.rate.sent(batch.worst.tokens, now)
        self.budget.reserve(batch.worst)
        self._in_flight[id(batch)] = batch
        self.requests += 1
        self.retried += batch.attempts > 1
        return batch

    def _check_outage(self, batch: Batch, error: NbxError, rule: RowRule, now: float) -> bool:
        """Return whether the server is down, rather than a single connection being broken."""
        if rule is not RowRule.UNREACHABLE:
            if not isinstance(error, IncompleteError):  # it may come from something other than the API
                self._outage.reached()
            return False
        if not self._outage.failed(self.rate.concurrency, now):
            return False
        self.rate.outage(batch.sent_at, now)
        if self._outage.too_long(error, now):
            self.stop(error)
        return True

    def _not_sent(self, batch: Batch, error: NbxError, now: float) -> list[Result]:
        """Send a request again after another one has ended, because no more connections can be opened."""
        batch.attempts -= 1
        self.rate.cap(self.in_flight)
        if not self.in_flight:
            self.stop(error)
        self._retries.push(batch, now)
        return []

    def _handle_unreachable(self, batch: Batch, error: NbxError, now: float) -> list[Result]:
        """Retry later or stop the run, but do not fail the row, because the server has never answered."""
        if self.stopped or (not self.in_flight and self._outage.too_long(error, now)):
            self.stop(error)
        self._retries.push(batch, now + self._retries.backoff(batch))
        return []

    def _fail(
        self, batch: Batch, outcomes: Sequence[Outcome], now: float, *, forbidden: bool = False
    ) -> list[Result]:
        """Fail the rows of a request, unless the cause of the failure may concern all rows."""
        held = self.suspects.failed(batch, outcomes, forbidden=forbidden)
        if self.suspects.stop:
            error = outcomes[-1]
            self.stop(error if isinstance(error, NbxError) else None)
        if self.suspects.stop and not held:
            self._retries.push(batch, now)
        elif not held:
            return results_of(batch, batch.spent, outcomes, now)
        return []

    def _split(self, batch: Batch, error: NbxError, now: float) -> None:
        """Queue the pieces of a group, so that one bad prompt fails one row only."""
        # After all retries, each piece gets one last attempt.
        tries = 0 if retry.is_refused_input(error) else self._retries.limit
        for piece in split(batch, self._new.pieces(batch, error), self.budget.worst, tries):
            self._retries.push(piece, now)

    def _send_alone(self, now: float, *batches: Batch) -> None:
        """Send one prompt per request from now on, and send the prompts of `batches` again."""
        self._new.send_alone()
        for group, due in (*self._retries.clear(), *((batch, now) for batch in batches)):
            for piece in split(group, len(group.rows), self.budget.worst, group.tries):
                self._retries.push(piece, due)
