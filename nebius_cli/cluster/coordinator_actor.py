"""Coordinates a run on Ray: one actor that enforces the limits and caps, and saves the progress."""

import time
from collections import deque
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import ray

from nebius_cli.bulk.limit_concurrency_and_rate import RateController
from nebius_cli.cluster.budget_reserved_by_driver import CoveredBudget
from nebius_cli.cluster.check_output_folder import in_use
from nebius_cli.cluster.checkpoint_folder import delete_failed, write_run
from nebius_cli.cluster.coordinator_messages import Grant, Report, Status
from nebius_cli.cluster.duplicate_ids_across_files import ClaimedIds
from nebius_cli.cluster.grant_permits import RunPermits
from nebius_cli.cluster.job_for_actors import Job, Spent
from nebius_cli.cluster.key_handover import combine, decode
from nebius_cli.cluster.ray_session import beside_driver
from nebius_cli.core.errors_and_exit_codes import NbxError, OutputError
from nebius_cli.core.prices_and_costs import exact
from nebius_cli.core.short_text import counted

NAMESPACE = "nbx"
KILLED_RUN_TIMEOUT_S = 40.0  # Ray Client waits 30 s for a lost driver
CHECK_INTERVAL_S = 0.5
ACTORS_END_S = 2.0


class Coordinator:
    """Serves the actors of a run, one call after the other. `spent` is what earlier runs have spent."""

    def __init__(self, job: Job, spent: Spent) -> None:
        plan = job.plan
        rate = RateController(
            time.monotonic(),
            fixed=plan.concurrency,
            rpm=plan.rpm,
            tpm=plan.tpm,
            max_concurrency=plan.connections,
        )
        budget = plan.budget(CoveredBudget, job.prices, spent.tokens, spent.cost)
        self._job = job
        self._keeper = RunPermits(rate, budget)
        self._spent = spent
        self._begun = spent.begun
        self._sent_before = 0  # rows sent in earlier passes
        self._read: dict[str, tuple[int, int]] = {}  # path → rows read, rows left out
        self._fully_read: set[str] = set()
        self._ids = ClaimedIds()
        self._taken = 0
        self._written = 0  # rows in this pass
        self._written_before = 0  # in earlier passes
        self._failed = 0  # of the written rows
        self._actors: dict[str, str] = {}  # member → node
        self._notes: deque[str] = deque()
        self._warned: set[str] = set()
        self._abandoned = False
        self._pad = b""
        self._bundle = b""
        self._bug = ""

    # Passing the key: two calls from the driver, one from each actor.

    def expect(self, pad: bytes) -> None:
        """Store the pad that the next bundle is combined with."""
        self._pad = pad

    def keep(self, bundle: bytes) -> None:
        """Keep the bundle for the actors. Raises ValueError if it is damaged."""
        self._bundle = combine(bundle, self._pad)
        decode(self._bundle)

    def bundle(self, pad: bytes) -> bytes:
        """Return the bundle combined with a pad."""
        return combine(self._bundle, pad)

    # Called by the actors.

    def join(self, member: str, node: str) -> None:
        """Add an actor and the node that it runs on."""
        self._actors[member] = node

    def begin(self, member: str, rows: int) -> Grant:
        """Record that an actor takes a block of rows. This is saved before any of them may be sent."""
        if not self._keeper.stopped:
            self._taken += rows
            self._begun += rows
            self._save_state()
        return self._keeper.state(member)

    def exchange(self, report: Report) -> tuple[Grant, bool]:
        """Return the grant for a report, and whether requests in flight are to be abandoned."""
        return self._keeper.exchange(report, time.monotonic()), self._abandoned

    def read(self, path: str, rows: int, left_out: int, *, whole: bool = False) -> bool:
        """Record how many rows of a file are read, and how many of them are done; return whether to stop."""
        self._read[path] = max((rows, left_out), self._read.get(path, (0, 0)))
        if whole:
            self._fully_read.add(path)
        return self._keeper.stopped

    def claim(self, path: str, end: int, ids: bytes) -> int | None:
        """Record the ids of rows; return the position of the first one that another file has, too."""
        return self._ids.claim(path, end, ids)

    def written(self, rows: int, failed: int) -> None:
        """Record that an actor has written a block."""
        self._written += rows
        self._failed += failed

    def stop(self, error: NbxError | None = None) -> None:
        """Send nothing more, because of an error or a signal."""
        self._keeper.stop(error)

    def warn(self, text: str) -> None:
        """Queue a warning for the user, unless it was queued before."""
        if text not in self._warned:
            self._warned.add(text)
            self._notes.append(text)

    def failed(self, trace: str) -> None:
        """Stop because of a bug; `trace` is the traceback."""
        self._bug = self._bug or trace
        self._keeper.stop()

    # Called by the driver.

    def forget_failed(self) -> None:
        """Delete the rows that failed in earlier runs, after saving their cost."""
        self._save_state()
        try:
            delete_failed(self._job)
        except OutputError as error:
            self._keeper.stop(error)
        self._begun -= self._spent.failed

    def next_pass(self) -> int:
        """Begin another pass over the input; return how many rows the passes so far have written."""
        self._written_before += self._written
        self._written = self._taken = 0
        self._sent_before = self._keeper.counts(time.monotonic()).sent
        self._read.clear()
        self._fully_read.clear()
        return self._written_before

    def cover(self, amount: Decimal) -> None:
        """Set how much requests may use of the daily and monthly budgets."""
        self._keeper.budget.cover(amount)

    def abandon(self) -> None:
        """Tell the actors not to wait for requests in flight any longer."""
        self._keeper.stop()
        self._abandoned = True

    def poll(self) -> Status:
        """Return the state of the run, with the requests and warnings since the last call."""
        keeper, now = self._keeper, time.monotonic()
        if lost := keeper.expire(now):
            self._notes.append(
                f"an actor was lost; {counted(lost, 'request')} in flight counted at the maximum cost"
            )
        while note := keeper.rate.take_note():
            self._notes.append(note)
        requests, notes = tuple(keeper.requests), tuple(self._notes)
        keeper.requests.clear()
        self._notes.clear()
        alive = keeper.alive(now)
        return Status(
            keeper.counts(now),
            sum(rows for rows, _ in self._read.values()),
            sum(left_out for _, left_out in self._read.values()),
            self._fully_read >= {file.path for file in self._job.files},
            self._taken,
            self._written_before + self._written,
            self._failed,
            keeper.budget.tokens,
            exact(keeper.budget.cost),
            len(alive),
            len({self._actors.get(member, "") for member in alive}),
            keeper.rate.paused(now),
            requests,
            notes,
            keeper.fatal,
            keeper.capped,
            keeper.budget.need(idle=keeper.idle),
            self._bug,
        )

    def close(self) -> None:
        """Save the state for the next run: no actor is running, so the number of sent rows is known."""
        sent = self._keeper.counts(time.monotonic()).sent - self._sent_before
        self._begun = self._spent.done + self._written_before + max(sent, self._written)
        self._save_state()

    def _save_state(self) -> None:
        budget = self._keeper.budget
        values = {
            "fingerprint": self._job.fingerprint,
            "format": self._job.output_format,
            "begun": self._begun,
            "tokens": budget.tokens,
            "cost": exact(budget.cost),
        }
        try:
            write_run(self._job, values)
        except OutputError as error:
            self._keeper.stop(error)


def start(job: Job, spent: Spent) -> Any:
    """Start the coordinator on a node that exists as long as the run.

    Its name prevents a second run on the cluster with the same output. Raises UsageError.
    """
    remote = ray.remote(num_cpus=0, max_restarts=0, scheduling_strategy=beside_driver())(Coordinator)
    try:
        return remote.options(name=_name(job), namespace=NAMESPACE).remote(job, spent)
    except ValueError:
        raise in_use(job) from None


def wait_for_earlier_run(job: Job) -> None:
    """Return when no coordinator of an earlier run with this output is left; Ray ends those of killed runs.

    Raises UsageError if it still exists after a while.
    """
    end, waited = time.monotonic() + KILLED_RUN_TIMEOUT_S, False
    while _coordinator_exists(job):
        if time.monotonic() > end:
            raise in_use(job)
        waited = True
        time.sleep(CHECK_INTERVAL_S)
    if waited:  # its actors end at the same time, and may still be writing
        time.sleep(ACTORS_END_S)


def _coordinator_exists(job: Job) -> bool:
    try:
        ray.get_actor(_name(job), namespace=NAMESPACE)
    except ValueError:
        return False
    return True


def _name(job: Job) -> str:
    return blake2b(f"{job.target.type_name} {job.output}".encode(), digest_size=16).hexdigest()
