"""Checks that an answer is complete, as nbx complete does, and splits the answer to a group of rows."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from nebius_cli.bulk.input.row import Row
from nebius_cli.core import jsontext
from nebius_cli.response.answer_decoder import AnswerDecoder, decode_usage
from nebius_cli.response.answer_events import Usage
from nebius_cli.response.check_complete import missing_reason
from nebius_cli.response.error_message_in_body import has_error
from nebius_cli.response.events_to_answer import Completion, failure


class CompleteAnswer(NamedTuple):
    """A complete answer. `value` is the response object, `raw` its bytes if the body was only this object.

    `chat_shaped`: the server sent the text in the form of the chat endpoint.
    """

    value: dict[str, Any]
    raw: bytes | None
    usage: Usage | None
    chat_shaped: bool = False

    @property
    def reasons(self) -> str:
        """The distinct finish reasons, separated by commas."""
        return ",".join(dict.fromkeys(str(choice["finish_reason"]) for choice in self.value["choices"]))


def check_answer(body: bytes, content_type: str, expected: int, request_id: str = "") -> CompleteAnswer:
    """Return an answer with `expected` finished choices. Raises IncompleteError for anything else."""
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
    """Return the finish reasons by choice index if the choices of a plain answer are in order, else None.

    `_fold` handles all other answers, but takes ten times as long.
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
        raise failure(completion, request_id)
    return CompleteAnswer(completion.to_json(), None, completion.usage, completion.chat_shaped)


def choices_of(answer: CompleteAnswer, rows: Sequence[Row]) -> list[list[dict[str, Any]]]:
    """Return the choices of each row."""
    choices, n = answer.value["choices"], rows[0].n
    return [choices[first : first + n] for first in range(0, len(rows) * n, n)]


def split_group(answer: CompleteAnswer, rows: Sequence[Row]) -> list[dict[str, Any] | bytes]:
    """Return one response per row, with its choices renumbered from 0. Those of a group have no usage."""
    if len(rows) == 1:
        return [answer.value if answer.raw is None else answer.raw]
    responses: list[dict[str, Any] | bytes] = []
    for choices in choices_of(answer, rows):
        own = [{**choice, "index": k} for k, choice in enumerate(choices)]
        responses.append({**answer.value, "choices": own, "usage": None})
    return responses
