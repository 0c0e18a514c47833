"""Joins the results of the parts of a row: the prompts of an item are sent, and may fail, one by one."""

import threading
from dataclasses import replace
from functools import reduce
from typing import Any

from nebius_cli.bulk.input.non_prompt_row_protocol import RowKind
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.core.prices_and_costs import add, exact, parse_amount


class PartJoiner:
    """Collects the results of parts until those of a row are complete. Thread-safe."""

    def __init__(self, kind: RowKind) -> None:
        self._kind = kind
        self._parts: dict[int, list[Result]] = {}  # by the index of the row
        self._lock = threading.Lock()

    def add(self, result: Result) -> Result | None:
        """Return the result of a row, with its record's members as response; None while parts are missing."""
        parts = [result]
        if result.row.part_count > 1:
            with self._lock:
                parts = self._parts.setdefault(result.row.index, [])
                parts.append(result)
                if len(parts) < result.row.part_count:
                    return None
                del self._parts[result.row.index]
        parts.sort(key=lambda part: part.row.part)
        joined = _joined(parts)
        if joined.error is None:
            joined.response = self._kind.record(result.row.item, [part.response for part in parts])
        return joined

    def incomplete(self) -> list[Result]:
        """Return the joined results of rows with missing parts, to record their cost."""
        with self._lock:
            rows, self._parts = self._parts, {}
        return [_joined(parts) for parts in rows.values()]


def _joined(parts: list[Result]) -> Result:
    """Join the results of some parts of a row: the sum of their usage, and the first error."""
    return replace(
        parts[0],
        attempts=max(part.attempts for part in parts),
        latency_s=max(part.latency_s for part in parts),
        usage=_sum([part.usage for part in parts if part.usage is not None]),
        error=next((part.error for part in parts if part.error is not None), None),
        response=None,
    )


def _sum(usages: list[dict[str, Any]]) -> dict[str, Any] | None:
    if len(usages) < 2:
        return usages[0] if usages else None
    cost = reduce(add, (parse_amount(usage["cost"]) for usage in usages))
    return {
        "prompt_tokens": reduce(add, (usage["prompt_tokens"] for usage in usages)),
        "completion_tokens": reduce(add, (usage["completion_tokens"] for usage in usages)),
        "cost": None if cost is None else exact(cost),
    }
