"""A bulk run in figures: how far it is, how fast, what it took, what it would cost."""

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from nebius_cli.bulk.budget import worst_case
from nebius_cli.bulk.input.row_reader import TOKENS_BESIDE, Row
from nebius_cli.core.format import MINUTE, duration
from nebius_cli.core.money import Price, add, exact, usd

WINDOW = 10.0  # seconds over which rates are measured: long enough to be steady, short enough to be now
SETTLED = 1.0  # seconds of a window below which a rate says nothing
BYTES_A_TOKEN = 4  # of English text, about


@dataclass(frozen=True, slots=True)
class ProgressSnapshot:
    """Where a run is at one moment, in rows of its input (its shard); None is unknown.

    `at` is on a clock in seconds. `share` is how much of the input has been read, 0 to 1, and `seen` how
    many rows came from that. `cost` is USD, what earlier runs spent on the same output included.
    """

    at: float
    total: int | None = None
    share: float | None = None
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

    @property
    def finished(self) -> int:
        """Rows that this run has ended, one way or the other."""
        return self.answered + self.failed

    @property
    def done(self) -> int:
        """Rows for which nothing more will be sent."""
        return self.left_out + self.finished

    @property
    def rows(self) -> int | None:
        """How many rows there are: counted, else reckoned from the share that has been read."""
        if self.total is not None or not self.share:
            return self.total
        return max(self.seen, round(self.seen / self.share))


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot with what follows from it and from those before it; None is unknown.

    Rates are per second over the last ten; `left` is in seconds, `forecast` in USD for the whole input.
    """

    now: ProgressSnapshot
    requests: float | None = None
    tokens: float | None = None
    left: float | None = None
    forecast: Decimal | None = None


class ThroughputMeter:
    """Snapshots → rates over a sliding window, time left and forecast cost."""

    def __init__(self) -> None:
        self._kept: deque[ProgressSnapshot] = deque()

    def read(self, now: ProgressSnapshot) -> View:
        """Take a snapshot, later than those before; return what is known with it."""
        kept = self._kept
        kept.append(now)
        while len(kept) > 2 and now.at - kept[1].at >= WINDOW:
            kept.popleft()
        first = kept[0]
        seconds = now.at - first.at
        forecast = _forecast(now)
        if seconds < SETTLED:
            return View(now, forecast=forecast)
        return View(
            now,
            (now.requests - first.requests) / seconds,
            (now.tokens - first.tokens) / seconds,
            _left(now, (now.finished - first.finished) / seconds),
            forecast,
        )


def _left(now: ProgressSnapshot, rate: float) -> float | None:
    rows = now.rows
    return None if rows is None or not rate else max(0, rows - now.done) / rate


def _forecast(now: ProgressSnapshot) -> Decimal | None:
    if now.cost is None or now.rows is None or not now.done:
        return None
    return now.cost * now.rows / now.done


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run came to. All is of this run, but `spent`, USD, which is of all runs on the output.

    `stopped` says what ended it early, empty where the input came to its end.
    """

    rows: int
    answered: int
    failed: int
    left_out: int
    requests: int
    retries: int
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal | None
    spent: Decimal | None
    seconds: float
    stopped: str = ""

    @property
    def rate(self) -> float:
        """Requests per second, from the first to the end."""
        return self.requests / self.seconds if self.seconds else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the figures for a program; money as a text, so that no digit is lost."""
        return {
            "rows": self.rows,
            "answered": self.answered,
            "failed": self.failed,
            "left_out": self.left_out,
            "requests": self.requests,
            "retries": self.retries,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cost_usd": None if self.cost is None else exact(self.cost),
            "spent_usd": None if self.spent is None else exact(self.spent),
            "seconds": round(self.seconds, 3),
            "requests_per_second": round(self.rate, 2),
            "stopped": self.stopped or None,
        }

    def to_rows(self) -> list[tuple[str, str]]:
        """Return the figures for a person, those that say nothing left out."""
        counts = [("rows", self.rows), ("answered", self.answered), ("failed", self.failed)]
        counts += [("left out, done before", self.left_out)] if self.left_out else []
        counts += [("requests", self.requests), ("retries", self.retries)]
        counts += [("prompt tokens", self.prompt_tokens), ("completion tokens", self.completion_tokens)]
        rows = [(name, f"{count:,}") for name, count in counts]
        rows += [("cost", usd(self.cost))] if self.cost else []
        if self.spent and self.spent != self.cost:
            rows.append(("cost of all runs", usd(self.spent)))
        return [*rows, ("seconds", f"{self.seconds:,.1f}"), ("requests per second", f"{self.rate:,.1f}")]


@dataclass(slots=True)
class RunEstimate:
    """What sending rows would take, added up row by row; costs are USD, times seconds.

    `completion` is None once an answer has no bound, `cost` and `most_cost` once that or a price is unknown.
    """

    rows: int = 0
    about_prompt: int = 0
    most_prompt: int = 0
    completion: int | None = 0
    cost: Decimal | None = Decimal()
    most_cost: Decimal | None = Decimal()

    def add(self, row: Row, price: Price) -> None:
        """Add a row and what it would cost at this price."""
        about = row.most_prompt - TOKENS_BESIDE
        if isinstance(row.prompt, str):
            about = -(-about // BYTES_A_TOKEN)
        self.rows += 1
        self.about_prompt += about
        self.most_prompt += row.most_prompt
        worst = worst_case([row], price)  # what a cap would reserve for it
        self.completion = add(self.completion, worst.completion)
        self.cost = add(self.cost, price.cost(about, worst.completion))
        self.most_cost = add(self.most_cost, worst.cost)

    def seconds(self, rpm: float | None, tpm: float | None, group: int = 1) -> float | None:
        """Return the least time that the limits allow; None where there is no limit to reckon with."""
        by_requests = -(-self.rows // group) / rpm * MINUTE if rpm else None
        tokens = None if self.completion is None else self.about_prompt + self.completion
        by_tokens = tokens / tpm * MINUTE if tpm and tokens is not None else None
        return max((time for time in (by_requests, by_tokens) if time is not None), default=None)

    def to_rows(self, seconds: float | None) -> list[tuple[str, str]]:
        """Return the figures as they are shown, the least time among them."""
        unknown = "unknown"
        money = [unknown if cost is None else usd(cost) for cost in (self.cost, self.most_cost)]
        return [
            ("rows to send", f"{self.rows:,}"),
            ("prompt tokens, about", f"{self.about_prompt:,}"),
            ("prompt tokens, at most", f"{self.most_prompt:,}"),
            ("completion tokens, at most", unknown if self.completion is None else f"{self.completion:,}"),
            ("cost, about", money[0]),
            ("cost, at most", money[1]),
            ("time, at least", unknown if seconds is None else duration(seconds)),
        ]

    def to_json(self, seconds: float | None) -> dict[str, Any]:
        """Return the figures for a program; money as a text, null where it is unknown."""
        return {
            "rows": self.rows,
            "prompt_tokens_about": self.about_prompt,
            "prompt_tokens_at_most": self.most_prompt,
            "completion_tokens_at_most": self.completion,
            "cost_usd_about": None if self.cost is None else exact(self.cost),
            "cost_usd_at_most": None if self.most_cost is None else exact(self.most_cost),
            "seconds_at_least": None if seconds is None else round(seconds, 3),
        }
