"""Splits records of scores into rows of a table: one for each text, and one for each choice of a question.

Columns are named like the members of the record. Those of the second model begin with `against_`, those of
`kl` with `kl_`. `wins_total` and similar columns are 1 for the choice that `winners` names, else 0.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from nebius_cli.bulk.export.choice_rows import Row
from nebius_cli.core.jsontext import object_of

_SCORE = (
    *("text", "log_likelihood", "tokens", "tokens_scored", "bytes_scored", "per_token", "per_character"),
    *("per_byte", "perplexity", "bits_per_byte", "tokens_floored", "spanning_token"),
)
_MEASURES = ("total", "per_token", "per_character", "per_byte")  # the measures by which a choice can win
_ACCURACIES = ("acc", "acc_norm", "acc_bytes")
_USAGE = ("prompt_tokens", "completion_tokens", "cost")
_REPEATED = ("id", "index", "model", "against_model")  # members that each row repeats


def score_rows(record: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the rows of a record; one without a score if it failed.

    The usage and accuracies of a question are on its first row only, so that sums and means over a column are
    right.
    """
    error, usage, against = (object_of(record.get(name)) for name in ("error", "usage", "against"))
    repeated = _members(record, _REPEATED) | {"error": error.get("message")}
    used = {name: usage.get(name) for name in _USAGE}
    others = [_prefixed("against_", row) for row in _of_model(against)]
    between = _between_models(record)
    for place, row in enumerate(_of_model(record)):
        other = others[place] if place < len(others) else {}
        difference = between[place] if place < len(between) else {}
        yield {**repeated, **_choice_columns(record, place), **row, **other, **difference, **used}
        used = dict.fromkeys(_USAGE)


def _choice_columns(record: Mapping[str, Any], place: int) -> Row:
    """Return the number of a choice, and whether it is the right one; no columns for a text."""
    if "choices" not in record:
        return {}
    gold = record.get("gold")
    return {"choice": place} | ({} if gold is None else {"is_gold": int(place == gold)})


def _of_model(part: Mapping[str, Any]) -> list[Row]:
    """Return the scores in a record, or in its `against`: of its text, or of each of its choices."""
    if "choices" not in part:
        return [_members(part, _SCORE)]
    winners, accuracies = object_of(part.get("winners")), _members(part, _ACCURACIES)
    rows = []
    for place, choice in enumerate(_list(part["choices"])):
        wins = {f"wins_{name}": int(winners[name] == place) for name in _MEASURES if name in winners}
        rows.append(_members(object_of(choice), _SCORE) | wins | accuracies)
        accuracies = dict.fromkeys(accuracies)
    return rows


def _between_models(record: Mapping[str, Any]) -> list[Row]:
    """Return the differences of the two models, for the text or for each choice."""
    if "choices" in record:
        return [{"difference": value} for value in _list(record.get("differences"))]
    kl = _prefixed("kl_", object_of(record.get("kl")))
    return [_members(record, ("difference", "difference_per_byte")) | kl]


def _members(part: Mapping[str, Any], names: tuple[str, ...]) -> Row:
    return {name: part[name] for name in names if name in part}


def _prefixed(prefix: str, values: Mapping[str, Any]) -> Row:
    return {prefix + name: value for name, value in values.items()}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
