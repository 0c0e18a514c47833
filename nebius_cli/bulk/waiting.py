"""What waits to be sent: new rows, which may share requests, and requests that are sent again. Pure."""

import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence

from nebius_cli.api import retry
from nebius_cli.bulk.batch import Batch, may_share
from nebius_cli.bulk.budget import Charge
from nebius_cli.bulk.input.row import Row
from nebius_cli.core.errors import IncompleteError, NbxError, ServerError

DEFERRED_RETRY_FACTOR = 10  # times the retries: attempts of a row while the server is busy or down
ONE_AT_A_TIME = "the server does not accept several prompts per request: sending one at a time"


class Grouping:
    """The rows that were not sent yet, in groups of at most `limit` prompts.

    The prompts of one row stay together, however many they are. With `alone`, each prompt has a request of
    its own. `worst` returns the most that a request for some rows can cost.
    """

    def __init__(self, limit: int, worst: Callable[[Sequence[Row]], Charge]) -> None:
        self.alone = False
        self.upcoming: Batch | None = None  # built from the first rows, not sent yet
        self._limit = limit
        self._worst = worst
        self._rows: deque[Row] = deque()
        self._accepted = False  # a request with several prompts was answered

    def __len__(self) -> int:
        return len(self._rows)

    def offer(self, row: Row) -> None:
        """Add a row."""
        self._rows.extend(row.parts())

    def build(self, *, incomplete: bool) -> None:
        """Build the upcoming request, if there are rows for it.

        `incomplete`: also from fewer rows than a group has room for, because no more follow soon.
        """
        if self.upcoming is not None or not self._rows:
            return
        size = self._size()
        if size >= self._limit or size < len(self._rows) or incomplete:
            taken = [self._rows.popleft() for _ in range(size)]
            self.upcoming = Batch(taken, self._worst(taken))

    def _size(self) -> int:
        """Return how many of the first rows, or parts of rows, share the next request."""
        rows = self._rows
        if self.alone:
            return 1
        size = end = 0
        while end < len(rows) and (end < self._limit or not size) and may_share(rows[0], rows[end]):
            end += 1
            complete = end == len(rows) or rows[end].part == 0 or not may_share(rows[0], rows[end])
            if complete and (end <= self._limit or not size):
                size = end
        return size

    def send_alone(self) -> None:
        """Send one prompt per request from now on."""
        self.alone = True
        if self.upcoming is not None:
            self._rows.extendleft(reversed(self.upcoming.rows))
            self.upcoming = None

    def answered(self, batch: Batch) -> bool:
        """Note an answer; return whether it shows that the server does not accept several prompts.

        That is the case if a group failed, each of its prompts was answered alone, and no group ever was.
        """
        self._accepted = self._accepted or len(batch.rows) > 1
        if batch.origin is None or len(batch.rows) > 1:
            return False
        batch.origin.unanswered -= 1
        return not batch.origin.unanswered and not self._accepted and not self.alone

    def pieces(self, batch: Batch, error: NbxError) -> int:
        """Return into how many pieces to split a group that failed for good.

        Before any group was answered, a server error may mean that the server accepts single prompts only.
        """
        unfit = not self._accepted and isinstance(error, ServerError | IncompleteError)
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
        if deferred:  # what no server has read is sent again even without retries
            return batch.attempts <= DEFERRED_RETRY_FACTOR * max(self.limit, int(retry.is_unread(error)))
        return batch.tries <= self.limit and retry.row_retryable(error)

    def delay(self, batch: Batch, error: NbxError, *, paced: bool) -> float:
        """Return the seconds to wait before a failed batch is sent again.

        `paced`: the pace of all requests makes it wait after an overload.
        """
        if paced and retry.is_overload(error) and not retry.retry_after(error):
            return 0.0
        attempts = batch.attempts if retry.is_rate_limit(error) else batch.tries
        return retry.row_delay(error, max(1, attempts), self._jitter())

    def backoff(self, batch: Batch) -> float:
        """Return the seconds to wait before a batch is sent again to a server that was never reached."""
        return retry.backoff(max(1, batch.tries), self._jitter())
