"""Whether a bulk answer is whole, by the same measure as one that is shown; and groups taken apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nebius_cli.bulk.input.rows import Row
from nebius_cli.core import jsontext
from nebius_cli.core.errors import IncompleteError
from nebius_cli.response.completion import Completion
from nebius_cli.response.decode import AnswerDecoder, decode_usage
from nebius_cli.response.error_body import has_error
from nebius_cli.response.events import Usage


@dataclass(frozen=True, slots=True)
class CompleteAnswer:
    """A whole answer: `value` is the response object, `raw` the bytes where it came as just that object."""

    value: dict[str, Any]
    raw: bytes | None
    usage: Usage | None

    @property
    def reasons(self) -> str:
        """The distinct finish reasons, with commas between."""
        return ",".join(dict.fromkeys(str(choice["finish_reason"]) for choice in self.value["choices"]))


def check_answer(body: bytes, content_type: str, expected: int, request_id: str = "") -> CompleteAnswer:
    """Return an answer that has its `expected` choices, each finished. Raises IncompleteError."""
    try:
        value = jsontext.decode(body)
    except ValueError:
        value = None
    if isinstance(value, dict) and _is_whole(value, expected):
        usage = value.get("usage")
        return CompleteAnswer(value, body, decode_usage(usage) if isinstance(usage, dict) else None)
    return _fold(body, content_type, expected, request_id)


def _is_whole(value: dict[str, Any], expected: int) -> bool:
    """Return whether an object is the usual answer, in order; whatever else it is, `_fold` finds out."""
    choices = value.get("choices")
    if not isinstance(choices, list) or len(choices) != expected or has_error(value):
        return False
    for place, choice in enumerate(choices):
        if not isinstance(choice, dict) or choice.get("index") != place:
            return False
        reason = choice.get("finish_reason")
        if not reason or not isinstance(reason, str) or not isinstance(choice.get("text"), str):
            return False
    return True


def _fold(body: bytes, content_type: str, expected: int, request_id: str) -> CompleteAnswer:
    completion, decoder = Completion(expected), AnswerDecoder(content_type)
    for event in decoder.feed(body):
        completion.add(completion.check(event))
    for event in decoder.close():
        completion.add(completion.check(event))
    if completion.fault:
        note = f" (request {request_id})" if request_id else ""
        raise IncompleteError(f"the answer is incomplete{note}", completion.fault)
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
