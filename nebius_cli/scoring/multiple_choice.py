"""Finds the winning choice of each multiple-choice question, and how often it is the right one.

As in lm-evaluation-harness, `acc` takes the choice with the highest log-likelihood, `acc_norm` the one with
the highest log-likelihood per character, and `acc_bytes` per byte. The space between the question and a
choice is not counted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from nebius_cli.core.short_text import counted
from nebius_cli.scoring.align_tokens_with_text import utf8
from nebius_cli.scoring.likelihood_and_perplexity import Score
from nebius_cli.scoring.means import mean_with_error, paired_values
from nebius_cli.scoring.ranking import likeliest
from nebius_cli.scoring.score_record import token_logprobs

# The accuracies of lm-evaluation-harness, which are members of a record, and the measure by which each one
# picks a choice.
ACCURACIES = {"acc": "total", "acc_norm": "per_character", "acc_bytes": "per_byte"}

# The measures by which a choice can win, and the members of its entry that hold them.
_MEASURES = {"total": "log_likelihood"} | {name: name for name in ("per_token", "per_character", "per_byte")}


def choice_record(text: str, score: Score, *, tokens: bool = False) -> dict[str, Any]:
    """Return the JSON object of a choice."""
    counted = text.removeprefix(" ")
    values = {
        "text": text,
        "log_likelihood": score.log_likelihood,
        "tokens": score.count,
        "tokens_scored": score.scored,
        "per_token": score.per_token,
        "per_character": score.log_likelihood / (len(counted) or 1),
        "per_byte": score.log_likelihood / (len(utf8(counted)) or 1),
        "tokens_floored": score.floored,
        "spanning_token": score.spanning or None,
    }
    return values | token_logprobs(score) if tokens else values


def question_record(entries: Sequence[dict[str, Any]], gold: int | None, *, count: int) -> dict[str, Any]:
    """Return the members of the record of a question, given the objects of its choices.

    There are `count` objects for each model. With two models, `against` has the results of the second one,
    and `differences` the log-likelihood of each choice under the first one minus that under the second.
    """
    record = _record(entries[:count], gold)
    if len(entries) > count:
        others = entries[count:]
        record["against"] = _record(others, gold)
        record["differences"] = [
            one["log_likelihood"] - other["log_likelihood"]
            for one, other in zip(entries, others, strict=False)
        ]
    return record


def _record(entries: Sequence[dict[str, Any]], gold: int | None) -> dict[str, Any]:
    winners = {name: likeliest([entry[measure] for entry in entries]) for name, measure in _MEASURES.items()}
    record: dict[str, Any] = {"choices": list(entries), "winners": winners}
    if gold is not None:
        record["gold"] = gold
        record |= {name: int(winners[measure] == gold) for name, measure in ACCURACIES.items()}
    return record


def accuracy_line(values: Mapping[str, Sequence[float]]) -> str:
    """Return the accuracies of all questions with a known answer, with standard errors."""
    count = len(values["acc"])
    means = ", ".join(f"{name} {mean_with_error(values[name])}" for name in ACCURACIES)
    return f"{means}, {counted(count, 'question')}"


def paired_lines(pairs: Mapping[str, Sequence[tuple[float, float]]], names: tuple[str, str]) -> list[str]:
    """Return the means of two models over the same questions, and the means of their differences.

    As both answer the same questions, the standard error of a mean difference uses the paired differences.
    """
    one, other = names
    values = paired_values(pairs)
    return [
        f"{one}: {accuracy_line(values.firsts)}",
        f"{other}: {accuracy_line(values.seconds)}",
        f"{one} minus {other}: {accuracy_line(values.differences)}",
    ]
