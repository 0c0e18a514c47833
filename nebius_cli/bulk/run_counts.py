"""Counts the results of a bulk run: rows, tokens, money."""

import functools
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.rates_and_time_left import ProgressSnapshot
from nebius_cli.bulk.run_budget import Budget, Charge
from nebius_cli.bulk.run_summary import RunSummary
from nebius_cli.core.errors_and_exit_codes import (
    TOO_LONG,
    BadInputError,
    CappedError,
    IncompleteError,
    NbxError,
    StatusError,
    UsageError,
)
from nebius_cli.core.prices_and_costs import Price, usd
from nebius_cli.core.short_text import counted, shorten

MAX_REASONS = 100  # kept; servers put IDs and numbers into messages
MAX_REASONS_SHOWN = 3
MAX_REASON_CHARS = 120
_NUMBER = re.compile(r"(?<![\w.-])\d+(?:[.,]\d+)*(?![\w-])")


@dataclass(slots=True)
class RunCounts:
    """Counts of one run. `failed` includes the `bad` rows; `left_out` rows were answered earlier.

    `total` is the number of rows, None if unknown; `seen` is how many were read so far. `cost` is in USD.
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
    reasons: Counter[str] = field(default_factory=Counter)  # why rows failed, with the first row's numbers
    changes: Counter[str] = field(default_factory=Counter)  # what to change in rows that would fail again
    priced: bool | None = None  # whether every usage so far had a cost; None before the first
    unpriced_before: bool = False  # whether the cost of earlier runs is unknown

    def add(self, result: Result) -> None:
        """Count a result."""
        if result.error is None:
            self.answered += 1
        else:
            self.failed += 1
            self._add_reason(_reason(result.error))
            self.changes[_change(result.error)] += 1
        self.add_usage(result.usage)

    def _add_reason(self, reason: str) -> None:
        if reason not in self.reasons:
            shape = _shape(reason)
            known = next((other for other in self.reasons if _shape(other) == shape), None)
            reason = known or (reason if len(self.reasons) < MAX_REASONS else "other")
        self.reasons[reason] += 1

    def add_usage(self, usage: Mapping[str, Any] | None) -> None:
        """Count what requests used, as a record has it; also those of a row that was not finished."""
        if usage is not None:
            self.prompt_tokens += usage["prompt_tokens"] or 0
            self.completion_tokens += usage["completion_tokens"] or 0
            self.priced = usage["cost"] is not None and self.priced is not False
            self.cost += Decimal(usage["cost"] or 0)

    def failure(self, failed_file: str) -> IncompleteError:
        """Return the error that reports failed rows: how many, the most common reasons, and where they are.

        `failed_file` lists them; it is empty if there is no such file.
        """
        reasons = _grouped(self.reasons) + Counter({"invalid row": self.bad})
        shown = [
            f"{shorten(reason, MAX_REASON_CHARS)} ({count:,})"
            for reason, count in reasons.most_common(MAX_REASONS_SHOWN)
        ]
        if others := reasons.total() - sum(count for _, count in reasons.most_common(MAX_REASONS_SHOWN)):
            shown.append(f"other reasons ({others:,})")
        hint = "the errors are in the output"
        after = "repeat the command to retry them" if failed_file else ""
        if self.changes and not self.changes[""]:
            after = self.changes.most_common(1)[0][0]
        if failed_file and self.failed > self.bad:
            hint = f"{failed_file} lists them"
        hint = f"{hint}; {after}" if after and self.failed > self.bad else hint
        return IncompleteError(f"{counted(self.failed, 'row')} failed", "; ".join(shown), hint)

    def snapshot(self, dispatcher: Dispatcher, at: float, fraction_read: float | None) -> ProgressSnapshot:
        """Return the progress at time `at`; `fraction_read` of the input has been read."""
        pause = dispatcher.rate.paused(at)
        return ProgressSnapshot(
            at,
            self.total,
            fraction_read,
            self.seen,
            self.left_out,
            self.answered,
            self.failed,
            dispatcher.requests,
            dispatcher.retried,
            self.prompt_tokens + self.completion_tokens,
            dispatcher.budget.cost if self.priced else None,
            dispatcher.in_flight,
            f"waiting {pause:.0f} s" if pause >= 1 else "",
        )

    def summary(self, dispatcher: Dispatcher, seconds: float, stopped: str) -> RunSummary:
        """Return the totals of the run; `stopped` says what ended it early."""
        return RunSummary(
            self.seen if self.total is None else self.total,
            self.answered,
            self.failed,
            self.left_out,
            dispatcher.requests,
            dispatcher.retried,
            self.prompt_tokens,
            self.completion_tokens,
            # Without usage, the cost is 0 even if prices are unknown.
            None if self.priced is False else self.cost,
            None if self.priced is False or self.unpriced_before else dispatcher.budget.cost,
            seconds,
            stopped,
        )


def _change(error: NbxError) -> str:
    """Return what to change in a row before it is sent again, empty if it may be sent unchanged."""
    return error.hint if isinstance(error, BadInputError) or error.hint == TOO_LONG else ""


def _reason(error: NbxError) -> str:
    """Return why a row failed, without details that differ from row to row."""
    if isinstance(error, StatusError) and error.status:
        line = f"the server answered {error.status}" + (f": {error.why}" if error.why else "")
    else:
        line = error.line
    return shorten(line)


@functools.lru_cache(maxsize=2 * MAX_REASONS)
def _shape(reason: str) -> str:
    """Return a reason without its numbers, except numbers in names, such as that of a model."""
    return _NUMBER.sub("0", reason)


def _grouped(reasons: Mapping[str, int]) -> Counter[str]:
    """Return the same counts; reasons that differ only in numbers are counted as the first one.

    One process groups reasons as it counts them; those of several processes are grouped here.
    """
    firsts: dict[str, str] = {}
    found: Counter[str] = Counter()
    for reason, count in reasons.items():
        found[firsts.setdefault(_shape(reason), reason)] += count
    return found


def cap_error(budget: Budget, refused: Charge) -> CappedError:
    """Return an error with the caps that a request might have exceeded; `refused` is its worst case."""
    found = []
    if budget.max_cost is not None:
        may = "" if refused.cost is None else f"cost {usd(refused.cost)}"
        found.append((f"{usd(budget.cost)} of {usd(budget.max_cost)}", may, "--max-cost"))
    if budget.max_tokens is not None:
        may = "" if refused.completion is None else f"use {counted(refused.tokens, 'token')}"
        used = f"{budget.tokens:,} of {budget.max_tokens:,} tokens"
        found.append((used, may, "--max-total-tokens"))
    flags = " or ".join(flag for _, _, flag in found)
    why = f"used: {', '.join(used for used, _, _ in found)}"
    if needs := " and ".join(may for _, may, _ in found if may):
        why += f"; the next request may {needs}"
    return CappedError(f"stopped before exceeding {flags}", why, f"raise {flags} to continue")


def price_records(count: int, tokens: tuple[int, int], price: Price) -> tuple[Decimal, str]:
    """Return the most that records without a cost can have cost at this price, and a note about it.

    Raises UsageError if the price is unknown.
    """
    records = f"{counted(count, 'record')} of earlier runs"
    cost = price.max_cost(*tokens)
    if cost is None:
        what = f"the cost of {records} is unknown"
        hint = "set --price IN/OUT, or choose another -o"
        raise UsageError(what, "--max-cost includes earlier runs", hint)
    return cost, f"{records} without a cost: counted as {usd(cost)}, at the prices of this run"
