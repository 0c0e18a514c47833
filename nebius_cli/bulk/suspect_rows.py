"""Distinguishes a problem of one row from a problem of all, by whether other rows are answered. Pure."""

from nebius_cli.bulk.batch import Batch
from nebius_cli.core.errors import IncompleteError, NbxError

MAX_SUSPECTS = 3  # rows that fail like this before any answer, before the run stops
MAX_FORBIDDEN = 20  # rows in a row that are refused with 403 after an answer, before the run stops


class Suspects:
    """Rows that were refused with 403, or got an incomplete answer, before any row was answered.

    They are `held` back until another row is answered. `stop` tells whether the run should end instead.
    """

    def __init__(self) -> None:
        self.held: list[tuple[Batch, NbxError]] = []
        self._forbidden = 0  # since the last answer
        self._answered = False

    @property
    def stop(self) -> bool:
        """Whether so many rows failed alike that all rows would."""
        return len(self.held) >= MAX_SUSPECTS or (self._answered and self._forbidden >= MAX_FORBIDDEN)

    def failed(self, batch: Batch, error: NbxError, *, forbidden: bool) -> bool:
        """Note that a request failed for good; return whether it is held back."""
        self._forbidden += forbidden
        if self._answered or not (forbidden or isinstance(error, IncompleteError)):
            return False
        self.held.append((batch, error))
        return True

    def answered(self) -> list[tuple[Batch, NbxError]]:
        """Note an answer; return the requests held back until now, whose rows failed for themselves."""
        released, self.held = self.held, []
        self._answered, self._forbidden = True, 0
        return released
