"""One request of a bulk run: a row, or a group of rows that differ only in their prompts."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nebius_cli.bulk.budget import NOTHING, Charge
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.output.record import Result
from nebius_cli.core import jsontext
from nebius_cli.core.errors import IncompleteError, NbxError

Response = dict[str, Any] | bytes


@dataclass(slots=True)
class Batch:
    """Rows that share a request, and what happened to them so far. Times are on the monotonic clock.

    `attempts` counts requests, including this one; `tries` counts those that use up a retry. `spent` is what
    earlier attempts cost, `worst` the most that this one can cost, and `estimate` the tokens that the rate
    limiter set aside for it.
    """

    rows: list[Row]
    worst: Charge
    attempts: int = 0
    tries: int = 0
    spent: Charge = NOTHING
    sent_at: float = 0.0
    estimate: float = 0.0

    @property
    def query(self) -> str:
        """The query string, empty for none."""
        return self.rows[0].query

    @property
    def choices(self) -> int:
        """The number of choices in a complete answer."""
        return len(self.rows) * self.rows[0].n

    @property
    def body(self) -> bytes:
        """The request body."""
        if len(self.rows) == 1:
            return self.rows[0].body
        prompts = jsontext.encode([row.prompt for row in self.rows])
        members = self.rows[0].common.strip()[1:-1]
        return b'{%b"prompt":%b}' % (members + b"," if members else b"", prompts)


class RowGroups:
    """Collects rows that may share a request, in groups of `size`. `len` is the number of rows.

    Rows share one if they differ only in their prompts. The API takes texts or token ids, but not a mix. At
    most `max_open` groups wait for more rows, as many as the combinations of a matrix; before another one
    begins, the oldest is complete.
    """

    def __init__(self, size: int, max_open: int) -> None:
        self._size = size
        self._max_open = max_open
        self._open: dict[tuple[bytes, str, type], list[Row]] = {}  # by age
        self._complete: deque[list[Row]] = deque()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, row: Row) -> None:
        """Add a row."""
        key = (row.common, row.query, type(row.prompt))
        if key not in self._open:
            if len(self._open) >= self._max_open:
                self._complete_oldest()
            self._open[key] = []
        group = self._open[key]
        group.append(row)
        self._count += 1
        if len(group) == self._size:
            self._complete.append(self._open.pop(key))

    def take(self, *, incomplete: bool) -> list[Row] | None:
        """Return the next complete group; with `incomplete`, also one that could get more rows."""
        if not self._complete and incomplete and self._open:
            self._complete_oldest()
        if not self._complete:
            return None
        rows = self._complete.popleft()
        self._count -= len(rows)
        return rows

    def _complete_oldest(self) -> None:
        self._complete.append(self._open.pop(next(iter(self._open))))


def halves(batch: Batch, worst: Callable[[Sequence[Row]], Charge], tries: int) -> list[Batch]:
    """Return the two halves of a group, with `tries`; `worst` returns the most that some rows can cost.

    What the group has cost so far is kept by the first half.
    """
    middle = len(batch.rows) // 2
    parts = ((batch.rows[:middle], batch.spent), (batch.rows[middle:], NOTHING))
    return [Batch(rows, worst(rows), batch.attempts, tries, spent) for rows, spent in parts]


def results_of(
    batch: Batch, charge: Charge, error: NbxError | None, responses: "Sequence[Response | None]", now: float
) -> list[Result]:
    """Return the result of each row of a request; `charge` is the cost of all attempts."""
    # The server reports one usage for the whole group, so it is recorded on the first row.
    usages = [charge.to_json() if error is None or charge != NOTHING else None]
    usages += [None] * (len(batch.rows) - 1)
    latency = now - batch.sent_at
    return [
        Result(row, batch.attempts, latency, usage, error, response)
        for row, usage, response in zip(batch.rows, usages, responses, strict=True)
    ]


def unfinished_result(batch: Batch) -> Result:
    """Return a result for the first row of a request that the run will not finish.

    It carries the cost of all attempts, so that a later run counts it.
    """
    error = IncompleteError("the run stopped before this row was answered", "it may have been billed")
    return Result(batch.rows[0], batch.attempts, 0.0, batch.spent.to_json(), error, None)
