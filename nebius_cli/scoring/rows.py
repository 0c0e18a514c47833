"""Reads JSONL rows to score: texts, and multiple-choice questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.errors import BadInputError
from nebius_cli.scoring.likelihood import Passage

_TEXT_FORM = 'a line is "a text" or {"id": 1, "context": "Q:", "text": " A"}'
_CHOICES_FORM = '{"id": 1, "context": "Q:", "choices": [" A", " B"], "gold": 0}'


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """The passages of one row with its id, or its line number if it has none.

    A text is one passage. A multiple-choice question has one for each choice, and `gold` is the place of the
    right one, None if it is not known.
    """

    id: Any
    passages: tuple[Passage, ...]
    is_question: bool = False
    gold: int | None = None


def parse_score_rows(text: str, source: str, context: str) -> list[ScoreRow]:
    """Parse JSONL: each line is a text, {"id", "context", "text"} or {"id", "context", "choices", "gold"}.

    Blank lines are skipped. `context` is the default context. Raises BadInputError that names the first
    invalid line.
    """
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = jsontext.decode(line)
        except ValueError as error:
            why = jsontext.describe_error(error)
            raise BadInputError(f"{source}, line {number}, cannot be read", why) from None
        entry = {"text": value} if isinstance(value, str) else value
        if wrong := _fault(entry, context):
            hint = _CHOICES_FORM if isinstance(entry, dict) and "choices" in entry else _TEXT_FORM
            raise BadInputError(f"{source}, line {number}, cannot be scored", wrong, hint)
        rows.append(_row(entry, number, context))
    return rows


def _row(entry: Mapping[str, Any], number: int, context: str) -> ScoreRow:
    before = entry.get("context", context)
    name = entry.get("id", number)
    if "choices" not in entry:
        return ScoreRow(name, (Passage(entry["text"], before),))
    passages = tuple(Passage(choice, before) for choice in entry["choices"])
    return ScoreRow(name, passages, is_question=True, gold=entry.get("gold"))


def _fault(entry: Any, context: str) -> str:
    """Return what is wrong with a row, empty if nothing is."""
    if not isinstance(entry, dict):
        return "it is neither a text nor an object"
    if not isinstance(entry.get("context", context), str):
        return "its context is not a string"
    if "choices" not in entry:
        return "" if isinstance(entry.get("text"), str) else "its text is missing or not a string"
    if "text" in entry:
        return "it has both a text and choices"
    choices, gold = entry["choices"], entry.get("gold")
    if not isinstance(choices, list) or len(choices) < 2:
        return "its choices are not a list of two or more"
    if not all(isinstance(choice, str) and choice for choice in choices):
        return "a choice is empty or not a string"
    if gold is not None and (type(gold) is not int or not 0 <= gold < len(choices)):
        return f"its gold is not a number from 0 to {len(choices) - 1}"
    return ""
