"""Defines the parts of a side-by-side export: columns of answers with their totals, and rows of cells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from nebius_cli.bulk.output.record_format import MAX_INDEX
from nebius_cli.bulk.output.unfinished_row_error import is_failure
from nebius_cli.core.prices_and_costs import parse_amount

Record = Mapping[str, Any]


class Cell(NamedTuple):
    """One answer to a row, or why it failed; both are None if the combination has fewer choices."""

    text: str | None = None
    finish_reason: str = ""
    error: str | None = None


class ComparedRow(NamedTuple):
    """The answers to a row of the input: a cell for each column, None where there is no answer yet.

    With several answers per request, there is one row for each; `choice` counts from 0. `prompt` is JSON for
    token ids, and None if the output has no prompts.
    """

    row_id: str
    row_index: int
    choice: int
    prompt: str | None
    cells: tuple[Cell | None, ...]


@dataclass(slots=True)
class Column:
    """The answers of one combination, such as `temperature=0.7,model=A`, and their totals.

    `label` is the combination, empty for a run without `--matrix`. `cost` is in USD.
    """

    label: str
    answered: int = 0
    failed: int = 0
    completion_tokens: int = 0
    cost: Decimal = field(default_factory=Decimal)

    def add(self, record: Record) -> None:
        """Count a record."""
        self.answered += record["error"] is None
        self.failed += is_failure(record["error"])
        usage = record.get("usage")
        if isinstance(usage, dict):
            tokens = usage.get("completion_tokens")
            self.completion_tokens += tokens if type(tokens) is int and 0 < tokens <= MAX_INDEX else 0
            self.cost += parse_amount(usage.get("cost")) or 0

    @property
    def heading(self) -> str:
        """The name of the column."""
        return self.label or "text"
