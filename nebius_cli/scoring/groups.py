"""Scores many passages, several per request; retries them one by one if such a request fails."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from nebius_cli.core.errors import BadInputError, IncompleteError, NbxError, RejectedError
from nebius_cli.scoring.likelihood import Passage, Score

PASSAGE_STATUSES = (400, 413, 422)  # HTTP statuses that may be caused by a single passage

Scorer = Callable[[Sequence[Passage]], list[Score]]


@dataclass(frozen=True, slots=True)
class ScoringModel:
    """A model with the function that scores up to `group_size` passages in one request."""

    name: str
    score: Scorer
    group_size: int


def score_in_groups(
    passages: Sequence[Passage], score: Scorer, group_size: int
) -> Iterator[Score | NbxError]:
    """Yield the score of each passage or its error; raise an error that concerns all of them.

    If a request for several passages fails, they are sent again one by one: the server may not accept arrays
    or such long ones, or a single passage may be invalid.
    """
    for start in range(0, len(passages), group_size):
        group = passages[start : start + group_size]
        try:
            yield from score(group)
        except NbxError as error:
            if not _concerns_one_passage(error):
                raise
            if len(group) == 1:
                yield error
            else:
                yield from score_in_groups(group, score, 1)


def _concerns_one_passage(error: NbxError) -> bool:
    """Return whether an error may be caused by a single passage."""
    unfit = isinstance(error, RejectedError) and error.status in PASSAGE_STATUSES
    return unfit or isinstance(error, BadInputError | IncompleteError)
