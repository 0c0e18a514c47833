"""Provides the rows of an input. A file can be surveyed before rows are sent; a pipe is read only once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self, TypeVar

from nebius_cli.bulk.input.build_row_request import RowReader
from nebius_cli.bulk.input.format_names import wrong_format_flag
from nebius_cli.bulk.input.open_input import RowFile
from nebius_cli.bulk.input.row import BadRow, Row
from nebius_cli.bulk.input.several_files import JoinedFiles
from nebius_cli.core.errors_and_exit_codes import BadInputError

FoundRow = TypeVar("FoundRow", bound=Row | BadRow | None)

MAX_BAD_NAMED = 3  # bad rows that an error message describes
MAX_BAD_KEPT = 10  # bad rows that a survey keeps
VERSION_CHECK_ROWS = 1000  # rows between two checks that the file is unchanged


Input = RowFile | JoinedFiles


@dataclass(frozen=True, slots=True)
class Survey:
    """The result of reading the whole input once: its rows, its bad rows, and the first of those.

    With a matrix, `rows` counts each row of the input once per combination, and `bad` only once.
    """

    rows: int
    bad: int
    first_bad: tuple[BadRow, ...]


class RowSource:
    """An open input, whose rows can be iterated over once. `survey` reads it from a second handle.

    After a survey `left_out` holds one byte for each row of the shard: 1 if it is left out, else 0.
    """

    def __init__(self, open_file: Callable[[], Input], reader: RowReader) -> None:
        self._open_file = open_file
        self.reader = reader
        self._file = open_file()
        try:
            if self._file.columns:
                reader.check_columns(self._file.columns, self._file.name)
        except BaseException:
            self._file.close()
            raise
        self.name = self._file.name
        self.seekable = self._file.seekable
        self.left_out: bytearray | None = None
        self._version: tuple[int, ...] = ()  # of the surveyed file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Row | BadRow]:
        return _named(self._file, self.reader.rows(self._file))

    @property
    def fraction_read(self) -> float | None:
        """The fraction of the input read so far, 0 to 1; None if the size is unknown."""
        size = self._file.size
        return min(1.0, self._file.position / size) if size else None

    def survey(self, leave_out: Callable[[Row], bool] | None = None) -> Survey:
        """Read the whole file once, and ask `leave_out` about each good row. Iteration is not affected.

        Without `leave_out` it is faster, because no requests are built. Raises what reading and `leave_out`
        raise, and BadInputError if the file changes in the meantime.
        """
        marks = bytearray()
        with self._open_file() as file:
            self._version = file.version
            if leave_out is None:
                found = count_rows(_named(file, self.reader.check(file)))
                marks = bytearray(found.rows)
            else:
                rows = _named(file, self.reader.rows(file))
                found = count_rows(_marked(rows, leave_out, marks))
            self._check_version(file)
        self.left_out = marks
        return found

    def remaining(self) -> Iterator[Row | None]:
        """Yield the rows of a surveyed file, None for each row that is left out.

        Raises BadInputError if the file has changed since the survey.
        """
        try:
            for number, row in enumerate(self.reader.remaining(self._file, self.left_out or b"")):
                if number % VERSION_CHECK_ROWS == 0:
                    self._check_version(self._file)
                yield row
        except (ValueError, IndexError):
            raise self._changed() from None
        self._check_version(self._file)

    def ids(self) -> Iterator[str | int]:
        """Read a surveyed file once more and yield the id of each row as its record has it.

        Raises BadInputError if the file has changed since the survey.
        """
        with self._open_file() as file:
            self._check_version(file)
            for row in self.reader.rows(file):
                yield row.id if isinstance(row, Row) else row.index

    def bad_rows_error(self, bad: Iterable[BadRow], count: int) -> BadInputError:
        """Return an error that describes the first bad rows and counts the rest."""
        listed = list(bad)[:MAX_BAD_NAMED]
        first = listed[0]
        what = f"{self.place(first)}: {first.why}"
        more = "; ".join(
            _place(row) + (": same error" if row.why == first.why else f": {row.why}") for row in listed[1:]
        )
        rest = f"; {count - len(listed)} more" if count > len(listed) else ""
        other = wrong_format_flag(self.name, self._file.format)
        hint = other or "--on-bad-row skip leaves bad rows out"
        return BadInputError(what, f"{more}{rest}".removeprefix("; "), hint)

    def place(self, bad: BadRow) -> str:
        """Return where a bad row is: its file and line."""
        return f"{bad.file or self.name}, line {bad.line}"

    def _check_version(self, file: Input) -> None:
        if file.version != self._version:
            raise self._changed()

    def _changed(self) -> BadInputError:
        why = "its rows may differ from those that were checked"
        return BadInputError(f"{self.name} changed during the run", why)


def _place(bad: BadRow) -> str:
    return f"{bad.file}, line {bad.line}" if bad.file else f"line {bad.line}"


def _marked(
    rows: Iterable[Row | BadRow], leave_out: Callable[[Row], bool], marks: bytearray
) -> Iterator[Row | BadRow]:
    for row in rows:
        marks.append(isinstance(row, Row) and leave_out(row))
        yield row


def count_rows(rows: Iterable[Row | BadRow | None]) -> Survey:
    """Read all rows and count them; only the first bad ones are kept."""
    count = bad = 0
    first_bad: list[BadRow] = []
    for row in rows:
        count += 1
        if isinstance(row, BadRow) and not row.repeated:
            bad += 1
            if bad <= MAX_BAD_KEPT:
                first_bad.append(row)
    return Survey(count, bad, tuple(first_bad))


def _named(file: Input, rows: Iterator[FoundRow]) -> Iterator[FoundRow | BadRow]:
    """Add the file name to the bad rows of an input of several files."""
    if isinstance(file, RowFile):
        return rows
    return (replace(row, file=file.part) if isinstance(row, BadRow) else row for row in rows)
