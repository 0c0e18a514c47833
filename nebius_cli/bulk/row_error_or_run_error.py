"""Decides whether a failure concerns one row or the whole run: are other rows answered? Pure."""

from collections.abc import Sequence

from nebius_cli.bulk.request_batch import Batch, Outcome
from nebius_cli.core.errors_and_exit_codes import IgnoredFieldError, IncompleteError, NbxError

MAX_SUSPECTS = 3  # rows that fail like this before any answer, before the run stops
MAX_FORBIDDEN = 20  # consecutive rows that are refused with 403 after an answer, before the run stops


class Suspects:
    """Rows that were refused with 403, or got an incomplete answer or one that ignores a field.

    Until a row is answered they are `held` back, with their outcomes. `stop` tells whether the run should end
    instead.
    """

    def __init__(self) -> None:
        self.held: list[tuple[Batch, Sequence[Outcome]]] = []
        self._forbidden = 0  # since the last answer
        self._answered = False

    @property
    def stop(self) -> bool:
        """Whether so many rows failed alike that all rows would."""
        return len(self.held) >= MAX_SUSPECTS or (self._answered and self._forbidden >= MAX_FORBIDDEN)

    @property
    def error(self) -> NbxError | None:
        """Why the last row that is held back failed; None if none is held."""
        found = [outcome for _, outcomes in self.held for outcome in outcomes]
        return next((outcome for outcome in reversed(found) if isinstance(outcome, NbxError)), None)

    def failed(self, batch: Batch, outcomes: Sequence[Outcome], *, forbidden: bool = False) -> bool:
        """Note that all rows of a request failed for good; return whether they are held back."""
        self._forbidden += forbidden
        kinds = (IncompleteError, IgnoredFieldError)
        if self._answered or not (forbidden or any(isinstance(outcome, kinds) for outcome in outcomes)):
            return False
        self.held.append((batch, outcomes))
        return True

    def answered_elsewhere(self) -> None:
        """Note that another process of the run had an answer: rows are not held back any more."""
        self._answered = True

    def answered(self) -> list[tuple[Batch, Sequence[Outcome]]]:
        """Note an answer; return the requests held back until now, whose rows failed for themselves."""
        released, self.held = self.held, []
        self._answered, self._forbidden = True, 0
        return released
