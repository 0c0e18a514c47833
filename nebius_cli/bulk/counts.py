"""What has become of the rows of a bulk run so far: counts, tokens, money."""

from dataclasses import dataclass, field
from decimal import Decimal

from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.output.record import Result
from nebius_cli.bulk.progress import ProgressSnapshot, RunSummary
from nebius_cli.core.errors import CappedError, IncompleteError, UsageError
from nebius_cli.core.money import Price, usd


@dataclass(slots=True)
class RunCounts:
    """Counts of one run; `failed` has the bad rows too, `bad` of them. `cost` is in USD.

    `total` rows are all, None where they are not counted; `seen` came from the input so far.
    """

    total: int | None = None
    seen: int = 0
    left_out: int = 0
    answered: int = 0
    failed: int = 0
    bad: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal = field(default_factory=Decimal)
    priced: bool | None = None  # every usage so far says what it cost; None before the first

    def add(self, result: Result) -> None:
        """Count a result."""
        self.answered += result.error is None
        self.failed += result.error is not None
        if (usage := result.usage) is not None:
            self.prompt_tokens += usage["prompt_tokens"] or 0
            self.completion_tokens += usage["completion_tokens"] or 0
            self.priced = usage["cost"] is not None and self.priced is not False
            self.cost += Decimal(usage["cost"] or 0)

    def failure(self) -> IncompleteError:
        """Return what is said of the rows that failed where nothing else is."""
        return IncompleteError(
            f"{self.failed:,} row{'' if self.failed == 1 else 's'} failed", "their records say why"
        )

    def snapshot(self, dispatcher: Dispatcher, at: float, share: float | None) -> ProgressSnapshot:
        """Return where the run is at a moment; `share` of the input has been read."""
        pause = dispatcher.pace.paused(at)
        return ProgressSnapshot(
            at,
            self.total,
            share,
            self.seen,
            self.left_out,
            self.answered,
            self.failed,
            dispatcher.requests,
            dispatcher.retried,
            self.prompt_tokens + self.completion_tokens,
            dispatcher.budget.cost if self.priced else None,
            dispatcher.in_flight,
            f"waits {pause:.0f} s" if pause >= 1 else "",
        )

    def summary(self, dispatcher: Dispatcher, seconds: float, stopped: str) -> RunSummary:
        """Return what the run came to; `stopped` says what ended it early."""
        return RunSummary(
            self.seen if self.total is None else self.total,
            self.answered,
            self.failed,
            self.left_out,
            dispatcher.requests,
            dispatcher.retried,
            self.prompt_tokens,
            self.completion_tokens,
            self.cost if self.priced else None,
            dispatcher.budget.cost if self.priced else None,
            seconds,
            stopped,
        )


def capped(dispatcher: Dispatcher) -> CappedError:
    """Return the error that says which cap the next row might have passed."""
    budget = dispatcher.budget
    found = []
    if budget.max_cost is not None:
        found.append((f"{usd(budget.cost)} of {usd(budget.max_cost)}", "--max-cost"))
    if budget.max_tokens is not None:
        found.append((f"{budget.tokens:,} of {budget.max_tokens:,} tokens", "--max-total-tokens"))
    flags = " or ".join(flag for _, flag in found)
    used = ", ".join(words for words, _ in found)
    return CappedError(f"stopped before {flags} could be passed", f"used: {used}", f"raise {flags} to go on")


def price_records(count: int, tokens: tuple[int, int], price: Price) -> tuple[Decimal, str]:
    """Return the most that records without a cost can have cost at this price, and a note about it.

    Raises UsageError if the price is unknown.
    """
    records = f"{count:,} record{'s' if count > 1 else ''} of earlier runs"
    cost = price.max_cost(*tokens)
    if cost is None:
        what = f"the cost of {records} is unknown"
        raise UsageError(what, "--max-cost counts that too", "--price IN/OUT, or another -o")
    return cost, f"{records} without a cost: they count as {usd(cost)}, at the prices of this run"
