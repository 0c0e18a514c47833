"""Several files of answers, read as one: the record of each row, in the order of the rows."""

import contextlib
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from nebius_cli.bulk.output.index_sort import IndexSort
from nebius_cli.bulk.output.journal import lock_path
from nebius_cli.bulk.output.record import Head, row_key, scan_head
from nebius_cli.bulk.output.record_file import Records, open_answers
from nebius_cli.core.digest_set import DigestSet
from nebius_cli.core.errors import BadInputError, UsageError
from nebius_cli.system import lock

_FILE = 46  # bits below the number of the file: a place, which is then below 70 TB


class Found(NamedTuple):
    """The record that counts for a row."""

    row: int
    line: bytes
    ok: bool


class Shards:
    """The files of one run, none of which a run is writing as long as this is open.

    Memory: 16 bytes a record, twice that where the rows are told by their ids. Raises UsageError for a file
    that is named twice, is being written, or is no output of a bulk run.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = [Path(path) for path in paths]
        self._open = contextlib.ExitStack()
        self._records = IndexSort()  # index or digest of the row, where its record is
        self._bad = IndexSort()  # the same for rows that could not be sent, which have no id of their own
        self._by_id = False
        self.cut: list[Path] = []  # files that end with half a record
        self.strays = 0  # records of rows that are not in the input
        try:
            self._hold()
            self._files = [self._open.enter_context(open_answers(path)) for path in self._paths]
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    def by_index(self) -> Iterator[Found]:
        """Yield what counts for each row that there is, by the index in its records.

        Raises BadInputError where a row has two answers that differ.
        """
        self._read(by_id=False)
        return self._found(self._records)

    def by_id(self, ids: Iterable[str | int]) -> Iterator[Found]:
        """Yield what counts for each row of an input, of which these are the ids in order. Raises alike."""
        self._by_id = True
        self._read(by_id=True)
        rows, taken, count = IndexSort(), DigestSet(), 0
        for count, own in enumerate(ids, 1):
            key = row_key(own)
            # A second row of an id cannot be sent, and its record has its place for an id.
            rows.add(key if taken.add(key) else row_key(count - 1), count - 1)
        del taken
        placed = IndexSort()
        for row, where in self._bad:
            if row < count:
                placed.add(row, where)
            else:
                self.strays += 1
        for row, where in self._joined(rows):
            placed.add(row, where)
        self._records = IndexSort()
        return self._found(placed)

    def _hold(self) -> None:
        seen: list[Path] = []
        for path in self._paths:
            real = Path(os.path.realpath(path))
            if not real.exists():
                raise UsageError(f"cannot read {path}", "there is no such file")
            if any(other.samefile(real) for other in seen):
                raise UsageError(f"{path} is named twice", "each file has rows of its own")
            seen.append(real)
            hold(self._open, real)

    def _read(self, *, by_id: bool) -> None:
        for number, (file, path) in enumerate(zip(self._files, self._paths, strict=True)):
            records = Records(file, path)
            for place, _, head in records:
                where = number << _FILE | place
                if by_id and head.body_hash:
                    self._records.add(head.row_key, where)
                else:
                    (self._bad if by_id else self._records).add(head.row_index, where)
            if records.tail or records.broken:
                self.cut.append(path)

    def _joined(self, rows: IndexSort) -> Iterator[tuple[int, int]]:
        """Yield row and record of each record whose row there is; count the others."""
        input_rows = iter(rows)
        key, row = next(input_rows, (-1, -1))
        for record_key, where in self._records:
            while 0 <= key < record_key:
                key, row = next(input_rows, (-1, -1))
            if key == record_key:
                yield row, where
            else:
                self.strays += 1

    def _found(self, records: IndexSort) -> Iterator[Found]:
        for row, group in itertools.groupby(records, lambda pair: pair[0]):
            wheres = [where for _, where in group]
            yield self._alone(row, wheres[0]) if len(wheres) == 1 else self._best(row, wheres)

    def _alone(self, row: int, where: int) -> Found:
        line, head = self._record(where)
        return Found(row, line, head.ok)

    def _best(self, row: int, wheres: list[int]) -> Found:
        """Return what counts of several records: in a file the last one, over all an answer."""
        last: dict[tuple[int, bytes], tuple[int, bytes, Head]] = {}
        for where in wheres:
            line, head = self._record(where)
            before = last.get((where >> _FILE, head.id))
            # An error after the answer to the same body is of no run of ours; the answer is good.
            if before is None or head.ok or not before[2].ok or before[2].body_hash != head.body_hash:
                last[where >> _FILE, head.id] = where, line, head
        answers = [(where, line) for where, line, head in last.values() if head.ok]
        if not answers:
            return Found(row, next(reversed(last.values()))[1], ok=False)
        for where, line in answers[1:]:
            if line != answers[0][1]:
                places = f"{self._line_of(answers[0][0])} and {self._line_of(where)}"
                hint = "leave one of the files out" + (
                    "" if self._by_id else ", or --input FILE to go by ids"
                )
                raise BadInputError(f"row {row} has two answers", places, hint)
        return Found(row, answers[0][1], ok=True)

    def _record(self, where: int) -> tuple[bytes, Head]:
        file = self._files[where >> _FILE]
        file.seek(where & ((1 << _FILE) - 1))
        line = file.readline()
        head = scan_head(line)
        if head is None:
            raise BadInputError(f"{self._paths[where >> _FILE]} has changed meanwhile")
        return (line if line.endswith(b"\n") else line + b"\n"), head

    def _line_of(self, where: int) -> str:
        file, place = self._files[where >> _FILE], where & ((1 << _FILE) - 1)
        file.seek(0)
        number = 1
        while file.tell() < place:
            file.readline()
            number += 1
        return f"{self._paths[where >> _FILE]}:{number}"


def hold(stack: contextlib.ExitStack, path: Path) -> None:
    """Keep runs from writing a file until the stack is closed. Raises UsageError where one does."""
    try:
        held = lock.try_lock(lock_path(path))
    except OSError:
        return  # a folder that may not be written, by no run of this user either
    if held is None:
        raise UsageError(f"nbx bulk is writing {path}", "", "wait for it to end")
    stack.callback(held.release)
