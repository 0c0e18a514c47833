"""Ranks candidates: their order by log-likelihood, and which one wins by each measure."""

from collections.abc import Sequence
from typing import Any

from nebius_cli.scoring.likelihood import Passage, Score
from nebius_cli.scoring.records import MEASURES, score_record


def winners(scores: Sequence[Score]) -> dict[str, int]:
    """Return for each measure the place of the likeliest of `scores`; of equals the first wins."""
    return {
        name: max(range(len(scores)), key=lambda place: (measure(scores[place]), -place))
        for name, measure in MEASURES.items()
    }


def order(scores: Sequence[Score]) -> list[int]:
    """Return the indexes of `scores` by falling log-likelihood."""
    return sorted(range(len(scores)), key=lambda index: -scores[index].log_likelihood)


def to_json(
    passages: Sequence[Passage], scores: Sequence[Score], order: Sequence[int], *, tokens: bool
) -> list[dict[str, Any]]:
    """Return the JSON objects of candidates in `order`; `candidate` is the index on the command line."""
    return [
        {"candidate": index, "text": passages[index].text, **score_record(scores[index], tokens=tokens)}
        for index in order
    ]
