"""Merges the outputs of several shards: one record for each row, in the order of the rows."""

import contextlib
import errno
import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from nebius_cli.bulk.output.input_index_by_id import InputRows
from nebius_cli.bulk.output.journal import lock_path
from nebius_cli.bulk.output.read_records import READ_BUFFER_BYTES, RecordReader, open_answers
from nebius_cli.bulk.output.record_format import RecordHead, scan_head
from nebius_cli.bulk.output.set_record_index import with_index
from nebius_cli.bulk.output.sort_integer_pairs import IndexSort, joined
from nebius_cli.bulk.output.unfinished_row_error import is_unfinished
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import BadInputError, UsageError
from nebius_cli.system import file_descriptor_limit, lock
from nebius_cli.system.read_and_replace_files import version_of

_OFFSET_BITS = 46  # of the offset in a location, below the file number: up to 70 TB

BUFFERS_BYTES = 64 << 20  # of all open files together
MIN_BUFFER_BYTES = 1 << 14
RESERVED_DESCRIPTORS = 16  # for other files
MAX_GAPS_SHOWN = 5


class MergedRow(NamedTuple):
    """A row of the merged output: its record, and whether that is an answer."""

    row: int
    line: bytes
    ok: bool

    @property
    def unfinished(self) -> bool:
        """Whether the run of its shard stopped before the row had a result."""
        return not self.ok and is_unfinished(jsontext.decode(self.line)["error"])


class Shards:
    """The outputs of all shards, of which as many are open at a time as the system allows.

    Memory: 16 bytes per record, twice that if rows are matched by id, and BUFFERS_BYTES. Raises UsageError
    for a file that is named twice, is being written, or is not an output of a bulk run, and BadInputError
    for one that changes.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = [Path(path) for path in paths]
        self._versions: list[tuple[int, ...]] = []
        self._open: dict[int, BinaryIO] = {}  # by number, the least recently used first
        file_descriptor_limit.raise_limit()
        self._max_open = int(max(1, min(len(paths), file_descriptor_limit.free() - RESERVED_DESCRIPTORS)))
        self._records = IndexSort()  # index or digest of the row, location of its record
        self._bad = IndexSort()  # the same for bad rows, which are recorded without their ids
        self._by_id = False
        self.cut: list[Path] = []  # files with broken lines or a partial one
        self.stray_records = 0  # records of rows that are not in the input
        self._check_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for file in self._open.values():
            file.close()

    def by_index(self) -> Iterator[MergedRow]:
        """Yield the merged rows, matched by the index in their records.

        Raises BadInputError if a row has two different answers.
        """
        self._read(by_id=False)
        return self._merged(self._records)

    def by_id(self, rows: InputRows) -> Iterator[MergedRow]:
        """Yield the merged rows of an input, in its order. Raises BadInputError like `by_index`."""
        self._by_id = True
        self._read(by_id=True)
        placed = IndexSort()
        for row, location in self._bad:
            if row < rows.count:
                placed.add(row, location)
            else:
                self.stray_records += 1
        for location, place in joined(self._records, rows.by_id):
            if place is None:
                self.stray_records += 1
            else:
                placed.add(place, location)
        self._records = IndexSort()
        return self._merged(placed)

    def _file(self, number: int) -> BinaryIO:
        """Return an open file. Raises BadInputError if it has changed since the beginning."""
        file = self._open.pop(number, None)
        if file is None:
            if len(self._open) >= self._max_open:
                self._open.pop(next(iter(self._open))).close()
            buffering = max(MIN_BUFFER_BYTES, min(READ_BUFFER_BYTES, BUFFERS_BYTES // self._max_open))
            file = open_answers(self._paths[number], buffering)
            if version_of(os.fstat(file.fileno())) != self._versions[number]:
                file.close()
                raise self._changed(number)
        self._open[number] = file
        return file

    def _changed(self, number: int) -> BadInputError:
        return BadInputError(f"{self._paths[number]} changed while it was read", "", "run the command again")

    def _check_all(self) -> None:
        seen: set[tuple[int, int]] = set()
        for path in self._paths:
            real = Path(os.path.realpath(path))
            if not real.exists():
                raise UsageError(f"cannot read {path}", os.strerror(errno.ENOENT))
            found = real.stat()
            if (found.st_dev, found.st_ino) in seen:
                raise UsageError(f"{path} is named twice", "name each file once")
            seen.add((found.st_dev, found.st_ino))
            with contextlib.ExitStack() as held:  # no run is writing it now; a later run changes its version
                lock_output(held, real)
                self._versions.append(version_of(real.stat()))

    def _read(self, *, by_id: bool) -> None:
        for number, path in enumerate(self._paths):
            records = RecordReader(self._file(number), path)
            for place, _, head in records:
                location = number << _OFFSET_BITS | place
                if by_id and head.body_hash:
                    self._records.add(head.row_key, location)
                else:
                    (self._bad if by_id else self._records).add(head.row_index, location)
            if records.tail or records.broken:
                self.cut.append(path)

    def _merged(self, records: IndexSort) -> Iterator[MergedRow]:
        for row, group in itertools.groupby(records, lambda pair: pair[0]):
            locations = [location for _, location in group]
            merged = self._only(row, locations[0]) if len(locations) == 1 else self._best(row, locations)
            # A row may have moved since it was answered.
            yield merged._replace(line=with_index(merged.line, row)) if self._by_id else merged

    def _only(self, row: int, location: int) -> MergedRow:
        line, head = self._record(location)
        return MergedRow(row, line, head.ok)

    def _best(self, row: int, locations: list[int]) -> MergedRow:
        """Return the current one of several records: an answer if any, else the last error."""
        last: dict[tuple[int, bytes], tuple[int, bytes, RecordHead]] = {}
        for location in locations:
            line, head = self._record(location)
            before = last.get((location >> _OFFSET_BITS, head.id))
            # An error after an answer to the same body does not replace it.
            if before is None or head.ok or not before[2].ok or before[2].body_hash != head.body_hash:
                last[location >> _OFFSET_BITS, head.id] = location, line, head
        answers = [(location, line) for location, line, head in last.values() if head.ok]
        if not answers:
            return MergedRow(row, next(reversed(last.values()))[1], ok=False)
        for location, line in answers[1:]:
            if line != answers[0][1]:
                places = f"{self._line_of(answers[0][0])} and {self._line_of(location)}"
                hint = "leave out one of the files" + (
                    "" if self._by_id else ", or match rows by id with --input FILE"
                )
                raise BadInputError(f"row {row} has two answers", places, hint)
        return MergedRow(row, answers[0][1], ok=True)

    def _record(self, location: int) -> tuple[bytes, RecordHead]:
        file = self._file(location >> _OFFSET_BITS)
        file.seek(location & ((1 << _OFFSET_BITS) - 1))
        line = file.readline()
        try:
            head = scan_head(line)
        except ValueError:
            head = None
        if head is None:
            raise self._changed(location >> _OFFSET_BITS)
        return (line if line.endswith(b"\n") else line + b"\n"), head

    def _line_of(self, location: int) -> str:
        file, place = self._file(location >> _OFFSET_BITS), location & ((1 << _OFFSET_BITS) - 1)
        file.seek(0)
        number = 1
        while file.tell() < place:
            file.readline()
            number += 1
        return f"{self._paths[location >> _OFFSET_BITS]}:{number}"


def lock_output(stack: contextlib.ExitStack, path: Path) -> None:
    """Lock a file against runs until the stack is closed. Raises UsageError if a run is writing it."""
    try:
        held = lock.try_lock(lock_path(path))
    except OSError:
        return  # the folder is read-only, so no run can write to it
    if held is None:
        raise UsageError(f"another nbx bulk or nbx score is writing {path}", "", "wait for it to end")
    stack.callback(held.release)


class Gaps:
    """Finds the numbers missing from a rising sequence that begins at 0; `str()` names the first gaps."""

    def __init__(self) -> None:
        self.rows = 0  # so far, missing ones included
        self.missing = 0
        self._first: list[str] = []
        self._count = 0

    def add(self, number: int) -> None:
        """Add the next number of the sequence."""
        self.end(number)
        self.rows = number + 1

    def end(self, count: int) -> None:
        """End the sequence: all numbers are below `count`."""
        if count <= self.rows:
            return
        self.missing += count - self.rows
        self._count += 1
        if len(self._first) < MAX_GAPS_SHOWN:
            last = count - 1
            self._first.append(f"{self.rows}-{last}" if last > self.rows else str(last))
        self.rows = count

    def __str__(self) -> str:
        more = self._count - len(self._first)
        return ", ".join(self._first) + (f" and {more} more gap{'s' * (more > 1)}" if more else "")
