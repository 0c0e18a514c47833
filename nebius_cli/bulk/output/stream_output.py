"""Writes the output of a bulk run to a pipe, which cannot be read again."""

from collections.abc import Callable

from nebius_cli.bulk.output.append_records import Appender
from nebius_cli.bulk.output.find_answered_rows import EarlierRuns


class StreamOutput:
    """An output that cannot be read again, such as a pipe: like a Journal without earlier records.

    `end` is called after the last record, or after a failed write.
    """

    def __init__(self, write: Callable[[bytes], None], end: Callable[[], object] = lambda: None) -> None:
        self.earlier = EarlierRuns()
        self.stray_answers = self.unclaimed_answers = 0
        self._appender = Appender(write)
        self._end = end
        self._closed = False

    def before_records(self, call: Callable[[], None]) -> None:
        """Set a function to call before records are written, in the thread that writes them."""
        self._appender.before = call

    def append(self, *records: bytes) -> None:
        """Write records. Thread-safe. Propagates write errors."""
        self._appender.add(*records)

    def add_unfinished(self, record: bytes) -> None:
        """Do nothing: no later run reads it."""

    def add_failed(self, line: bytes) -> None:
        """Do nothing: a pipe has no list of failed rows."""

    def compact(self, *, ordered: bool, combinations: int = 0) -> None:
        """Do nothing: written records cannot be changed."""
        del ordered, combinations

    def close(self) -> None:
        """Write all pending records. May be called again. Propagates write errors."""
        if not self._closed:
            self._closed = True
            try:
                self._appender.flush()
            finally:
                self._end()
