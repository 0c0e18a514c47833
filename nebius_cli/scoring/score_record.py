"""Builds JSON records and warnings from scores."""

import math
from collections.abc import Mapping
from typing import Any

from nebius_cli.response.parse_logprobs import MIN_LOGPROB
from nebius_cli.scoring.likelihood_and_perplexity import Score


def score_record(score: Score, *, tokens: bool) -> dict[str, Any]:
    """Return the JSON object of a score.

    An infinite perplexity becomes null; a logprob of minus infinity becomes -9999, its value in the total.
    """
    values: dict[str, Any] = {
        "log_likelihood": score.log_likelihood,
        "tokens": score.count,
        "tokens_scored": score.scored,
        "bytes_scored": score.bytes,
        "per_token": score.per_token,
        "per_byte": score.per_byte,
        "perplexity": score.perplexity if math.isfinite(score.perplexity) else None,
        "bits_per_byte": score.bits_per_byte,
        "tokens_floored": score.floored,
        "spanning_token": score.spanning or None,
    }
    return values | token_logprobs(score) if tokens else values


def token_logprobs(score: Score) -> dict[str, Any]:
    """Return the `token_logprobs` member of a score."""
    tokens = [
        {"token": token.text, "logprob": _finite(token.logprob), "offset": token.offset}
        for token in score.tokens
    ]
    return {"token_logprobs": tokens}


def _finite(logprob: float | None) -> float | None:
    return None if logprob is None else max(logprob, MIN_LOGPROB)


def warnings(score: Score) -> list[str]:
    """Return warnings about a score."""
    texts = []
    if score.spanning:
        where = "begins in the context and ends in the text"
        texts.append(f"the token {score.spanning!r} {where}: it counts as part of the text")
    if score.floored:
        texts.append(floored_warning(score.floored, "the total is not exact"))
    return texts


def floored_warning(count: int, effect: str) -> str:
    """Return a warning about tokens with -9999; `effect` says how they affect the result."""
    what = "token has" if count == 1 else "tokens have"
    return f"{count:,} {what} the log probability -9999, which means minus infinity: {effect}"


def tokens_floored(record: Mapping[str, Any]) -> int | None:
    """Return how many tokens of a text or of all choices of a question have -9999; None without a score."""
    scores = record.get("choices") or (record,)
    counts = [score["tokens_floored"] for score in scores if "tokens_floored" in score]
    return sum(counts) if counts else None
