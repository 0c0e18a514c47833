"""Evaluates items with a function, such as a model on this machine."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from nebius_cli.api.deadlines import Deadline
from nebius_cli.bulk.request_batch import Answered, Batch
from nebius_cli.core.errors_and_exit_codes import NbxError, ServerError
from nebius_cli.response.answer_events import Usage

# Returns the value of a part of an item and the tokens of its prompt. Raises NbxError if the row fails.
Evaluate = Callable[[Any, int], tuple[Any, int]]


class LocalScoringSender:
    """Calls `evaluate` for each row, one at a time. `exit_error` is the error that ended it, if any."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self._lock = threading.Lock()
        self.exit_error: NbxError | None = None

    @property
    def turn(self) -> contextlib.AbstractContextManager[None]:
        """A block that does nothing."""
        return contextlib.nullcontext()

    @property
    def holds_large_answer(self) -> bool:
        """Return False."""
        return False

    def start(self, batch: Batch, deadline: Deadline) -> "LocalScoringRequest":
        """Return a request; its `finish` does all the work."""
        return LocalScoringRequest(self, batch, deadline)

    def evaluate(self, batch: Batch) -> Answered:
        """Return the value or the error of each row. Raises ServerError if the function cannot continue."""
        outcomes: list[Any] = []
        tokens = 0
        with self._lock:
            for row in batch.rows:
                try:
                    value, used = self._evaluate(row.item, row.part)
                except ServerError as error:
                    self.exit_error = error
                    raise
                except NbxError as error:
                    outcomes.append(error)
                else:
                    outcomes.append(value)
                    tokens += used
        return Answered(outcomes, Usage(tokens, 0, tokens), "", {})


class LocalScoringRequest(NamedTuple):
    """Rows to evaluate. There is nothing to watch: `response` is None."""

    sender: LocalScoringSender
    batch: Batch
    deadline: Deadline
    response: None = None

    def finish(self) -> Answered:
        """Evaluate the rows while another thread works. Raises what `LocalScoringSender.evaluate` does."""
        self.deadline.before_wait()
        try:
            return self.sender.evaluate(self.batch)
        finally:
            self.deadline.after_wait()
