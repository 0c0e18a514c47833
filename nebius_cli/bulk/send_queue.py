"""Holds what is waiting to be sent: new rows, which may share requests, and requests to retry. Pure."""

import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence
from itertools import groupby

from nebius_cli.api import retry
from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.request_batch import Batch
from nebius_cli.bulk.run_budget import Charge
from nebius_cli.core.detect_multi_prompt_support import PromptsPerRequest
from nebius_cli.core.errors_and_exit_codes import IncompleteError, NbxError, ServerError

DEFERRED_RETRY_FACTOR = 10  # times the retries: maximum attempts of a row while the server is busy or down


class RowGroups:
    """Collects rows that may share a request, in groups of `size`. `len` is the number of rows.

    Rows share a request if they differ only in their prompts. The API accepts texts or token ids, but not
    both. At most `max_open` groups, as many as the combinations of a matrix, wait for more rows; when another
    group begins, the oldest one is completed.
    """

    def __init__(self, size: int, max_open: int) -> None:
        self._size = size
        self._max_open = max_open
        self._open: dict[tuple[bytes, str, type], list[Row]] = {}  # the oldest first
        self._complete: deque[list[Row]] = deque()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, *rows: Row) -> None:
        """Add a row, or the parts of a row, which stay together in a group of their own or with others."""
        key = (rows[0].common, rows[0].query, type(rows[0].prompt))
        if key in self._open and len(self._open[key]) + len(rows) > self._size:
            self._complete.append(self._open.pop(key))
        if key not in self._open:
            if len(self._open) >= self._max_open:
                self._complete_oldest()
            self._open[key] = []
        group = self._open[key]
        group += rows
        self._count += len(rows)
        if len(group) >= self._size:
            self._complete.append(self._open.pop(key))

    def dissolve(self) -> list[Row]:
        """Remove and return all rows."""
        rows = [row for group in (*self._complete, *self._open.values()) for row in group]
        self._complete, self._open, self._count = deque(), {}, 0
        return rows

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


class Grouping:
    """The rows that were not sent yet, in groups of at most `limit` prompts.

    The prompts of one row stay together, however many they are. With `alone`, each prompt has a request of
    its own. `worst` returns the most that a request for some rows can cost; `max_open` as for RowGroups.
    """

    def __init__(self, limit: int, max_open: int, worst: Callable[[Sequence[Row]], Charge]) -> None:
        self.alone = False
        self.upcoming: Batch | None = None  # built from the first rows, not sent yet
        self._rows = RowGroups(limit, max_open)
        self._worst = worst
        self._server = PromptsPerRequest()

    def __len__(self) -> int:
        return len(self._rows)

    def offer(self, row: Row) -> None:
        """Add a row."""
        if row.part_count == 1:
            self._rows.add(row)
        elif self.alone:
            for part in row.parts():
                self._rows.add(part)
        else:
            for _, parts in groupby(row.parts(), lambda part: part.common):
                self._rows.add(*parts)

    def build(self, *, incomplete: bool) -> None:
        """Build the upcoming request, if there are rows for it.

        `incomplete`: also from fewer rows than a group has room for, because no more follow soon.
        """
        if self.upcoming is None and (rows := self._rows.take(incomplete=incomplete)):
            self.upcoming = Batch(rows, self._worst(rows))

    def send_alone(self) -> None:
        """Send one prompt per request from now on."""
        self.alone = True
        rows = [*(self.upcoming.rows if self.upcoming else ()), *self._rows.dissolve()]
        self.upcoming, self._rows = None, RowGroups(1, 1)
        for row in rows:
            self._rows.add(row)

    def answered(self, batch: Batch) -> bool:
        """Record an answer; return whether it shows that the server does not accept several prompts."""
        return self._server.answered(len(batch.rows), batch.origin) and not self.alone

    def pieces(self, batch: Batch, error: NbxError) -> int:
        """Return into how many pieces to split a group that failed for good.

        Before any group was answered, a server error may mean that the server accepts single prompts only.
        """
        unfit = not self._server.accepts_several and isinstance(error, ServerError | IncompleteError)
        return len(batch.rows) if unfit and not retry.is_unreachable(error) else 2


class RetryQueue:
    """Batches by the time at which they are due; `limit` is the number of retries."""

    def __init__(self, limit: int, jitter: Callable[[], float]) -> None:
        self.limit = limit
        self._jitter = jitter
        self._heap: list[tuple[float, int, Batch]] = []
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def due(self) -> float:
        """When the next batch is due; inf if there is none."""
        return self._heap[0][0] if self._heap else math.inf

    @property
    def first(self) -> Batch:
        """The next batch."""
        return self._heap[0][2]

    def push(self, batch: Batch, due: float) -> None:
        """Add a batch."""
        self._sequence += 1
        heapq.heappush(self._heap, (due, self._sequence, batch))

    def pop(self) -> None:
        """Remove the next batch."""
        heapq.heappop(self._heap)

    def clear(self) -> list[tuple[Batch, float]]:
        """Remove all batches; return them with the times at which they are due."""
        heap, self._heap = sorted(self._heap), []
        return [(batch, due) for due, _, batch in heap]

    def allows(self, batch: Batch, error: NbxError, *, deferred: bool) -> bool:
        """Return whether a failed batch may be sent again. `deferred`: that uses up no retry."""
        if deferred:  # a request that no server has read is sent again even without retries
            return batch.attempts <= DEFERRED_RETRY_FACTOR * max(self.limit, int(retry.is_unread(error)))
        return batch.tries <= self.limit and retry.row_retryable(error)

    def delay(self, batch: Batch, error: NbxError, *, paced: bool) -> float:
        """Return the seconds to wait before a failed batch is sent again.

        With `paced`, the interval between requests already makes it wait after an overload.
        """
        if paced and retry.is_overload(error) and not retry.retry_after(error):
            return 0.0
        attempts = batch.attempts if retry.is_rate_limit(error) else batch.tries
        return retry.next_wait(error, max(1, attempts), self._jitter())

    def backoff(self, batch: Batch) -> float:
        """Return the seconds to wait before a batch is sent again to a server that was never reached."""
        return retry.backoff(max(1, batch.tries), self._jitter())
