"""Many passages, several a request; one by one where a request for several fails."""

from collections.abc import Callable, Iterator, Sequence

from nebius_cli.core.errors import BadInputError, IncompleteError, NbxError, RejectedError
from nebius_cli.scoring.likelihood import Passage, Score

PASSAGE_STATUSES = (400, 413, 422)  # statuses that may be about one passage and no other

Scorer = Callable[[Sequence[Passage]], list[Score]]


def score_in_groups(
    passages: Sequence[Passage], score: Scorer, group_size: int
) -> Iterator[Score | NbxError]:
    """Yield the score of each passage, or what is wrong with it; raise what is wrong with all of them.

    Those of a request that fails are asked for again one by one: a server may take no arrays, or not so
    long ones, and one passage that does not fit fails all of its request.
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
    """Return whether an error may be about one passage of several."""
    unfit = isinstance(error, RejectedError) and error.status in PASSAGE_STATUSES
    return unfit or isinstance(error, BadInputError | IncompleteError)
