"""Ranks candidates by log-likelihood, and finds the one that wins by each measure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nebius_cli.scoring.compare_models import comparison_record
from nebius_cli.scoring.likelihood_and_perplexity import Passage, Score
from nebius_cli.scoring.score_record import score_record

# The measures by which a candidate can win; the first one orders the list.
MEASURES: Mapping[str, Callable[[Score], float]] = {
    "total": lambda score: score.log_likelihood,
    "per_token": lambda score: score.per_token,
    "per_byte": lambda score: score.per_byte,
}


def likeliest(values: Sequence[float]) -> int:
    """Return the index of the highest value, the first one if several are equal."""
    return values.index(max(values))


def winners(scores: Sequence[Score]) -> dict[str, int]:
    """Return for each measure the index of the best of `scores`, the first one if several are equal."""
    return {name: likeliest([measure(score) for score in scores]) for name, measure in MEASURES.items()}


def order(scores: Sequence[Score]) -> list[int]:
    """Return the indexes of `scores` by descending log-likelihood."""
    return sorted(range(len(scores)), key=lambda index: -scores[index].log_likelihood)


def to_json(
    passages: Sequence[Passage], scores: Sequence[Sequence[Score]], names: Sequence[str], *, tokens: bool
) -> dict[str, Any]:
    """Return the JSON object of a ranking by one model, or by two that are compared.

    `scores` has one list per model. Candidates are in the order of the first model; `candidate` is the index
    on the command line.
    """
    candidates = []
    for index in order(scores[0]):
        own = [found[index] for found in scores]
        values = (
            score_record(own[0], tokens=tokens)
            if len(own) == 1
            else comparison_record(*own, with_divergence=False, tokens=tokens)
        )
        candidates.append({"candidate": index, "text": passages[index].text, **values})
    ranking: dict[str, Any] = {"model": names[0], "winners": winners(scores[0])}
    if len(names) > 1:
        ranking |= {"against_model": names[1], "against_winners": winners(scores[1])}
    return {**ranking, "candidates": candidates}
