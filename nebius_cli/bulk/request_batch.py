"""Defines one request of a bulk run: a row, or a group of rows that differ only in their prompts."""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from nebius_cli.bulk.input.row import Row, request_body
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.output.unfinished_row_error import UnfinishedRowError
from nebius_cli.bulk.run_budget import NOTHING, Charge
from nebius_cli.core.detect_multi_prompt_support import SplitGroup
from nebius_cli.core.errors_and_exit_codes import NbxError
from nebius_cli.response.answer_events import Usage

Response = dict[str, Any] | bytes
Outcome = Response | NbxError  # of a row: its response, or why it has none


class Answered(NamedTuple):
    """A complete answer: the outcome of each row, and what the server said about all of them.

    With `again`, the rows are sent again, in requests of another form. `warning` is for the user.
    """

    outcomes: Sequence[Outcome]
    usage: Usage | None
    reasons: str
    headers: Mapping[str, str]
    again: bool = False
    warning: str = ""


class RefusedFormError(Exception):
    """The server refused a request with `error`; its rows are sent again, in requests of another form."""

    def __init__(self, error: NbxError) -> None:
        super().__init__(error)
        self.error = error


@dataclass(slots=True)
class Batch:
    """Rows that share a request, and what happened to them so far. Times are on the monotonic clock.

    `attempts` counts requests, including this one; `tries` counts those that use up a retry. `spent` is what
    earlier attempts cost, `worst` the most that this one can cost, and `estimate` the tokens that the rate
    limiter set aside for it. `origin` is the group that this request was split from.
    """

    rows: list[Row]
    worst: Charge
    attempts: int = 0
    tries: int = 0
    spent: Charge = NOTHING
    sent_at: float = 0.0
    estimate: float = 0.0
    origin: SplitGroup | None = None

    @property
    def query(self) -> str:
        """The query string, empty for none."""
        return self.rows[0].query

    @property
    def variant(self) -> int:
        """Which of the requests for each row this is, as in `Row.variant`: one for each model of the run."""
        return self.rows[0].variant

    @property
    def choices(self) -> int:
        """The number of choices in a complete answer."""
        return len(self.rows) * self.rows[0].n

    @property
    def body(self) -> bytes:
        """The request body."""
        if len(self.rows) == 1:
            return self.rows[0].body
        return request_body(self.rows[0].common, [row.prompt for row in self.rows])

    def with_model(self, error: NbxError) -> NbxError:
        """Return an error of this request; it names the model if each row is sent to several models."""
        row = self.rows[0]
        if not row.variants:
            return error
        found = copy.copy(error)  # several rows may share the error
        found.why = f"model {row.model}: {error.why}" if error.why else f"model {row.model}"
        return found


class Wait(NamedTuple):
    """Nothing to send until time `until` or the next answer; with `rows`, or until a row is offered."""

    until: float = math.inf
    rows: bool = False


def split(batch: Batch, count: int, worst: Callable[[Sequence[Row]], Charge], tries: int) -> list[Batch]:
    """Split a group into `count` pieces, with `tries`; `worst` returns the most that some rows can cost.

    The first piece keeps the cost of the group so far.
    """
    origin = batch.origin or SplitGroup(len(batch.rows))
    ends = [len(batch.rows) * place // count for place in range(count + 1)]
    pieces = [batch.rows[start:end] for start, end in pairwise(ends)]
    return [
        Batch(rows, worst(rows), batch.attempts, tries, NOTHING if place else batch.spent, origin=origin)
        for place, rows in enumerate(pieces)
    ]


def results_of(batch: Batch, charge: Charge, outcomes: Sequence[Outcome], now: float) -> list[Result]:
    """Return the result of each row of a request, given its response or its error.

    `charge` is the cost of all attempts.
    """
    # The server reports one usage for the whole group, so it is recorded on the first row.
    failed = isinstance(outcomes[0], NbxError)
    usages = [charge.to_json() if not failed or charge != NOTHING else None]
    usages += [None] * (len(batch.rows) - 1)
    latency = now - batch.sent_at
    return [
        Result(row, batch.attempts, latency, usage, outcome, None)
        if isinstance(outcome, NbxError)
        else Result(row, batch.attempts, latency, usage, None, outcome)
        for row, usage, outcome in zip(batch.rows, usages, outcomes, strict=True)
    ]


def unfinished_result(batch: Batch) -> Result:
    """Return a result for the first row of a request that the run will not finish.

    It carries the cost of all attempts, so that a later run counts it.
    """
    usage = batch.spent.to_json()
    return Result(batch.rows[0], batch.attempts, 0.0, usage, UnfinishedRowError(usage), None)
