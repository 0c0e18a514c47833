"""The file of answers, read: the head of each record, and what a kill left half-written at its end."""

import io
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Self

from nebius_cli.bulk.output.index_sort import IndexSort
from nebius_cli.bulk.output.record import Head, HeadLike, could_be_cut, scan_head, scan_heads
from nebius_cli.core import jsontext
from nebius_cli.core.digest_set import DigestSet
from nebius_cli.core.errors import UsageError

READ_AT_ONCE = 1 << 20
BLOCK = 1 << 18  # bytes whose heads are held at once

ERROR, ANSWER = 1, 2  # a record that counts, and is this


def open_answers(path: Path) -> BinaryIO:
    """Open a file of answers for reading. Raises UsageError."""
    try:
        return path.open("rb", buffering=READ_AT_ONCE)
    except OSError as error:
        raise UsageError(f"cannot read {path}", error.strerror or str(error)) from None


class Records:
    """Iterating gives place, line and head of each record, from the beginning of the file, once.

    Raises UsageError where the file is something else. Then `end` is where the whole lines end, `tail` how
    many bytes of a half-written line follow, `broken` how many lines in between are no JSON, as after a
    power cut, and `unended` whether all that the last record lacks is its newline.
    """

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._known = False  # a record has been seen: the file is ours
        self._count = 0  # of lines
        self.end = 0
        self.tail = 0
        self.broken = 0
        self.unended = False

    def __iter__(self) -> Iterator[tuple[int, bytes, Head]]:
        return self._read(self._file)

    def heads(self) -> Iterator[HeadLike]:
        """Yield the heads alone, which takes half the time."""
        while block := self._file.read(BLOCK):
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

    def _read(self, lines: Iterable[bytes]) -> Iterator[tuple[int, bytes, Head]]:
        for line in lines:
            self._count += 1
            head = self._head(line, self._count)
            place = self.end
            if not self.tail:
                self.end += len(line)
            if head is not None:
                self._known = True
                yield place, line, head

    def _head(self, line: bytes, number: int) -> Head | None:
        whole = line.endswith(b"\n")
        if whole and line.isspace():
            return None
        try:
            head = scan_head(line) if whole else _last_head(line)
        except ValueError:
            if not self._known and (whole or not could_be_cut(line)):
                raise self._foreign(number) from None
            if whole:
                self.broken += 1
            else:
                self.tail = len(line)
            return None
        if head is None:
            raise self._foreign(number)
        self.unended = not whole
        return head

    def _foreign(self, number: int) -> UsageError:
        what = f"{self._path} is not the output of nbx bulk"
        why = f"line {number} is no record of a row"
        return UsageError(what, why, "nothing was changed; name another file")


def _last_head(line: bytes) -> Head | None:
    """Return the head of a line that has no newline; raises ValueError where it is not all there."""
    jsontext.decode(line)
    return scan_head(line)


def answered(path: Path) -> DigestSet:
    """Return the digests of the rows that have an answer in a file, none where there is no file."""
    found = DigestSet()
    if path.is_file():
        with open_answers(path) as file:
            for _, _, head in Records(file, path):
                if head.ok:
                    found.add(head.key)
    return found


class Settled:
    """Which records of a file count: a later answer of the same row beats all before it.

    An error counts where nothing of its row came later, an answer where no answer did. So an answer to
    what a row asked before stays until what it asks now is answered.
    """

    def __init__(self) -> None:
        self._rows = IndexSort()
        self._places = array("Q")
        self.heirs = (
            IndexSort()
        )  # number of the last record of a row, and the place of one that does not count

    def add(self, place: int, head: Head) -> None:
        """Take the next record of the file."""
        self._rows.add(head.row_key, len(self._places) << 1 | head.ok)
        self._places.append(place)

    def counting(self) -> bytearray:
        """Return for each record of the file, in order, ANSWER or ERROR where it counts, else 0."""
        counting = bytearray(len(self._places))
        row, answer, error = -1, -1, -1  # the last ones seen, by their numbers
        dropped: list[int] = []
        for key, packed in self._rows:
            number, ok = packed >> 1, packed & 1
            counting[number] = ANSWER if ok else ERROR
            if key != row:
                self._inherit(max(answer, error), dropped)
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
        self._inherit(max(answer, error), dropped)
        return counting

    def _inherit(self, heir: int, dropped: list[int]) -> None:
        for number in dropped:
            self.heirs.add(heir, self._places[number])


def counting(file: BinaryIO, path: Path) -> tuple[bytearray, IndexSort, Records]:
    """Read a file through; return what `Settled.counting` does, `Settled.heirs`, and what was read."""
    records, settled = Records(file, path), Settled()
    for place, _, head in records:
        settled.add(place, head)
    return settled.counting(), settled.heirs, records


def counted(file: BinaryIO, path: Path, counts: bytes | bytearray) -> Iterator[bytes]:
    """Yield each record that counts, of those that are told; what a run has added since has no say yet."""
    for (_, line, _), counting in zip(Records(file, path), counts, strict=False):
        if counting:
            yield line if line.endswith(b"\n") else line + b"\n"


class Answers:
    """The records of a file that count, in the order of the file; also while a run is writing it.

    `cut` says whether lines were left out that are no records. Raises UsageError.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        if not self._path.is_file():
            why = "it is read twice, and only a file can be" if path == "-" or self._path.exists() else ""
            raise UsageError(f"cannot read {path}", why or "there is no such file")
        self._file = open_answers(self._path)
        try:
            self._counting, _, records = counting(self._file, self._path)
        except BaseException:
            self._file.close()
            raise
        self.cut = records.tail > 0 or records.broken > 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(0)
        return counted(self._file, self._path, self._counting)
