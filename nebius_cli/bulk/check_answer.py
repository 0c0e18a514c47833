"""Checks that the answer to a bulk request is complete, and splits the answer to a group of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nebius_cli.bulk.input.row_reader import Row
from nebius_cli.core import jsontext
from nebius_cli.response.completion import Completion, incomplete, missing_reason
from nebius_cli.response.decode import AnswerDecoder, decode_usage
from nebius_cli.response.error_body import has_error
from nebius_cli.response.events import Usage


@dataclass(frozen=True, slots=True)
class CompleteAnswer:
    """A complete answer: `value` is the response object, `raw` its bytes where nothing else was received."""

    value: dict[str, Any]
    raw: bytes | None
    usage: Usage | None

    @property
    def reasons(self) -> str:
        """The distinct finish reasons, with commas between."""
        return ",".join(dict.fromkeys(str(choice["finish_reason"]) for choice in self.value["choices"]))


def check_answer(body: bytes, content_type: str, expected: int, request_id: str = "") -> CompleteAnswer:
    """Return an answer whose `expected` choices all have a finish reason. Raises IncompleteError."""
    try:
        value = jsontext.decode(body)
    except ValueError:
        value = None
    reasons = _usual_reasons(value, expected) if isinstance(value, dict) else None
    if reasons is not None and not missing_reason(reasons, expected):
        usage = value.get("usage")
        return CompleteAnswer(value, body, decode_usage(usage) if isinstance(usage, dict) else None)
    return _fold(body, content_type, expected, request_id)


def _usual_reasons(value: dict[str, Any], expected: int) -> dict[int, str] | None:
    """Return the finish reasons by index of an object that is the usual answer, in order; else None.

    `_fold` finds out what any other object is, and costs ten times as much.
    """
    choices = value.get("choices")
    if not isinstance(choices, list) or len(choices) != expected or has_error(value):
        return None
    reasons = {}
    for place, choice in enumerate(choices):
        if not isinstance(choice, dict) or choice.get("index") != place:
            return None
        reason = choice.get("finish_reason")
        if not isinstance(reason, str) or not isinstance(choice.get("text"), str):
            return None
        reasons[place] = reason
    return reasons


def _fold(body: bytes, content_type: str, expected: int, request_id: str) -> CompleteAnswer:
    completion, decoder = Completion(expected), AnswerDecoder(content_type)
    for event in decoder.feed(body):
        completion.add(completion.check(event))
    for event in decoder.close():
        completion.add(completion.check(event))
    if completion.fault:
        raise incomplete(completion.fault, request_id)
    return CompleteAnswer(completion.to_json(), None, completion.usage)


def split_group(whole: CompleteAnswer, rows: Sequence[Row]) -> list[dict[str, Any] | bytes]:
    """Return each row's own response: its choices counted from 0, and no usage where it is the group's."""
    if len(rows) == 1:
        return [whole.value if whole.raw is None else whole.raw]
    choices, n = whole.value["choices"], rows[0].n
    responses: list[dict[str, Any] | bytes] = []
    for first in range(0, len(rows) * n, n):
        own = [{**choice, "index": k} for k, choice in enumerate(choices[first : first + n])]
        responses.append({**whole.value, "choices": own, "usage": None})
    return responses
