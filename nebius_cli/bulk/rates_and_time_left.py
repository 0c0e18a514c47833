"""Computes the progress of a bulk run: counts, rates, the time left and the expected cost."""

from collections import deque
from dataclasses import dataclass
from decimal import Decimal

RATE_WINDOW_S = 10.0  # long enough for steady rates, short enough for current ones
MIN_RATE_WINDOW_S = 1.0  # a rate over less time is noise


@dataclass(frozen=True, slots=True)
class ProgressSnapshot:
    """The state of a run at time `at`, in seconds. Rows are those of its shard; None is unknown.

    `fraction_read` is the part of the input read so far, 0 to 1, and `seen` the number of its rows. `cost`
    is in USD and includes earlier runs on the same output. `tokens` are those of complete answers,
    `generating` those of answers in flight, 0 if unknown.
    """

    at: float
    total: int | None = None
    fraction_read: float | None = None
    seen: int = 0
    left_out: int = 0
    answered: int = 0
    failed: int = 0
    requests: int = 0
    retries: int = 0
    tokens: int = 0
    cost: Decimal | None = None
    concurrency: int = 0
    note: str = ""
    generating: int = 0

    @property
    def finished(self) -> int:
        """The rows that this run answered or failed."""
        return self.answered + self.failed

    @property
    def done(self) -> int:
        """The rows that need no further request."""
        return self.left_out + self.finished

    @property
    def rows(self) -> int | None:
        """The number of rows: counted, or extrapolated from the fraction read so far."""
        if self.total is not None or not self.fraction_read:
            return self.total
        return max(self.seen, round(self.seen / self.fraction_read))


@dataclass(frozen=True, slots=True)
class Progress:
    """A snapshot with rates and forecasts; None is unknown.

    `requests` and `tokens` are per second, over the last RATE_WINDOW_S; `left` is the time left in seconds,
    `forecast` the cost of the whole input in USD. `elapsed` seconds have passed since the first snapshot.
    """

    now: ProgressSnapshot
    requests: float | None = None
    tokens: float | None = None
    left: float | None = None
    forecast: Decimal | None = None
    elapsed: float = 0.0


class ThroughputMeter:
    """Computes rates over a sliding window, the time left and the expected cost."""

    def __init__(self) -> None:
        self._kept: deque[ProgressSnapshot] = deque()
        self._began_at: float | None = None

    def read(self, now: ProgressSnapshot) -> Progress:
        """Add a snapshot, which must be later than the last one; return it with rates and forecasts."""
        kept = self._kept
        kept.append(now)
        while len(kept) > 2 and now.at - kept[1].at >= RATE_WINDOW_S:
            kept.popleft()
        first = kept[0]
        seconds = now.at - first.at
        forecast = _forecast(now)
        if self._began_at is None:
            self._began_at = now.at
        elapsed = now.at - self._began_at
        if seconds < MIN_RATE_WINDOW_S:
            return Progress(now, forecast=forecast, elapsed=elapsed)
        return Progress(
            now,
            (now.requests - first.requests) / seconds,
            (now.tokens - first.tokens) / seconds,
            _left(now, (now.finished - first.finished) / seconds),
            forecast,
            elapsed,
        )


def _left(now: ProgressSnapshot, rate: float) -> float | None:
    rows = now.rows
    return None if rows is None or not rate else max(0, rows - now.done) / rate


def _forecast(now: ProgressSnapshot) -> Decimal | None:
    if now.cost is None or now.rows is None or not now.done:
        return None
    return now.cost * now.rows / now.done
