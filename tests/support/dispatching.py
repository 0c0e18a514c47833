"""Drives a dispatcher in a test: offers rows, answers requests and fails them."""

import math
from typing import Any

from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.limit_concurrency_and_rate import RateController
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.request_batch import Batch
from nebius_cli.bulk.run_budget import Budget
from nebius_cli.core.errors_and_exit_codes import (
    IncompleteError,
    NbxError,
    NetworkError,
    StatusError,
    from_status,
)
from nebius_cli.response.answer_events import Usage

BROKEN = NetworkError("the connection broke", retryable=True)
GARBAGE = IncompleteError("the answer is incomplete")


def dispatcher(*rows: Row, fixed: int | None = 4, retries: int = 2, **more: Any) -> Dispatcher:
    """Return a dispatcher that has been offered these rows and expects no more."""
    budget = more.pop("budget", Budget())
    settings = {"retries": retries, "jitter": lambda: 0.0, "model": "m", **more}
    made = Dispatcher(RateController(0.0, fixed=fixed), budget, **settings)
    for row in rows:
        made.offer(row)
    made.no_more_rows()
    return made


def sent(of: Dispatcher, now: float = 0.0) -> Batch:
    """Return the next batch to send."""
    step = of.next(now)
    assert isinstance(step, Batch), step
    return step


def answer(of: Dispatcher, batch: Batch, now: float = 0.0, usage: Usage | None = None) -> list[Result]:
    """Answer a request successfully."""
    return of.answered(batch, [{"of": row.index} for row in batch.rows], usage, {}, now)


def refused(code: int, retry_after: float | None = None) -> StatusError:
    return from_status(code, "why", retry_after=retry_after)


def fail_until_over(of: Dispatcher, error: NbxError, now: float = 0.0) -> tuple[list[Result], int]:
    """Fail every request with `error`; return the results and the number of requests."""
    results: list[Result] = []
    while (step := of.next(now)) is not None:
        if isinstance(step, Batch):
            results += of.failed(step, error, now)
        else:
            assert step.until < math.inf
            now = step.until
    return results, of.requests
