"""Reads the current records of an output in row order; given the input, exactly those of its rows."""

import errno
import itertools
import os
from array import array
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Self

from nebius_cli.bulk.output.input_index_by_id import InputRows
from nebius_cli.bulk.output.read_records import CurrentRecords, RecordReader, open_answers
from nebius_cli.bulk.output.sort_integer_pairs import IndexSort
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import BadInputError, UsageError

MAX_ROWS_MISSING = 10_000_000  # between two records


class AnswerFile:
    """The current records of a file, in the order of the rows. A run may be writing to it.

    `cut` tells whether lines that are not records were skipped. `hidden` counts the rows that `by_row` left
    out, because another row has their index. With `rows`, those of the input, each record gets the index of
    its row in the input, and records of other rows are left out; `strays` counts them. Raises UsageError.
    """

    def __init__(self, path: str, rows: InputRows | None = None) -> None:
        self._path = Path(path)
        self._rows = rows
        self.hidden = self.strays = 0
        if not self._path.is_file():
            exists = path == "-" or self._path.exists()
            why = "it must be a regular file, because it is read twice" if exists else ""
            raise UsageError(f"cannot read {path}", why or os.strerror(errno.ENOENT))
        self._file = open_answers(self._path)
        try:
            self._offsets, self.cut = self._read()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the records, parsed. Those that are not valid JSON are skipped, and set `cut`."""
        for _, record in self.located():
            yield record

    def located(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the same, each after its offset in the file."""
        for index, offset in self._offsets:
            if (record := self.record_at(offset)) is not None:
                record["index"] = index
                if self._rows is not None and "row_index" in record:
                    record["row_index"] = index // self._rows.combinations
                yield offset, record

    def record_at(self, offset: int) -> dict[str, Any] | None:
        """Return the record at an offset, parsed; None, and `cut` is set, if it is not valid JSON."""
        self._file.seek(offset)
        try:
            record: dict[str, Any] = jsontext.decode(self._file.readline())
        except ValueError:
            self.cut = True
            return None
        return record

    def by_row(self) -> Iterator[dict[str, Any] | None]:
        """Yield one record for each row of the input: the last one at its index, None if there is none.

        Raises BadInputError if the input is unknown and the indexes are far apart, as in a damaged file.
        """
        expected, waiting = 0, None
        for record in self:
            index = record["index"]
            if waiting is not None and index == waiting["index"]:
                self.hidden += waiting["id"] != record["id"]
                waiting = record
                continue
            if waiting is not None:
                yield waiting
            if self._rows is None and index - expected > MAX_ROWS_MISSING:
                what = f"{self._path} has a record with the index {index}"
                why = f"the record before it has the index {expected - 1}"
                raise BadInputError(what, why, "--csv exports the records anyway")
            yield from itertools.repeat(None, index - expected)
            waiting, expected = record, index + 1
        if waiting is not None:
            yield waiting
        if self._rows is not None:
            yield from itertools.repeat(None, self._rows.count - expected)

    def _read(self) -> tuple[IndexSort, bool]:
        """Return index and offset of each current record, and whether lines were skipped."""
        current, indexes, bad = CurrentRecords(), array("Q"), set[int]()
        records = RecordReader(self._file, self._path)
        for offset, _, head in records:
            current.add(offset, head)
            indexes.append(head.row_index)
            if not head.body_hash:
                bad.add(offset)
        found = IndexSort()
        counting = current.counting()
        places = None if self._rows is None else current.indexes(self._rows.by_id)
        for number, (index, offset, kind) in enumerate(zip(indexes, current.offsets, counting, strict=True)):
            if not kind:
                continue
            if self._rows is None or places is None:
                found.add(index, offset)
            elif offset in bad and index < self._rows.count:
                found.add(index, offset)  # its id is its index, whatever id the row has
            elif offset not in bad and places[number]:
                found.add(places[number] - 1, offset)
            else:
                self.strays += 1
        return _without_mended(found, bad) if bad else found, records.tail > 0 or records.broken > 0


def _without_mended(records: IndexSort, bad: Collection[int]) -> IndexSort:
    """Drop the records of bad rows, given their offsets, if another record has the same index."""
    kept = IndexSort()
    for index, pairs in itertools.groupby(records, lambda pair: pair[0]):
        offsets = [offset for _, offset in pairs]
        for offset in [one for one in offsets if one not in bad] or offsets:
            kept.add(index, offset)
    return kept
