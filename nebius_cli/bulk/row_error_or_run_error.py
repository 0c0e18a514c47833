"""Decides from the results of other rows whether a failure concerns one row or the whole run. Pure."""

from collections import Counter
from collections.abc import Sequence

from nebius_cli.bulk.request_batch import Batch, Outcome
from nebius_cli.core.errors_and_exit_codes import IgnoredFieldError, IncompleteError, NbxError

MAX_SUSPECTS = 3  # rows held back before any answer; then the run stops
MAX_FORBIDDEN = 20  # consecutive rows refused with 403 after an answer; then the run stops


class Suspects:
    """Rows that were refused with 403, or got an incomplete answer or one that ignores a field.

    Until a row is answered they are `held` back, with their outcomes. `stop` tells whether the run should end
    instead. If each row is sent to several models, all this applies to each model (`Batch.variant`)
    separately: the answers of one model say nothing about another.
    """

    def __init__(self) -> None:
        self.held: list[tuple[Batch, Sequence[Outcome]]] = []
        self._forbidden: Counter[int] = Counter()  # since the last answer, for each variant
        self._answered: set[int] = set()  # variants

    @property
    def stop(self) -> bool:
        """Whether so many rows failed in the same way that all others are expected to fail, too."""
        held = Counter(batch.variant for batch, _ in self.held)
        forbidden = (self._forbidden[variant] for variant in self._answered)
        return max(held.values(), default=0) >= MAX_SUSPECTS or max(forbidden, default=0) >= MAX_FORBIDDEN

    @property
    def error(self) -> NbxError | None:
        """Why the last row that is held back failed; None if none is held."""
        found = [outcome for _, outcomes in self.held for outcome in outcomes]
        return next((outcome for outcome in reversed(found) if isinstance(outcome, NbxError)), None)

    def failed(self, batch: Batch, outcomes: Sequence[Outcome], *, forbidden: bool = False) -> bool:
        """Record that all rows of a request failed for good; return whether they are held back."""
        self._forbidden[batch.variant] += forbidden
        kinds = (IncompleteError, IgnoredFieldError)
        suspect = forbidden or any(isinstance(outcome, kinds) for outcome in outcomes)
        if batch.variant in self._answered or not suspect:
            return False
        self.held.append((batch, outcomes))
        return True

    def answered_elsewhere(self) -> None:
        """Stop holding rows back, because another process of the run received an answer."""
        self._answered.add(0)  # such a run has one request for each row

    def answered(self, batch: Batch) -> list[tuple[Batch, Sequence[Outcome]]]:
        """Record an answer; return the requests held back so far, whose failures concern only their rows."""
        self._answered.add(batch.variant)
        self._forbidden[batch.variant] = 0
        released = [held for held in self.held if held[0].variant == batch.variant]
        self.held = [held for held in self.held if held[0].variant != batch.variant]
        return released
