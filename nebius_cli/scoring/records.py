"""Reads JSONL rows to score; builds the JSON records and the warnings of scores."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.errors import BadInputError, NbxError
from nebius_cli.scoring.likelihood import Passage, Score

# The measures by which a candidate can win; the first one orders the list.
MEASURES: Mapping[str, Callable[[Score], float]] = {
    "total": lambda score: score.log_likelihood,
    "per_token": lambda score: score.per_token,
    "per_byte": lambda score: score.per_byte,
}


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A passage of a JSONL file with its id, or its line number if it has none."""

    id: Any
    passage: Passage


def parse_score_rows(text: str, source: str, context: str) -> list[ScoreRow]:
    """Parse JSONL: each line is a text or {"id", "context", "text"}; blank lines are skipped.

    `context` is the default context. Raises BadInputError that names the first invalid line.
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
        wrong = "" if isinstance(entry, dict) else "it is neither a text nor an object"
        for name in ("text", "context"):
            if not wrong and not isinstance(entry.get(name, context if name == "context" else None), str):
                wrong = f"its {name} is no text"
        if wrong:
            hint = 'a line is "a text" or {"id": 1, "context": "Q:", "text": " A"}'
            raise BadInputError(f"{source}, line {number}, cannot be scored", wrong, hint)
        rows.append(ScoreRow(entry.get("id", number), Passage(entry["text"], entry.get("context", context))))
    return rows


def score_record(score: Score, *, tokens: bool) -> dict[str, Any]:
    """Return the JSON object of a score; an infinite perplexity becomes null."""
    values: dict[str, Any] = {
        "log_likelihood": score.log_likelihood,
        "tokens": len(score.tokens),
        "tokens_scored": score.scored,
        "bytes_scored": score.bytes,
        "per_token": score.per_token,
        "per_byte": score.per_byte,
        "perplexity": score.perplexity if math.isfinite(score.perplexity) else None,
        "bits_per_byte": score.bits_per_byte,
        "tokens_floored": score.floored,
        "spanning_token": score.spanning or None,
    }
    if tokens:
        values["token_logprobs"] = [
            {"token": token.text, "logprob": token.logprob, "offset": token.offset} for token in score.tokens
        ]
    return values


def failure_record(error: NbxError) -> dict[str, Any]:
    """Return what a record has where there is no score."""
    return {"error": {"what": error.what, "why": error.why, "exit_code": int(error.code)}}


def warnings(score: Score) -> list[str]:
    """Return warnings about a score."""
    texts = []
    if score.spanning:
        texts.append(
            f"the token {score.spanning!r} begins in the context and ends in the text: it counts to the text"
        )
    if score.floored:
        what = "token has" if score.floored == 1 else "tokens have"
        texts.append(f"{score.floored} {what} -9999, which stands for minus infinity: the total is not exact")
    return texts
