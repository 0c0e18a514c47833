"""Reads a file of records: finds their heads, the current ones, and a partial one at the end."""

import contextlib
import io
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from nebius_cli.bulk.output.find_answered_rows import AnsweredRows
from nebius_cli.bulk.output.record_format import HeadFields, RecordHead, could_be_cut, scan_head, scan_heads
from nebius_cli.bulk.output.sort_integer_pairs import IndexSort, joined
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import UsageError

READ_BUFFER_BYTES = 1 << 20
SCAN_BLOCK_BYTES = 1 << 18  # scanned at a time

ERROR, ANSWER = 1, 2  # kinds of current records


def open_answers(path: Path, buffering: int = READ_BUFFER_BYTES) -> BinaryIO:
    """Open a file of records. Raises UsageError, also for a pipe or a device."""
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"cannot read {path}", "it is not a file")
        return path.open("rb", buffering=buffering)
    except OSError as error:
        raise UsageError(f"cannot read {path}", error.strerror or str(error)) from None


class RecordReader:
    """Iterate once over offset, line and head of each record in a file.

    Raises UsageError if the file is not an output. Afterwards, `end` is where the complete lines end, `tail`
    the size of a partial line after that, `broken` the number of other lines that are not JSON, as after a
    power cut, and `unended` whether the last record only lacks its newline.
    """

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._known = False  # a record has been seen, so the file is an output
        self._count = 0  # of lines
        self.end = 0
        self.tail = 0
        self.broken = 0
        self.unended = False

    def __iter__(self) -> Iterator[tuple[int, bytes, RecordHead]]:
        return self._read(self._file)

    def heads(self) -> Iterator[HeadFields]:
        """Yield only the heads, which takes half the time."""
        while block := self._file.read(SCAN_BLOCK_BYTES):
            block += self._file.readline()
            plain = scan_heads(block)
            if plain is None:
                for _, _, head in self._read(io.BytesIO(block)):
                    yield head
            else:
                self._known = True
                self._count += len(plain)
                self.end += len(block)
                yield from plain

    def _read(self, lines: Iterable[bytes]) -> Iterator[tuple[int, bytes, RecordHead]]:
        for line in lines:
            self._count += 1
            head = self._head(line, self._count)
            offset = self.end
            if not self.tail:
                self.end += len(line)
            if head is not None:
                self._known = True
                yield offset, line, head

    def _head(self, line: bytes, number: int) -> RecordHead | None:
        ended = line.endswith(b"\n")
        if ended and line.isspace():
            return None
        try:
            if not ended:
                jsontext.decode(line)  # the head of an incomplete line can be complete
            head = scan_head(line)
        except ValueError:
            if not self._known and (ended or not could_be_cut(line)):
                raise self._foreign(number) from None
            if ended:
                self.broken += 1
            else:
                self.tail = len(line)
            return None
        if head is None:
            raise self._foreign(number)
        self.unended = not ended
        return head

    def _foreign(self, number: int) -> UsageError:
        what = f"{self._path} is not the output of nbx bulk or nbx score"
        why = f"line {number} is not a record"
        return UsageError(what, why, "nothing was changed; choose another file")


def records_in(path: Path) -> Iterator[tuple[int, bytes, RecordHead]]:
    """Yield offset, line and head of each record in a file. Raises UsageError if it is not an output."""
    with open_answers(path) as file:
        yield from RecordReader(file, path)


def has_scores(path: Path) -> bool | None:
    """Return whether an output has scores rather than answers; None if no record shows it.

    Raises UsageError if the file is not an output.
    """
    # The record of a row that could not be sent is the same in both, and has no body_hash.
    return next(("response" not in record for record in _undamaged(path) if record["body_hash"]), None)


def check_kind(path: Path, *, scores: bool) -> None:
    """Raise UsageError if a file is not an output, or has answers instead of scores, or the reverse."""
    if has_scores(path) is (not scores):
        found, wanted = ("answers", "scores") if scores else ("scores", "answers")
        raise UsageError(f"{path} has {found}, not {wanted}", "", "choose another file")


def matrix_of(path: Path) -> tuple[str, ...] | None:
    """Return the fields of the `--matrix` of an output, empty for a run without one; None without records."""
    for record in _undamaged(path):
        values = record.get("matrix")
        return tuple(values) if isinstance(values, dict) else ()
    return None


def _undamaged(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records that are valid JSON."""
    for _, line, _ in records_in(path):
        with contextlib.suppress(ValueError):
            yield jsontext.decode(line)


def answered(path: Path) -> AnsweredRows:
    """Return the rows answered in a file; the file may not exist."""
    found = AnsweredRows()
    if path.is_file():
        found.update((head.id, head.body_hash) for _, _, head in records_in(path) if head.ok)
    return found


class CurrentRecords:
    """Finds the current records of a file: the last answer of each row, and any error after it.

    So an answer to an earlier version of a row stays until the new version is answered. `offsets` are those
    of all records. Once `counting` was called, `replaced_by` has a pair for each other record: the number of
    the last record of its row, and the offset of the dropped record.
    """

    def __init__(self) -> None:
        self._rows = IndexSort()
        self.offsets = array("Q")
        self.replaced_by = IndexSort()

    def add(self, offset: int, head: RecordHead) -> None:
        """Add the next record of the file."""
        self._rows.add(head.row_key, len(self.offsets) << 1 | head.ok)
        self.offsets.append(offset)

    def counting(self) -> bytearray:
        """Return for each record, in order, ANSWER or ERROR if it is current, else 0."""
        counting = bytearray(len(self.offsets))
        row, answer, error = -1, -1, -1  # of the row so far: key, and the numbers of its last records
        dropped: list[int] = []
        for key, packed in self._rows:
            number, ok = packed >> 1, packed & 1
            counting[number] = ANSWER if ok else ERROR
            if key != row:
                self._replace(max(answer, error), dropped)
                row, answer, error, dropped = key, -1, -1, []
            if error >= 0:
                counting[error] = 0
                dropped.append(error)
            if ok:
                if answer >= 0:
                    counting[answer] = 0
                    dropped.append(answer)
                answer, error = number, -1
            else:
                error = number
        self._replace(max(answer, error), dropped)
        return counting

    def indexes(self, of_rows: IndexSort) -> "array[int]":
        """Return the index + 1 that `of_rows` has for each record's row, in order of the file; 0 for none.

        `of_rows` has the digests of rows with their indexes.
        """
        found = array("Q", bytes(8 * len(self.offsets)))
        for packed, index in joined(self._rows, of_rows):
            if index is not None:
                found[packed >> 1] = index + 1
        return found

    def _replace(self, replacement: int, dropped: list[int]) -> None:
        for number in dropped:
            self.replaced_by.add(replacement, self.offsets[number])
