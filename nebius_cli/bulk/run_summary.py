"""Formats the totals of a bulk run at its end, for people and for programs."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from nebius_cli.core.prices_and_costs import exact, usd


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The totals of one run; only `spent`, in USD, covers all runs on the same output.

    `stopped` says what ended the run early; it is empty if the run finished.
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
    def has_results(self) -> bool:
        """Whether there is anything to show: a row with an answer or an error, or money spent."""
        return bool(self.answered or self.failed or self.left_out or self.cost or not self.stopped)

    @property
    def rate(self) -> float:
        """Requests per second over the whole run."""
        return self.requests / self.seconds if self.seconds else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the values for a program; money is a string, so that no digit is lost."""
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
        """Return names and values for a person, without empty ones."""
        counts = [("rows", self.rows), ("answered", self.answered), ("failed", self.failed)]
        counts += [("already answered", self.left_out)] if self.left_out else []
        counts += [("requests", self.requests), ("retries", self.retries)]
        counts += [("prompt tokens", self.prompt_tokens), ("completion tokens", self.completion_tokens)]
        rows = [(name, f"{count:,}") for name, count in counts]
        rows += [("cost", usd(self.cost))] if self.cost else []
        if self.spent and self.spent != self.cost:
            rows.append(("cost of all runs", usd(self.spent)))
        return [*rows, ("seconds", f"{self.seconds:,.1f}"), ("requests per second", f"{self.rate:,.1f}")]
