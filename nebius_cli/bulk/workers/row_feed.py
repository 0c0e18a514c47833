"""Reads rows from the input of a run and offers them to its dispatcher."""

from collections.abc import Callable, Iterator

from nebius_cli.bulk.dispatcher import Dispatcher
from nebius_cli.bulk.input.row import Row


class RowFeed:
    """Reads `rows`, one thread at a time.

    `reading`: a thread is about to read a row. `waits`: it is waiting for one. `rows` may yield None before a
    row that takes a while; if `is_fast`, no other row does, as from a file.
    """

    def __init__(self, rows: Iterator[Row | None], dispatcher: Dispatcher, *, is_fast: bool) -> None:
        self.reading = self.waits = False
        self.is_fast = is_fast
        self._rows = rows
        self._dispatcher = dispatcher

    def read(self) -> Callable[[], BaseException | None]:
        """Wait for the next row, without a lock.

        Returns a function to call with the lock held, which offers the row and returns what `rows` raised.
        """
        row: Row | None = None
        failure: BaseException | None = None
        self.waits = True  # first: either the thread that stops the run sees it, or this one sees the stop
        try:
            while row is None and not self._dispatcher.stopped:
                row = next(self._rows)
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            failure = error

        def offer() -> BaseException | None:
            self.reading = self.waits = False
            return self._offer(row, failure)

        return offer

    def read_fast(self) -> tuple[bool, BaseException | None]:
        """Offer the next row, with the lock held.

        Returns False if reading it may take a while, and the exception that `rows` raised, if any.
        """
        row: Row | None = None
        failure: BaseException | None = None
        try:
            row = next(self._rows)
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            failure = error
        return row is not None or failure is not None, self._offer(row, failure)

    def _offer(self, row: Row | None, failure: BaseException | None) -> BaseException | None:
        if isinstance(failure, StopIteration):
            self._dispatcher.no_more_rows()
            return None
        if row is not None:
            self._dispatcher.offer(row)
        return failure
