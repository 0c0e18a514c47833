"""Decides whether an answer is complete: each requested choice must have a finish reason."""

from collections.abc import Mapping
from itertools import chain, islice

from nebius_cli.core.errors_and_exit_codes import IncompleteError

FINISH_REASONS = ("stop", "length", "content_filter", "abort")  # the last one is used by vLLM and SGLang
MAX_UNFINISHED = 100  # choices that are listed


def unfinished_indexes(reasons: Mapping[int, str | None], expected: int) -> list[int]:
    """Return the first indexes without a finish reason, in order, including choices that never arrived.

    `reasons` maps indexes to reasons. A request may ask for more choices than fit in memory, so at most
    MAX_UNFINISHED are returned.
    """
    missing = (index for index in range(expected) if not reasons.get(index))
    others = (index for index in sorted(reasons) if index >= expected and not reasons[index])
    return list(islice(chain(missing, others), MAX_UNFINISHED))


def missing_reason(reasons: Mapping[int, str | None], expected: int) -> str:
    """Return why choices with these finish reasons are not a complete answer, empty if they are.

    This is the only rule, streamed or not: each of the `expected` choices has a finish reason.
    """
    if not (missing := unfinished_indexes(reasons, expected)):
        return ""
    if expected == 1:
        return "it ended without a finish_reason"
    what = "ended without a finish_reason" if missing[0] in reasons else "is missing from the answer"
    return f"choice {missing[0] + 1} of {expected} {what}"


def incomplete_error(fault: str, request_id: str, hint: str = "") -> IncompleteError:
    """Return the error for an incomplete answer; `fault` says why it is incomplete."""
    note = f" (request {request_id})" if request_id else ""
    return IncompleteError(f"the answer is incomplete{note}", fault, hint)
