"""Turns saved scores into answers, so that `nbx view` can show the tokens of a scored text. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

_TOKENS = "token_logprobs"


def has_scores(values: Sequence[Any]) -> bool:
    """Return whether one of the JSON values is the score of a text, a question or candidates."""
    return any(
        isinstance(value, dict) and ("log_likelihood" in value or "winners" in value) for value in values
    )


def scored_texts(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a score as an answer with one choice for each text; None if it has no tokens."""
    scores = [record, *_objects(record.get("choices")), *_objects(record.get("candidates"))]
    choices = [_choice(score[_TOKENS]) for score in scores if isinstance(score.get(_TOKENS), list)]
    if not choices:
        return None
    numbered = [{"index": index, **choice} for index, choice in enumerate(choices)]
    return {"id": record.get("id"), "object": "text_completion", "choices": numbered}


def _choice(entries: Sequence[Any]) -> dict[str, Any]:
    tokens = [(str(entry["token"]), entry.get("logprob")) for entry in _objects(entries) if "token" in entry]
    texts = [text for text, _ in tokens]
    lists = {"tokens": texts, _TOKENS: [logprob for _, logprob in tokens]}
    return {"text": "".join(texts), "logprobs": lists, "finish_reason": "stop"}


def _objects(values: Any) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
