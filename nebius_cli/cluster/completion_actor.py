"""Runs as an actor on Ray: completes blocks of rows with the threads of `nbx bulk`, and writes them."""

import dataclasses
import pickle
import random
import threading
import time
import traceback
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import ray

from nebius_cli.api.http_client import Api
from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.input.row import BadRow, Row
from nebius_cli.bulk.output.record_format import Result, encode, encode_bad
from nebius_cli.bulk.run_budget import Charge
from nebius_cli.bulk.run_counts import RunCounts
from nebius_cli.bulk.senders.api_sender import ApiSender
from nebius_cli.bulk.workers.send_and_receive import Listeners, WorkerPool
from nebius_cli.cluster.coordinator_messages import Counts, Grant, Report, Sent
from nebius_cli.cluster.job_for_actors import KEY, Job
from nebius_cli.cluster.key_handover import combine, decode, new_pad
from nebius_cli.cluster.request_permits import Lease, LeasedBudget, LeasedRate
from nebius_cli.cluster.write_answers import BlockWriter, KeyedRecord
from nebius_cli.core.errors_and_exit_codes import NbxError, NetworkError, OutputError
from nebius_cli.core.prices_and_costs import ZERO, Number
from nebius_cli.response.answer_events import Usage

REPORT_INTERVAL_S = 0.25


class _Abandoned(Exception):  # noqa: N818 - not an error
    """Requests in flight are not waited for any longer."""


class Complete:
    """Completes blocks. Nothing is raised for a row: the coordinator stops the run if no row can succeed.

    The results of a block are written before the next one begins, so a killed actor loses at most one block.
    """

    def __init__(self, job: Job, coordinator: Any) -> None:
        self._job = job
        self._coordinator = coordinator
        self._writer = BlockWriter(job)
        self._counts = RunCounts()
        self._sent = 0
        self._lock = threading.Lock()
        self._abandon = False
        self._reported_at = 0.0
        member = uuid.uuid4().hex
        self._lease = Lease(member, self._exchange, self._totals)
        rate = LeasedRate(self._lease, time.monotonic())
        self._dispatcher = Dispatcher(
            rate,
            LeasedBudget(self._lease, job.prices),
            retries=job.limits.retries,
            jitter=random.random,
            group=job.plan.group,
            model=job.reader.model,
        )
        rate.in_flight = lambda: self._dispatcher.in_flight
        pad = new_pad()
        bundle = decode(combine(ray.get(coordinator.bundle.remote(pad)), pad))
        api = Api(
            bundle.base_url,
            bundle.key,
            connect_timeout=job.connect_timeout,
            now=time.time,
            log=lambda _: None,
            cacert=job.cacert,
            headers=bundle.headers,
            pool=job.plan.connections,
        )
        self._sender = ApiSender(api)
        self._dispatcher.note = self._warn
        ray.get(coordinator.join.remote(member, ray.get_runtime_context().get_node_id()))

    def __call__(self, block: pa.Table) -> pa.Table:
        """Complete a block of `RowsDatasource`, until the run stops; return how many rows are written."""
        grant = ray.get(self._coordinator.begin.remote(self._lease.member, block.num_rows))
        if grant.stop:
            return _counted(0)
        self._lease.grant = grant
        results: list[Result] = []
        rows = [pickle.loads(data) for data in block["row"].to_pylist()]  # noqa: S301 - our own
        keys = {id(row): key for row, key in zip(rows, block[KEY].to_pylist(), strict=True)}
        try:
            self._run([row for row in rows if isinstance(row, Row)], results)
        except NbxError as error:
            self._stop(error)
        except Exception:  # noqa: BLE001 - the driver reports it as a bug
            ray.get(self._coordinator.failed.remote(traceback.format_exc()))
        bad = [] if self._lease.grant.stop else [row for row in rows if isinstance(row, BadRow)]
        self._counts.failed += len(bad)
        self._counts.bad += len(bad)
        self._lease.give_back()
        return _counted(self._write(results, bad, keys))

    def _write(self, results: list[Result], bad: list[BadRow], keys: dict[int, int]) -> int:
        """Write the results of a block, and return how many; `keys` are those of the rows, by identity."""
        with_prompt = not self._job.plan.options.no_prompt
        records = [
            KeyedRecord(keys[id(one.row)], one.error is not None, encode(one, with_prompt=with_prompt))
            for one in results
        ]
        records += [KeyedRecord(keys[id(row)], True, encode_bad(row)) for row in bad]
        try:
            self._writer.write(records)
        except OutputError as error:
            self._stop(error)
            return 0
        failed = sum(record.failed for record in records)
        ray.get(self._coordinator.written.remote(len(records), failed))
        return len(records)

    def _run(self, rows: list[Row], results: list[Result]) -> None:
        """Send rows and collect their results until the run stops. Raises NbxError to stop it."""
        plan, dispatcher = self._job.plan, self._dispatcher
        self._lease.worst = self._worst(rows)
        dispatcher.input_ended = False
        if self._lease.grant.answered:
            dispatcher.suspects.answered_elsewhere()

        def put(some: list[Result]) -> None:
            with self._lock:
                for result in some:
                    if not plan.usage_is_complete(result.row):
                        result.usage = None
                    results.append(result)
                    self._counts.add(result)

        self._reported_at = time.monotonic()
        pool = WorkerPool(
            self._sender,
            dispatcher,
            self._checked(rows),
            Listeners(put, self._note_request, self._warn),
            time.monotonic,
            self._job.limits,
            fast_rows=True,
        )
        try:
            pool.run(self._tick)
        except _Abandoned:
            pool.abandon()
        if dispatcher.fatal is not None:
            raise dispatcher.fatal

    def _checked(self, rows: list[Row]) -> Iterator[Row]:
        for row in rows:
            self._job.plan.check(row, self._job.prices)
            self._sent += 1
            yield row

    def _worst(self, rows: list[Row]) -> Charge:
        """Return the most that one request for any of the rows can cost."""
        group = self._job.plan.group
        each = [self._dispatcher.budget.worst([row]) for row in rows]
        return Charge(
            _most([one.prompt for one in each], group),
            _most([one.completion for one in each], group),
            _most([one.cost for one in each], group),
            expected=_most([one.expected for one in each], group) or ZERO,
        )

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._reported_at >= REPORT_INTERVAL_S:
            self._reported_at = now
            self._lease.flush()
        if self._lease.grant.stop:
            self._dispatcher.stop()
        if self._abandon:
            raise _Abandoned

    def _exchange(self, report: Report) -> Grant:
        answer: tuple[Grant, bool] = ray.get(self._coordinator.exchange.remote(report))
        grant, self._abandon = answer
        return grant

    def _totals(self) -> Counts:
        dispatcher = self._dispatcher
        with self._lock:
            rows = dataclasses.replace(self._counts, reasons=self._counts.reasons.copy())
        return Counts(rows, self._sent, dispatcher.requests, dispatcher.retried, dispatcher.in_flight)

    def _note_request(
        self, model: str, sent_at: float, usage: Usage | None, error: NbxError | None, finish: str
    ) -> None:
        if self._job.ledger:
            kept = None if error is None else _portable(error)
            self._lease.note_request(Sent(model, time.monotonic() - sent_at, usage, kept, finish))

    def _warn(self, text: str) -> None:
        self._coordinator.warn.remote(text)

    def _stop(self, error: NbxError) -> None:
        ray.get(self._coordinator.stop.remote(_portable(error)))


def _counted(rows: int) -> pa.Table:
    """Return the table that Ray passes on for a block."""
    return pa.table({"rows": [rows]})


def _portable(error: NbxError) -> NbxError:
    """Return an error without a partial answer, which cannot be sent to another process."""
    if isinstance(error, NetworkError):
        error.received = None
    return error


def _most(values: Sequence[Number | None], times: int) -> Number | None:
    """Return the largest value, times a number; None if one is unknown, or if there are none."""
    known = [value for value in values if value is not None]
    return None if not known or len(known) < len(values) else max(known) * times
