"""Scores many passages, several per request; retries them one by one if such a request fails."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from nebius_cli.core.detect_multi_prompt_support import ONE_AT_A_TIME, PromptsPerRequest, SplitGroup
from nebius_cli.core.errors_and_exit_codes import (
    BadInputError,
    IncompleteError,
    NbxError,
    RejectedError,
    ServerError,
)
from nebius_cli.scoring.likelihood_and_perplexity import NoEchoError, Passage, Score

PASSAGE_STATUSES = (400, 413, 422)  # HTTP statuses that may be caused by a single passage
MAX_FAILURES_AT_START = 3  # the run ends after this many passages if none was echoed
MAX_SERVER_ERRORS_AT_START = 2  # for passages sent alone; then the server is at fault, and the run ends

# Returns a score or an error for each passage; raises NbxError if the request for them fails.
Scorer = Callable[[Sequence[Passage]], list[Score | NbxError]]


@dataclass(frozen=True, slots=True)
class ScoringModel:
    """A model with the function that scores up to `group_size` passages in one request."""

    name: str
    score: Scorer
    group_size: int


def score_in_groups(
    passages: Sequence[Passage], size: int, score: Scorer, note: Callable[[str], None]
) -> Iterator[Score | NbxError]:
    """Yield the score of each passage or its error; raise an error that affects all of them.

    Each request has up to `size` passages. If it fails, they are sent again one by one: the server may not
    accept arrays, or only shorter ones, or a single passage may be invalid. If the array is the reason,
    `note` is called and all later passages are sent one by one. If the server echoes none of the first
    passages, the run ends.
    """
    held: list[NoEchoError] | None = []  # the errors of the first passages
    for result in _Groups(score, note).results(passages, size):
        if held is None:
            yield result
        elif isinstance(result, NoEchoError):
            held.append(result)
            if len(held) == MAX_FAILURES_AT_START:
                raise held[0]
        else:
            yield from held
            held = None
            yield result
    if held:
        raise held[0]


class _Groups:
    def __init__(self, score: Scorer, note: Callable[[str], None]) -> None:
        self._score = score
        self._note = note
        self._server = PromptsPerRequest()
        self._one_by_one = False  # whether each passage is sent in its own request
        self._scored = False  # whether a passage has been scored
        self._server_errors = 0  # number of server errors before the first score

    def results(self, passages: Sequence[Passage], size: int) -> Iterator[Score | NbxError]:
        for start in range(0, len(passages), size):
            group = passages[start : start + size]
            if len(group) > 1 and not self._one_by_one:
                yield from self._group(group)
            else:
                for passage in group:
                    yield self._one(passage)[0]

    def _group(self, group: Sequence[Passage]) -> Iterator[Score | NbxError]:
        try:
            results = self._score(group)
        except NbxError as error:
            if not isinstance(error, ServerError) and not _concerns_one_passage(error):
                raise
            yield from self._split(group)
            return
        self._server.answered(len(group), None)
        self._scored |= any(isinstance(result, Score) for result in results)
        yield from results

    def _split(self, group: Sequence[Passage]) -> Iterator[Score | NbxError]:
        """Send the passages of a group that failed one by one."""
        origin = SplitGroup(len(group))
        for result, answered in [self._one(passage) for passage in group]:
            yield result
            if answered and self._server.answered(1, origin):
                self._one_by_one = True
                self._note(ONE_AT_A_TIME)

    def _one(self, passage: Passage) -> tuple[Score | NbxError, bool]:
        """Return the result of one passage, and whether its request was answered."""
        try:
            [result] = self._score([passage])
        except NbxError as error:
            if isinstance(error, ServerError):
                self._server_errors += not self._scored
                if self._server_errors >= MAX_SERVER_ERRORS_AT_START:
                    raise
            elif not _concerns_one_passage(error):
                raise
            return error, False
        self._scored |= isinstance(result, Score)
        return result, True


def _concerns_one_passage(error: NbxError) -> bool:
    """Return whether an error may be caused by a single passage."""
    unfit = isinstance(error, RejectedError) and error.status in PASSAGE_STATUSES
    return unfit or isinstance(error, BadInputError | IncompleteError)
