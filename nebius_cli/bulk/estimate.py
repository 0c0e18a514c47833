"""Estimates the tokens, the cost and the time of a run without sending anything."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from nebius_cli.bulk.input.row import BadRow, Row
from nebius_cli.bulk.input.row_source import RowSource
from nebius_cli.bulk.output.find_answered_rows import AnsweredRows
from nebius_cli.bulk.run_budget import worst_case
from nebius_cli.core.prices_and_costs import PriceList, add, exact, usd
from nebius_cli.core.short_text import MINUTE_S, duration
from nebius_cli.request.token_bounds import MAX_EXTRA_PROMPT_TOKENS

BYTES_PER_TOKEN = 4  # roughly, in English text


@dataclass(slots=True)
class RunEstimate:
    """The tokens and costs of sending rows, added up row by row. Costs are in USD, times in seconds.

    `max_completion_tokens` is None once a row without max_tokens was added. The costs are None once such a
    row was added, unless its model is free, or if a price is unknown.
    """

    rows: int = 0
    prompt_tokens: int = 0
    max_prompt_tokens: int = 0
    max_completion_tokens: int | None = 0
    cost: Decimal | None = Decimal()
    max_cost: Decimal | None = Decimal()

    def add(self, row: Row, prices: PriceList) -> None:
        """Add a row and what it would cost at these prices."""
        self.rows += 1
        for part in row.parts() if row.variants else [row]:
            price, asked = prices.of_model(part.model), part.prompt
            prompts = asked if row.item is not None and isinstance(asked, list) else [asked]
            about = part.max_prompt_tokens - len(prompts) * MAX_EXTRA_PROMPT_TOKENS
            if isinstance(prompts[0], str):
                about = -(-about // BYTES_PER_TOKEN)
            worst = worst_case([part], price)  # what a cap would reserve
            self.prompt_tokens += about
            self.max_prompt_tokens += part.max_prompt_tokens
            self.max_completion_tokens = add(self.max_completion_tokens, worst.completion)
            self.cost = add(self.cost, price.cost(about, worst.completion))
            self.max_cost = add(self.max_cost, worst.cost)

    def seconds(self, rpm: float | None, tpm: float | None, group: int = 1) -> float | None:
        """Return the shortest time that the limits allow, None without a limit."""
        by_requests = -(-self.rows // group) / rpm * MINUTE_S if rpm else None
        completion = self.max_completion_tokens
        tokens = None if completion is None else self.prompt_tokens + completion
        by_tokens = tokens / tpm * MINUTE_S if tpm and tokens is not None else None
        return max((time for time in (by_requests, by_tokens) if time is not None), default=None)

    def to_rows(self, seconds: float | None, *, runs_locally: bool = False) -> list[tuple[str, str]]:
        """Return names and values to show. `seconds` is the shortest time; with `runs_locally`, cost is 0."""
        unknown, completion = "unknown", self.max_completion_tokens
        money = [unknown if cost is None else usd(cost) for cost in (self.cost, self.max_cost)]
        free = [("cost", "none: the model runs on this machine")]
        return [
            ("rows to send", f"{self.rows:,}"),
            ("prompt tokens, about", f"{self.prompt_tokens:,}"),
            ("prompt tokens, at most", f"{self.max_prompt_tokens:,}"),
            ("completion tokens, at most", unknown if completion is None else f"{completion:,}"),
            *(free if runs_locally else zip(("cost, about", "cost, at most"), money, strict=True)),
            ("time, at least", unknown if seconds is None else duration(seconds)),
        ]

    def to_json(self, seconds: float | None) -> dict[str, Any]:
        """Return the values for a program; money is a string, None if unknown."""
        return {
            "rows": self.rows,
            "prompt_tokens_about": self.prompt_tokens,
            "prompt_tokens_at_most": self.max_prompt_tokens,
            "completion_tokens_at_most": self.max_completion_tokens,
            "cost_usd_about": None if self.cost is None else exact(self.cost),
            "cost_usd_at_most": None if self.max_cost is None else exact(self.max_cost),
            "seconds_at_least": None if seconds is None else round(seconds, 3),
        }


def estimate_rows(
    source: RowSource, answered: AnsweredRows, prices: PriceList, *, skip_bad: bool
) -> tuple[RunEstimate, int]:
    """Return the estimate for all rows without an answer, and the number of bad rows.

    Raises BadInputError for a bad row, unless `skip_bad`.
    """
    estimate, bad = RunEstimate(), 0
    for row in source:
        if isinstance(row, BadRow):
            bad += 1
            if not skip_bad:
                raise source.bad_rows_error([row], 1)
        elif row not in answered:
            estimate.add(row, prices)
    return estimate, bad
