"""Detects that a changed flag would make a run pay again for every row of its output."""

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.output.resumable_output import Journal, StreamOutput
from nebius_cli.core.errors import UsageError
from nebius_cli.core.short_text import counted


class Claims:
    """Counts the rows of an input whose answer is in the output, until there is one.

    `changed` is the number of rows until then whose prompt has an answer, but to another request, because a
    flag or the base URL has changed, or at another index, because rows without an id have moved. A row whose
    prompt has changed does not count.
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
            self.changed += self._journal.has_prompt_of(row)
        return False


def other_requests(count: int, output: str) -> str:
    """Return a note about answers in an output that no row of the input asks for."""
    answers = counted(count, "answer")
    why = "changed prompts or flags, or removed rows"
    return f"{output} has {answers} to other requests ({why}); changed rows are sent again"


def would_pay_again(output: str, *, runs_here: bool) -> UsageError:
    """Return the error of a run that would send every row of an output again.

    `runs_here`: to a model on this machine, which costs nothing.
    """
    what = f"every row of {output} would be sent {'' if runs_here else 'and paid for '}again"
    why = "a flag, the project or the base URL has changed, or rows without an id have moved"
    return UsageError(
        what, why, f"--restart starts over and keeps them as {output}.old; or choose another -o"
    )
