"""The rows of an input: looked through first, where it can be read twice, then handed out."""

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

from nebius_cli.bulk.input.row_files import RowFile
from nebius_cli.bulk.input.row_reader import BadRow, Row, RowReader, Survey, check
from nebius_cli.bulk.options import BulkPlan
from nebius_cli.bulk.output.journal import Journal, Sink
from nebius_cli.bulk.output.record import key_of
from nebius_cli.bulk.progress import RunEstimate
from nebius_cli.core.digest_set import DigestSet
from nebius_cli.core.errors import BadInputError
from nebius_cli.core.money import PriceList
from nebius_cli.request import request

FIRST_SHOWN = 3  # bad rows that a message names
LOOK_EVERY = 1000  # rows between two looks at whether the file is still the same


class RowSource:
    """An input that is open. Rows come from it once; `open_file` opens it for `survey`.

    After a survey `left_out` has a 1 for each row of the shard that is to be left out, 0 for the others.
    """

    def __init__(self, open_file: Callable[[], RowFile], reader: RowReader) -> None:
        self._open_file = open_file
        self._reader = reader
        self._file = open_file()
        try:
            if self._file.columns:  # a table without rows has no prompt in any of them either
                reader.check_columns(self._file.columns)
        except BaseException:
            self._file.close()
            raise
        self.name = self._file.name
        self.seekable = self._file.seekable
        self.left_out: bytearray | None = None
        self._version: tuple[int, ...] = ()  # of the file when it was looked through

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Row | BadRow]:
        return self._reader.rows(self._file)

    @property
    def share(self) -> float | None:
        """How much of the input is behind, 0 to 1; None where that is not known."""
        size = self._file.size
        return min(1.0, self._file.position / size) if size else None

    def survey(self, leave_out: Callable[[Row], bool]) -> Survey:
        """Read a file through from its beginning, and let `leave_out` say it of each good row.

        The rows of the source itself stay where they are. Raises what reading and `leave_out` raise, and
        BadInputError where somebody writes the file.
        """
        marks = bytearray()
        with self._open_file() as file:
            self._version = file.version
            found = check(_marked(self._reader.rows(file), leave_out, marks))
            self._look(file)
        self.left_out = marks
        return found

    def rest(self) -> Iterator[Row | None]:
        """Yield the rows after a survey, None for those that are left out.

        Raises BadInputError where the file is not what it was.
        """
        try:
            for number, row in enumerate(self._reader.rest(self._file, self.left_out or b"")):
                if number % LOOK_EVERY == 0:
                    self._look(self._file)
                yield row
        except (ValueError, IndexError):
            raise self._changed() from None
        self._look(self._file)

    def estimate(self, done: DigestSet, prices: PriceList, *, skips: bool) -> tuple[RunEstimate, int]:
        """Return what the rows would take that are not done, and how many are bad.

        Raises BadInputError for a bad one unless it `skips` them.
        """
        found, bad = RunEstimate(), 0
        for row in self:
            if isinstance(row, BadRow):
                bad += 1
                if not skips:
                    raise self.refuse([row], 1)
            elif key_of(row) not in done:
                found.add(row, prices.of_model(row.model))
        return found, bad

    def refuse(self, bad: Iterable[BadRow], count: int) -> BadInputError:
        """Return the error that says which rows are bad: the first of them, and how many there are."""
        listed = list(bad)[:FIRST_SHOWN]
        first = listed[0]
        what = f"{self.name}, line {first.line}: {first.why}"
        more = "; ".join(f"line {row.line}: {row.why}" for row in listed[1:])
        rest = f"; {count - len(listed)} more" if count > len(listed) else ""
        return BadInputError(
            what, f"{more}{rest}".removeprefix("; "), "--on-bad-row skip leaves bad rows out"
        )

    def _look(self, file: RowFile) -> None:
        if file.version != self._version:
            raise self._changed()

    def _changed(self) -> BadInputError:
        why = "its rows may not be those that were looked through"
        return BadInputError(f"{self.name} has changed meanwhile", why)


def _marked(
    rows: Iterable[Row | BadRow], leave_out: Callable[[Row], bool], marks: bytearray
) -> Iterator[Row | BadRow]:
    for row in rows:
        marks.append(isinstance(row, Row) and leave_out(row))
        yield row


def look_through(
    source: RowSource,
    asked: BulkPlan,
    reader: RowReader,
    prices: PriceList,
    journal: Journal | Sink | None,
) -> int | None:
    """Return how many rows there are, None where they are not counted; what is done is left out then.

    Raises BadInputError for a bad row, and UsageError for one that a cap cannot reckon with.
    """
    if asked.options.on_bad_row == "skip" or not source.seekable:
        return None

    done = _never if journal is None else journal.done

    def checked(row: Row) -> bool:
        asked.check(row, prices)
        return done(row)

    survey = source.survey(checked if asked.capped else done)
    if survey.bad == survey.rows and not reader.model:
        request.check_rules({}, {}, validate=True)  # says that no model is set
    if survey.bad:
        raise source.refuse(survey.first_bad, survey.bad)
    if journal is not None:
        journal.forget()
    return survey.rows


def _never(row: Row) -> bool:
    del row
    return False
