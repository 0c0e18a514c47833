"""Parses the rows of a file to score: texts and multiple-choice questions."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.request.parse_and_check_values import whole_number
from nebius_cli.scoring.likelihood_and_perplexity import Passage

_NUMBER = re.compile(r"\s*[0-9]{1,9}(\.0*)?\s*")
_LETTER_HINT = "; jq -c '.gold |= explode[0] - 65' converts A to Z to numbers"
_TEXT_FORM = 'a row is "a text" or {"id": 1, "context": "Q:", "text": " A"}'
_CONTEXT_NAMES = ("question", "query", "prompt", "input", "passage", "ctx", "stem", "instruction", "premise")
_ANSWER_NAMES = ("answer", "completion", "target", "response", "output")
_GOLD_NAMES = ("gold", "answer", "label", "target")
_JQ_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")  # the name of a member that needs no quotes
_CHOICES_FORM = 'a question is {"id": 1, "context": "Q:", "choices": [" A", " B"], "gold": 0}'


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """The passages of one row.

    A text is one passage. A multiple-choice question has one for each choice, and `gold` is the index of the
    right one, None if it is not known.
    """

    passages: tuple[Passage, ...]
    is_question: bool = False
    gold: int | None = None

    @property
    def prompts(self) -> list[str]:
        """The prompts to send."""
        return [passage.prompt for passage in self.passages]

    @property
    def identity(self) -> bytes:
        """What a score depends on besides the prompts: where the context ends, and the right choice."""
        return jsontext.encode([len(self.passages[0].context), self.is_question, self.gold])

    def to_json(self) -> dict[str, Any]:
        """Return the row's members, without its id. An empty context is kept, as it is not the default."""
        members: dict[str, Any] = {"context": self.passages[0].context}
        if not self.is_question:
            return {**members, "text": self.passages[0].text}
        members["choices"] = [passage.text for passage in self.passages]
        return members if self.gold is None else {**members, "gold": self.gold}


def check_question_columns(columns: Collection[str]) -> None:
    """Raise ValueError for a table of questions whose context is in a column of another name."""
    if {"choices", "gold"}.isdisjoint(columns) or "context" in columns:
        return
    if asked := next((column for column in columns if column.lower() in _CONTEXT_NAMES), ""):
        raise ValueError(f"no column named context; the column {asked!r} would be ignored")


def jq_program(members: Collection[str]) -> str:
    """Return a jq program that turns an object with other members into a row, empty if none is known."""
    is_question = "choices" in members
    names = {
        "context": _named(("context", *_CONTEXT_NAMES), members),
        "text": "" if is_question else _named(("text", *_ANSWER_NAMES), members),
        "gold": _named(_GOLD_NAMES, members) if is_question else "",
    }
    renamed = {name: found for name, found in names.items() if found not in ("", name)}
    if not renamed or not names["context"] or not (is_question or names["text"]):
        return ""
    if not all(map(_JQ_NAME.fullmatch, renamed.values())):
        return ""
    parts = []
    for name in ("context", "id", "text", "choices", "gold"):
        if name in renamed:
            found = f".{renamed[name]}"
            parts.append(f"{name}: " + (f'(" " + {found})' if name == "text" else found))
        elif name in members:
            parts.append(name)
    return f"{{{', '.join(parts)}}}"


def _named(names: Sequence[str], members: Collection[str]) -> str:
    """Return the first member that has one of some names, in lower or upper case; empty if none has."""
    folded = {member.lower(): member for member in reversed(list(members))}
    return next((folded[name] for name in names if name in folded), "")


def parse_score_row(members: Mapping[str, Any], context: str) -> ScoreRow:
    """Return the row of an object with `text`, or with `choices`; `context` is the default context.

    Raises ValueError, which says what is wrong and what a row looks like.
    """
    if wrong := _fault(members, context):
        raise ValueError(f"{wrong}; {_CHOICES_FORM if 'choices' in members else _TEXT_FORM}")
    before = members.get("context", context)
    if "choices" not in members:
        return ScoreRow((Passage(members["text"], before),))
    passages = tuple(Passage(choice, before) for choice in members["choices"])
    return ScoreRow(passages, is_question=True, gold=_gold(members))


def _fault(entry: Mapping[str, Any], context: str) -> str:
    """Return what is wrong with a row, empty if nothing is."""
    if not isinstance(entry.get("context", context), str):
        return "context is not a string"
    if "choices" not in entry:
        text = entry.get("text")
        return "" if isinstance(text, str) and text else "text is missing, empty or not a string"
    if "text" in entry:
        return "the row has both text and choices"
    choices, gold = entry["choices"], _gold(entry)
    if not isinstance(choices, list) or len(choices) < 2:
        return "choices must be a list of two or more"
    if not all(isinstance(choice, str) and choice for choice in choices):
        return "a choice is empty or not a string"
    if gold is not None and (type(gold) is not int or not 0 <= gold < len(choices)):
        numbers = f"a number from 0 to {len(choices) - 1}"
        shown = jsontext.encode(entry["gold"]).decode("utf-8", "replace")
        letter = _LETTER_HINT if isinstance(entry["gold"], str) and len(entry["gold"]) == 1 else ""
        return f"gold is {shown:.60}, but must be {numbers} (the first choice is 0){letter}"
    return ""


def _gold(entry: Mapping[str, Any]) -> Any:
    """Return the index of the right choice, which is a string in table cells and some data sets.

    In a data frame with empty cells, it is a float.
    """
    gold = entry.get("gold")
    if isinstance(gold, str) and _NUMBER.fullmatch(gold):
        gold = float(gold)
    return whole_number(gold)
