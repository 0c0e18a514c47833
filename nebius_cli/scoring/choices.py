"""Multiple choice: which choice of each question wins, and how often that is the right one.

As in lm-evaluation-harness, `acc` takes the choice of the highest log-likelihood and `acc_norm` that of the
highest log-likelihood per byte of the choice, without the blank that joins it to the question.
"""

import math
from collections.abc import Sequence
from typing import Any

from nebius_cli.scoring.likelihood import Score

MEASURES = ("acc", "acc_norm")  # members of the record of a question


def choice_record(text: str, score: Score) -> dict[str, Any]:
    """Return the JSON object of a choice."""
    return {
        "text": text,
        "log_likelihood": score.log_likelihood,
        "tokens_scored": score.scored,
        "per_token": score.per_token,
        "per_byte": score.log_likelihood / _length(text),
        "tokens_floored": score.floored,
        "spanning_token": score.spanning or None,
    }


def question_record(entries: Sequence[dict[str, Any]], gold: int | None) -> dict[str, Any]:
    """Return the members of the record of a question, given the objects of its choices."""
    measures = {"total": "log_likelihood", "per_token": "per_token", "per_byte": "per_byte"}
    winners = {
        name: max(range(len(entries)), key=lambda place: (entries[place][measure], -place))
        for name, measure in measures.items()
    }
    record: dict[str, Any] = {"choices": list(entries), "winners": winners}
    if gold is not None:
        record["gold"] = gold
        record["acc"] = int(winners["total"] == gold)
        record["acc_norm"] = int(winners["per_byte"] == gold)
    return record


def accuracy_line(acc: Sequence[float], acc_norm: Sequence[float]) -> str:
    """Return the accuracy of all questions with a known answer, with standard errors."""
    parts = f"acc {mean_with_error(acc)}, acc_norm {mean_with_error(acc_norm)}"
    return f"{parts}, {len(acc)} question{'s' if len(acc) > 1 else ''}"


def standard_error(values: Sequence[float]) -> float | None:
    """Return the standard error of the mean: the sample standard deviation / sqrt(n); None for one value."""
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return math.sqrt(variance / len(values))


def mean_with_error(values: Sequence[float]) -> str:
    """Return the mean with its standard error as text: `0.5300 ± 0.0354`."""
    error = standard_error(values)
    mean = f"{math.fsum(values) / len(values):.4f}"
    return mean if error is None else f"{mean} ± {error:.4f}"


def _length(choice: str) -> int:
    return len(choice.removeprefix(" ").encode("utf-8", "surrogatepass")) or 1
