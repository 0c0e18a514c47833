"""Reads answers saved with `--json` or `--ndjson` or by a bulk run, and saved scores with tokens."""

from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import BadInputError
from nebius_cli.response.answer_decoder import decode_object
from nebius_cli.response.answer_events import Event, Finished, TextDelta
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.response.scores_as_answers import has_scores, scored_texts

MAX_CHOICES = 100_000  # of all answers in a file together
HOW_SCORES = "save scores with tokens: nbx score --tokens --json TEXT > FILE"
HOW = "save an answer with log probabilities: nbx complete --logprobs 5 --json > FILE"


def read(text: str, name: str) -> tuple[Completion, list[Event]]:
    """Return the answers in a file as one, with their choices numbered consecutively, and its events.

    `name` is the file's name in messages. Raises BadInputError if it has no answer with log probabilities.
    """
    values = _objects(text, name)
    completion, events = _join(values, name)
    if not completion.choices:
        if has_scores(values):
            why = "a score contains its tokens only if you ask for them"
            raise BadInputError(f"{name} has scores without tokens", why, HOW_SCORES)
        raise BadInputError(f"{name} has no answer", "no object in it has choices with text", HOW)
    if not completion.has_logprobs:
        raise BadInputError(f"{name} has no log probabilities", "the server sends them only on request", HOW)
    return completion, events


def _objects(text: str, name: str) -> list[Any]:
    """Return the JSON values in a file: a single one, or one per line."""
    try:
        return [jsontext.decode(text)]
    except ValueError:
        pass
    values = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                values.append(jsontext.decode(line))
            except ValueError as error:
                why = f"line {number} is {jsontext.describe_error(error)}"
                raise BadInputError(f"cannot read {name}", why, HOW) from None
    return values


def _join(values: list[Any], name: str) -> tuple[Completion, list[Event]]:
    events: list[Event] = []
    first = end = 0  # the indices of the current answer's choices are first, ..., end - 1
    current_id: Any = None
    for value in values:
        # A bulk record holds the answer under "response".
        frame = value.get("response", value) if isinstance(value, dict) else None
        if not isinstance(frame, dict):
            continue
        frame = scored_texts(frame) or frame
        # All objects of one stream share an id; two complete answers never do.
        if not events or frame is not value or frame.get("id") != current_id:
            first, current_id = end, frame.get("id")
        for event in decode_object(frame):
            if isinstance(event, TextDelta | Finished):
                events.append(event._replace(index=first + event.index))
                end = max(end, first + event.index + 1)
            else:
                events.append(event)
        if end > MAX_CHOICES:
            why = f"it has at least {end:,}; the limit is {MAX_CHOICES:,}"
            raise BadInputError(f"{name} has too many choices", why)
    completion = Completion(end)
    for event in events:
        completion.add(event)
    return completion, events
