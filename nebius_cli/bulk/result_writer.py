"""Writes the results of a bulk run to its output, and counts them."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nebius_cli.bulk.input.non_prompt_row_protocol import RowKind
from nebius_cli.bulk.input.row import BadRow, Row
from nebius_cli.bulk.input.row_source import MAX_BAD_KEPT, RowSource
from nebius_cli.bulk.options import BulkOptions, BulkPlan
from nebius_cli.bulk.output.failed_rows_file import path_beside
from nebius_cli.bulk.output.join_results_of_row import PartJoiner
from nebius_cli.bulk.output.journal import Journal
from nebius_cli.bulk.output.record_format import Result, encode, encode_bad, failed_line
from nebius_cli.bulk.output.refuse_to_pay_again import Claims
from nebius_cli.bulk.output.reorder_for_pipe import ReorderBuffer
from nebius_cli.bulk.output.stream_output import StreamOutput
from nebius_cli.bulk.output.unfinished_row_error import UnfinishedRowError
from nebius_cli.bulk.run_counts import RunCounts
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.system.check_output_paths import check_distinct, is_file
from nebius_cli.system.output_file import OutputFile
from nebius_cli.system.read_and_replace_files import output_errors

MAX_HELD_CHANGED_ROWS = 20  # held back while all answers found are to other requests
YIELD_INTERVAL_ROWS = 100  # rows answered earlier, after which other threads get a turn
MAX_HELD_ROWS, MAX_HELD_BYTES = 10_000, 64 << 20  # held back while answers to a pipe are put in order


def open_output(
    options: BulkOptions, write: Callable[[bytes], None], note: Callable[[str], None], *, items: bool = False
) -> Journal | StreamOutput:
    """Open the output: a file that a later run can resume, or a pipe; `write` writes to stdout.

    `items` tells whether the records are those of items rather than answers.

    Raises NbxError.
    """
    if is_file(options.output):
        return Journal.open(
            options.output, restart=options.restart, note=note, sources=options.inputs, items=items
        )
    if options.output == "-":
        return StreamOutput(write)
    pipe = OutputFile(options.output)
    return StreamOutput(pipe.write, pipe.finish)


def open_summary(options: BulkOptions, write: Callable[[bytes], None]) -> Callable[[bytes], None] | None:
    """Return a function that writes the summary to the target of `--summary`, None without one.

    `write` writes to stdout. The file of an earlier run is removed, so that it is not mistaken for the
    summary of this run. Raises UsageError for a file that the run reads or writes, OutputError if it cannot
    be written.
    """
    path = options.summary
    if path is None:
        return None
    if path == "-":
        if options.output == "-":
            raise UsageError("--summary -", "the answers are written to stdout", "choose a file, or -o FILE")
        return write
    own = [("this is the input", path) for path in options.inputs]
    if is_file(options.output):
        own.append(("the answers are written to it", options.output))
        failed = path_beside(Path(os.path.realpath(options.output)))
        own.append(("failed rows are written to it", str(failed)))
    check_distinct("--summary", path, own)
    file = OutputFile(path)
    if is_file(path):
        with output_errors(file.path):
            file.path.unlink(missing_ok=True)

    def write_file(data: bytes) -> None:
        file.write(data)
        file.finish()

    return write_file


class ResultWriter:
    """Writes and counts results, from many threads.

    `defaults` is the request body, without the prompt, of a row that sets no fields itself. `kind` is that of
    the rows, None for prompts to complete.
    """

    def __init__(
        self,
        journal: Journal | StreamOutput,
        plan: BulkPlan,
        defaults: Mapping[str, Any],
        counts: RunCounts,
        kind: RowKind | None = None,
    ) -> None:
        self._journal = journal
        self._plan, self._options = plan, plan.options
        self._defaults = defaults
        self._counts = counts
        self._parts = None if kind is None else PartJoiner(kind)
        reorder = plan.options.ordered and isinstance(journal, StreamOutput)
        self._reorder = ReorderBuffer(MAX_HELD_ROWS, MAX_HELD_BYTES) if reorder else None
        self._lock = threading.Lock()
        self._room_changed = threading.Condition(self._lock)

    def has_room(self) -> bool:
        """Return whether another row may be taken."""
        return self._reorder is None or not self._reorder.full

    def rows_to_send(
        self, source: RowSource, check: Callable[[Row], None], warn: Callable[[str], object]
    ) -> Iterator[Row | None]:
        """Yield the rows to send, in order; answered and bad rows are counted and recorded here.

        None means that the next row may take a while. Raises what `check` raises for a row to send, and
        BadInputError for a bad row that may not be left out.
        """
        counts = self._counts
        for row in self._unanswered(source):
            counts.seen += 1
            if isinstance(row, Row):
                check(row)
                if self._reorder is not None:
                    with self._lock:
                        self._reorder.take(row.index)
                yield row
            elif row is None:
                counts.left_out += 1
                if counts.left_out % YIELD_INTERVAL_ROWS == 0:
                    yield None
            elif self._options.on_bad_row != "skip":
                raise source.bad_rows_error([row], 1)
            else:
                yield None
                self._put_bad(row)
                if counts.bad <= MAX_BAD_KEPT and not row.repeated:
                    warn(f"{source.place(row)}: {row.why}; left out")

    def put(self, *results: Result) -> None:
        """Write and count results, each when all parts of its row are done. Propagates write errors."""
        if self._parts is not None:
            results = tuple(joined for one in results if (joined := self._parts.add(one)) is not None)
        records = [(result.row.index, self._encode(result)) for result in results]
        for result in results:
            if result.error is not None:
                self._journal.add_failed(failed_line(result.row, result.error, self._defaults))
        self._write(records)
        with self._lock:
            for result in results:
                self._counts.add(result)

    def put_unfinished(self, results: Iterable[Result]) -> None:
        """Write the cost of rows that were neither answered nor failed when the run stopped."""
        for result in results:
            self._journal.add_unfinished(self._encode(result))
            self._counts.add_usage(result.usage)
        for result in self._parts.incomplete() if self._parts is not None else ():
            if result.usage is not None:
                result.error = result.error or UnfinishedRowError(result.usage)
                self._journal.add_unfinished(self._encode(result))
                self._counts.add_usage(result.usage)

    def finish(self, *, complete: bool) -> None:
        """Write the records held back. If every row has its result, compact the output."""
        if self._reorder is not None:
            with self._lock:  # an abandoned thread may still be in `put`
                for record in self._reorder.remaining():
                    self._journal.append(record)
        if complete:
            combinations = len(self._plan.combinations) if self._options.matrix else 0
            self._journal.compact(ordered=self._options.ordered, combinations=combinations)

    def _unanswered(self, source: RowSource) -> Iterator[Row | BadRow | None]:
        """Yield the rows, None for each that an earlier run answered."""
        if source.left_out is None:
            journal = self._journal
            yield from self._unclaimed(source, journal) if isinstance(journal, Journal) else source
        elif 0 in source.left_out:
            yield from source.remaining()
        else:  # all rows are answered
            self._counts.seen += len(source.left_out)
            self._counts.left_out += len(source.left_out)

    def _unclaimed(self, source: RowSource, journal: Journal) -> Iterator[Row | BadRow | None]:
        """Yield the rows of an input that is read only once, None for each that has its answer.

        From the first row whose prompt has an answer to another request, rows are held back until an answered
        row is found. Raises UsageError if none follows within MAX_HELD_CHANGED_ROWS.
        """
        claims, held = Claims(journal, self._options.output), list[Row]()
        for row in source:
            if not isinstance(row, Row):
                yield row
                continue
            changed = claims.changed
            if claims.has_answer(row):
                yield from held
                held.clear()
                yield None
            elif claims.changed > changed or held:
                held.append(row)
                if len(held) >= MAX_HELD_CHANGED_ROWS:
                    break
            else:
                yield row
        if held:
            raise claims.error(runs_locally=self._options.runs_locally)

    def _encode(self, result: Result) -> bytes:
        if not self._plan.usage_is_complete(result.row):
            result.usage = None
        return encode(result, with_prompt=not self._options.no_prompt)

    def _put_bad(self, bad: BadRow) -> None:
        if self._reorder is not None:
            with self._lock:
                self._room_changed.wait_for(self.has_room)
                self._reorder.take(bad.index)
        self._write([(bad.index, encode_bad(bad))])
        with self._lock:
            self._counts.failed += 1
            self._counts.bad += 1

    def _write(self, records: Sequence[tuple[int, bytes]]) -> None:
        if self._reorder is None:
            self._journal.append(*(record for _, record in records))
            return
        with self._lock:
            for index, record in records:
                self._journal.append(*self._reorder.add(index, record))
            if self.has_room():
                self._room_changed.notify()
