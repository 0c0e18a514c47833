"""Where the results of a bulk run go: as records into its output, and into the count of what it came to."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nebius_cli.bulk.counts import RunCounts
from nebius_cli.bulk.input.row_reader import FIRST_BAD, BadRow, Row, RowReader
from nebius_cli.bulk.input.row_source import RowSource, look_through
from nebius_cli.bulk.options import BulkOptions, BulkPlan
from nebius_cli.bulk.output.journal import Journal, Sink, is_file
from nebius_cli.bulk.output.record import Result, encode, encode_bad, failed_line
from nebius_cli.bulk.reorder import ReorderBuffer
from nebius_cli.core.money import PriceList
from nebius_cli.system.files import OutputFile

SLICE = 100  # rows that are left out at a stretch before others get their turn
WINDOW_ROWS, WINDOW_BYTES = 10_000, 64 << 20  # held back where answers go to a pipe in order


def open_output(
    options: BulkOptions, write: Callable[[bytes], None], say: Callable[[str], None]
) -> Journal | Sink:
    """Return the output: a file that a later run can go on with, else a pipe; `write` writes to stdout.

    Raises NbxError.
    """
    if is_file(options.output):
        source = None if options.input == "-" else options.input
        return Journal.open(options.output, restart=options.restart, say=say, source=source)
    if options.output == "-":
        return Sink(write)
    pipe = OutputFile(options.output)
    return Sink(pipe.write, pipe.finish)


@contextlib.contextmanager
def opened(
    asked: BulkPlan,
    source: RowSource,
    reader: RowReader,
    prices: PriceList,
    open_: Callable[[], Journal | Sink],
) -> Iterator[tuple[Journal | Sink, int | None]]:
    """Give the output, open, and how many rows `look_through` counts.

    An old output is opened before, so that it is known what is done. A new one is not made for an input with
    bad rows, nor is one set aside.
    """
    options = asked.options
    early = is_file(options.output) and Path(options.output).exists() and not options.restart
    with contextlib.ExitStack() as closing:
        journal = closing.enter_context(contextlib.closing(open_())) if early else None
        total = look_through(source, asked, reader, prices, journal)
        yield journal or closing.enter_context(contextlib.closing(open_())), total


class ResultWriter:
    """Takes results from many threads. With a `window`, records leave in the order in which rows were taken.

    `defaults` is the request body, less its prompt, of a row that sets nothing itself.
    """

    def __init__(
        self, journal: Journal | Sink, asked: BulkPlan, defaults: Mapping[str, Any], tally: RunCounts
    ) -> None:
        options = asked.options
        self._journal = journal
        self._ordered = options.ordered
        self._with_prompt = not options.no_prompt
        self._skips = options.on_bad_row == "skip"
        self._counts = asked.counts
        self._defaults = defaults
        self._tally = tally
        window = options.ordered and isinstance(journal, Sink)
        self._window = ReorderBuffer(WINDOW_ROWS, WINDOW_BYTES) if window else None
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)

    def room(self) -> bool:
        """Return whether a row more may be taken."""
        return self._window is None or not self._window.full

    def sieve(
        self, source: RowSource, check: Callable[[Row], None], say: Callable[[str], object]
    ) -> Iterator[Row | None]:
        """Yield the rows of `source` that are to be sent, in order; the others have their results here.

        None comes where the next row may take its time. Raises what `check` raises of a row that would be
        sent, and BadInputError for a bad one that may not be left out.
        """
        tally = self._tally
        for row in self._sifted(source):
            tally.seen += 1
            if isinstance(row, Row):
                check(row)
                if self._window is not None:
                    with self._lock:
                        self._window.take(row.index)
                yield row
            elif row is None:
                tally.left_out += 1
                if tally.left_out % SLICE == 0:
                    yield None
            elif not self._skips:
                raise source.refuse([row], 1)
            else:
                yield None
                self._refuse(row)
                if tally.bad <= FIRST_BAD:
                    say(f"{source.name}, line {row.line}: {row.why}; it is left out")

    def put(self, result: Result) -> None:
        """Take a result. Raises what the output raises."""
        if not self._counts(result.row):
            result.usage = None
        record = encode(result, with_prompt=self._with_prompt)
        if result.error is not None:
            self._journal.fail(failed_line(result.row, result.error, self._defaults))
        self._write(result.row.index, record)
        with self._lock:
            self._tally.add(result)

    def leave(self, results: Iterable[Result]) -> None:
        """Write what was spent on rows that are neither done nor failed when the run stops."""
        for result in results:
            if not self._counts(result.row):
                result.usage = None
            self._journal.note(encode(result, with_prompt=self._with_prompt))

    def finish(self, *, whole: bool) -> None:
        """Write what is held back; put the output in order where every row has its result."""
        if self._window is not None:
            with self._lock:  # a thread that was abandoned may be here yet
                for record in self._window.rest():
                    self._journal.append(record)
        if whole:
            self._journal.settle(ordered=self._ordered)

    def _sifted(self, source: RowSource) -> Iterator[Row | BadRow | None]:
        """Yield the rows, None for one that has its answer from an earlier run."""
        if source.left_out is None:
            for row in source:
                yield None if isinstance(row, Row) and self._journal.done(row) else row
        elif 0 in source.left_out:
            yield from source.rest()
        else:  # there is nothing to read the file again for
            self._tally.seen += len(source.left_out)
            self._tally.left_out += len(source.left_out)

    def _refuse(self, bad: BadRow) -> None:
        if self._window is not None:
            with self._lock:
                self._room.wait_for(self.room)
                self._window.take(bad.index)
        self._write(bad.index, encode_bad(bad))
        with self._lock:
            self._tally.failed += 1
            self._tally.bad += 1

    def _write(self, index: int, record: bytes) -> None:
        if self._window is None:
            self._journal.append(record)
            return
        with self._lock:
            for ready in self._window.add(index, record):
                self._journal.append(ready)
            if self.room():
                self._room.notify()
