"""Detects that a changed flag would make a run pay again for every row of its output."""

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.output.journal import Journal, StreamOutput


class Claims:
    """Counts the rows of an input whose answer is in the output, until there is one.

    `changed` is the number of rows until then that have an answer to their prompt, but to another request,
    because a flag or the base URL has changed. A row whose prompt has changed does not count.
    """

    def __init__(self, journal: Journal | StreamOutput) -> None:
        self._journal = journal
        self.changed = 0
        self.found = journal.earlier.answers == 0  # or there is nothing to find

    @property
    def none(self) -> bool:
        """Whether the run would pay again for rows, and not leave out a single one."""
        return not self.found and self.changed > 0

    def has_answer(self, row: Row) -> bool:
        """Return whether an earlier run answered this row with this request."""
        if self._journal.has_answer(row):
            self.found = True
            return True
        if not self.found:
            self.changed += self._journal.answers_same_prompt(row)
        return False
