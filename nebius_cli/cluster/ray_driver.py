"""Runs a bulk run on Ray: starts its parts, and shows its progress and its result."""

import dataclasses
from collections.abc import Callable
from decimal import Decimal

import ray
from ray.exceptions import RayError

from nebius_cli.bulk.progress_display import BulkDisplay
from nebius_cli.bulk.rates_and_time_left import ProgressSnapshot
from nebius_cli.bulk.run import DRAIN_TIMEOUT_S, Recorder, drain_note
from nebius_cli.bulk.run_budget import Budget
from nebius_cli.bulk.run_counts import RunCounts, cap_error
from nebius_cli.bulk.run_summary import RunSummary
from nebius_cli.cluster import coordinator_actor
from nebius_cli.cluster.budget_reserved_by_driver import Need
from nebius_cli.cluster.check_output_folder import earlier_runs
from nebius_cli.cluster.checkpoint_folder import done_keys
from nebius_cli.cluster.coordinator_messages import Status
from nebius_cli.cluster.distribute_rows import begin_pass
from nebius_cli.cluster.job_for_actors import Job, Spent
from nebius_cli.cluster.key_handover import Bundle, combine, new_pad
from nebius_cli.core.errors_and_exit_codes import IncompleteError, NbxError, NetworkError, Stopped
from nebius_cli.core.prices_and_costs import ZERO
from nebius_cli.core.short_text import counted, first_line
from nebius_cli.system.thread_with_timeout import Task

POLL_INTERVAL_S = 0.2
WRITE_TIMEOUT_S = 20.0  # for received answers, after the last request has ended


class ClusterRun:
    """Completes the rows of a job. `spent` is what earlier runs with the same output have spent."""

    def __init__(self, job: Job, spent: Spent, bundle: Bundle, monotonic: Callable[[], float]) -> None:
        coordinator_actor.wait_for_earlier_run(job)
        if len(done_keys(job)) != spent.done + spent.failed:  # the earlier run wrote until just now
            spent = earlier_runs(job)
        self._job = job
        self._spent = spent
        self._monotonic = monotonic
        self._started_at = monotonic()
        self._coordinator = coordinator_actor.start(job, spent)
        self._status: Status | None = None
        self._sent_again = spent.lost
        pad = new_pad()
        ray.get(
            [
                self._coordinator.expect.remote(pad),
                self._coordinator.keep.remote(combine(bundle.encode(), pad)),
            ]
        )

    def send(self, recorder: Recorder, display: BulkDisplay) -> None:
        """Return when every row has its result. Raises the error that ended the run early."""
        try:
            with display:
                if lost := self._spent.lost:
                    display.note(
                        f"up to {lost:,} rows without a written answer were already sent; they are sent again"
                    )
                if recorder.has_budget:
                    ray.get(self._coordinator.cover.remote(ZERO))
                if self._spent.failed:
                    ray.get(self._coordinator.forget_failed.remote())
                while self._pass(recorder, display):
                    pass
                if self._sent_again:
                    sent = f"rows sent again: at most {self._sent_again:,}"
                    display.note(f"{sent}; the server may bill them twice")
        except RayError as error:
            why = first_line(error)
            raise NetworkError("the connection to Ray was lost", why) from None
        finally:
            recorder.close()

    def summary(self, stopped: str) -> RunSummary:
        """Return the totals so far; `stopped` says what ended the run early."""
        status, seconds = self._status, self._monotonic() - self._started_at
        if status is None:
            return RunSummary(0, 0, 0, self._spent.done, 0, 0, 0, 0, None, None, seconds, stopped)
        rows, cost = status.counts.rows, Decimal(status.cost)
        return RunSummary(
            status.read,
            status.written - status.failed,
            status.failed,
            self._spent.done,
            status.counts.requests,
            status.counts.retried,
            rows.prompt_tokens,
            rows.completion_tokens,
            None if rows.priced is False else cost - self._spent.cost,
            cost if rows.priced else None,
            seconds,
            stopped,
        )

    @property
    def counts(self) -> RunCounts:
        """The rows of this run: how many failed, and why."""
        if self._status is None:
            return RunCounts()
        return dataclasses.replace(self._status.counts.rows, failed=self._status.failed)

    def _pass(self, recorder: Recorder, display: BulkDisplay) -> bool:
        """Process the input once; return whether another pass may complete missing rows."""
        before = ray.get(self._coordinator.next_pass.remote())
        current = begin_pass(self._job, self._coordinator)
        try:
            while not current.wait(POLL_INTERVAL_S):
                self._poll(recorder, display)
        except (KeyboardInterrupt, Stopped) as stop:
            self._drain(current, recorder, display, stop)
            raise
        status = self._poll(recorder, display)
        ray.get(self._coordinator.close.remote())
        self._raise_end(status)
        written = status.written - before
        lost = max(0, status.taken - written)
        if isinstance(current.failure, NbxError):
            raise current.failure
        if current.failure is not None and not written:
            why = first_line(current.failure)
            raise NetworkError("Ray could not run the job", why, sent=False)
        missing = status.read - status.left_out - written
        if status.input_complete and not missing and not lost:
            return False
        if not written:
            what = f"{max(missing, lost):,} rows have no answer"
            raise IncompleteError(what, "nodes of the cluster were lost repeatedly")
        self._sent_again += lost
        again = f"nodes were lost: {max(missing, lost):,} rows are left"
        display.note(f"{again}, of which up to {lost:,} are sent again")
        return True

    def _poll(self, recorder: Recorder, display: BulkDisplay) -> Status:
        status: Status = ray.get(self._coordinator.poll.remote())
        self._status, now = status, self._monotonic()
        for sent in status.requests:
            recorder.add(sent.model, now - sent.age, sent.usage, sent.error, sent.finish)
        recorder.tick(lambda error: ray.get(self._coordinator.stop.remote(error)))
        if recorder.has_budget:
            self._cover(status.need, recorder)
        for note in status.notes:
            display.note(note)
        display.show(self._snapshot(status, now))
        return status

    def _cover(self, need: Need | None, recorder: Recorder) -> None:
        """Reserve the cost of requests in the daily and monthly budgets; stop an idle run without room."""
        covered = ZERO
        if need is not None and recorder.covers(need.ahead):
            covered = need.ahead
        elif need is not None and recorder.covers(need.least):
            covered = need.least
        elif need is not None and need.idle:
            ray.get(self._coordinator.stop.remote(recorder.budget_exceeded()))
        # If the ledger cannot be written, nothing is reserved, and the run continues.
        ray.get(self._coordinator.cover.remote(max(covered, recorder.covered)))

    def _raise_end(self, status: Status) -> None:
        """Raise the error that ended the run early, if any."""
        if status.bug:
            raise RuntimeError(status.bug)
        if status.fatal is not None:
            raise status.fatal
        if status.capped is not None:
            job = self._job
            budget = job.plan.budget(Budget, job.prices, status.tokens, Decimal(status.cost))
            raise cap_error(budget, status.capped)

    def _drain(
        self, current: Task[None], recorder: Recorder, display: BulkDisplay, stop: BaseException
    ) -> None:
        """Send nothing more, and wait a while for requests in flight and for their answers to be written."""
        ray.get(self._coordinator.stop.remote())
        status = self._poll(recorder, display)
        if count := status.counts.in_flight:
            display.note(drain_note(count, stop))
        end = self._monotonic() + DRAIN_TIMEOUT_S
        while not current.wait(POLL_INTERVAL_S) and self._monotonic() < end + WRITE_TIMEOUT_S:
            if self._monotonic() >= end:
                ray.get(self._coordinator.abandon.remote())
            self._poll(recorder, display)
        self._poll(recorder, display)
        if current.ended:
            ray.get(self._coordinator.close.remote())

    def _snapshot(self, status: Status, now: float) -> ProgressSnapshot:
        counts = status.counts
        actors = f"{counted(status.actors, 'actor')} on {counted(status.nodes, 'node')}"
        pause = f"waiting {status.pause:.0f} s" if status.pause >= 1 else ""
        return ProgressSnapshot(
            now,
            status.read if status.input_complete else None,
            None,
            status.read,
            status.left_out,
            counts.rows.answered,
            counts.rows.failed,
            counts.requests,
            counts.retried,
            counts.rows.prompt_tokens + counts.rows.completion_tokens,
            Decimal(status.cost) if counts.rows.priced else None,
            counts.in_flight,
            ", ".join(filter(None, (actors if status.actors else "", pause))),
        )
