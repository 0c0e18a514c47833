"""The output of a bulk run: records appended as rows finish, and read again when the run is resumed."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Self

from nebius_cli.bulk.input.row_reader import Row
from nebius_cli.bulk.output import compaction
from nebius_cli.bulk.output.appender import Appender, LineFile
from nebius_cli.bulk.output.failed_rows import FailedRows, path_beside
from nebius_cli.bulk.output.record import HeadLike, key_of, row_key
from nebius_cli.bulk.output.record_file import Records, open_answers
from nebius_cli.core.digest_set import DigestSet, digest
from nebius_cli.core.errors import OutputError, UsageError
from nebius_cli.core.money import parse_amount
from nebius_cli.system import lock
from nebius_cli.system.files import DEVICE_PREFIXES, mkdir_hint

Say = Callable[[str], None]

_PACKED = (".gz", ".zst")


@dataclass(slots=True)
class Scanned:
    """What earlier runs left: records, the answers and errors among them, and what all of them cost.

    `cost` is in USD; `unpriced` records say nothing of the cost of their tokens, of prompt and completion.
    """

    records: int = 0
    answers: int = 0
    errors: int = 0
    broken: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal = field(default_factory=Decimal)
    unpriced: int = 0
    unpriced_tokens: tuple[int, int] = (0, 0)

    def count(self, heads: Iterable[HeadLike]) -> Iterator[int]:
        """Count records; yield the digest of each answer."""
        records = answers = asked = answered = unpriced = unpriced_asked = unpriced_answered = 0
        cost = Decimal()
        for row_id, _, body_hash, prompt_tokens, completion_tokens, price, ok in heads:
            records += 1
            if prompt_tokens:
                asked += int(prompt_tokens)
            if completion_tokens:
                answered += int(completion_tokens)
            if price and (amount := parse_amount(price.decode("ascii"))) is not None:
                cost += amount
            elif prompt_tokens or completion_tokens:
                unpriced += 1
                unpriced_asked += int(prompt_tokens or 0)
                unpriced_answered += int(completion_tokens or 0)
            if ok:
                answers += 1
                yield digest(row_id + body_hash)
        self.records, self.answers, self.errors = records, answers, records - answers
        self.prompt_tokens, self.completion_tokens = asked, answered
        self.cost, self.unpriced = cost, unpriced
        self.unpriced_tokens = unpriced_asked, unpriced_answered


def is_file(path: str) -> bool:
    """Return whether an output of this name is a file that a later run can go on with."""
    there = Path(path)
    return path != "-" and not path.startswith(DEVICE_PREFIXES) and (not there.exists() or there.is_file())


class Sink:
    """An output that is gone once written, as a pipe is: a Journal with nothing in it and no memory.

    `end` is called when the last record is written, or could not be.
    """

    def __init__(self, write: Callable[[bytes], None], end: Callable[[], None] = lambda: None) -> None:
        self.scanned = Scanned()
        self.left_over = self.unasked = 0
        self._appender = Appender(write)
        self._end = end
        self._closed = False

    def done(self, row: Row) -> bool:
        """Return False: nobody knows what has been answered before."""
        del row
        return False

    def forget(self) -> None:
        """Do nothing: there is no memory to give back."""

    def append(self, record: bytes) -> None:
        """Write a record. Thread-safe. Raises what the writing raises."""
        self._appender.add(record)

    def note(self, record: bytes) -> None:
        """Do nothing: there is no later run that would want to know."""

    def fail(self, line: bytes) -> None:
        """Do nothing: there is no place for a list of failed rows."""

    def settle(self, *, ordered: bool) -> None:
        """Do nothing: what is written cannot be taken back."""
        del ordered

    def close(self) -> None:
        """Write what waits to be written. It may be called again. Raises what the writing raises."""
        if not self._closed:
            self._closed = True
            try:
                self._appender.flush()
            finally:
                self._end()


class Journal:
    """A file of records, and what the rows in it were. Made by `open`, which holds its lock until `close`."""

    def __init__(self, path: Path, held: lock.Lock, file: LineFile, failed: FailedRows) -> None:
        self.path = path
        self.scanned = Scanned()
        self._held: lock.Lock | None = held
        self._file = file
        self._failed = failed
        self._appender = Appender(file.write, file.sync_if_due)
        self._answered = DigestSet()
        self._claimed = 0
        self._appended = False
        self.left_over = 0
        self.unasked = 0  # answers that no row claimed before it was forgotten what there are
        self._whole = False

    @classmethod
    def open(cls, path: str, *, restart: bool, say: Say, source: str | None = None) -> Self:
        """Open an output and read what is in it; `source` is the input, which it must not be.

        A line that a kill cut is cut off. With `restart` the file begins anew, and the old one is kept under
        another name. Raises UsageError where another process writes it or it is no output of a bulk run, then
        it is left as it is, and OutputError where it cannot be written.
        """
        _check_name(path, source)
        target = Path(os.path.realpath(path))  # a symlink keeps pointing where it points
        held = _lock(target)
        try:
            if not restart:
                _check_ours(target)
            failed = FailedRows(path_beside(target))
            if restart:
                _set_aside(target, say)
            journal = cls(target, held, LineFile(target), failed)
        except BaseException:
            held.release()
            raise
        try:
            journal._scan(say)
        except BaseException:
            journal._let_go()
            raise
        return journal

    def done(self, row: Row) -> bool:
        """Return whether an earlier run left an answer to this row with this body. Not thread-safe."""
        if key_of(row) not in self._answered:
            return False
        self._claimed += 1
        if self._failed.listed:
            self._failed.answered(row_key(row.id))
        return True

    def forget(self) -> None:
        """Give the memory back that `done` needs: no row will be asked about any more."""
        self.unasked = len(self._answered) - self._claimed
        self._answered = DigestSet()

    def append(self, record: bytes) -> None:
        """Write a record. Thread-safe. Raises OutputError, and again at every later call."""
        self._appended = True
        self._appender.add(record)
        self._failed.ran(record)

    def note(self, record: bytes) -> None:
        """Write the record of a row whose end is not there yet. Thread-safe. Raises OutputError."""
        self._appended = True
        self._appender.add(record)

    def fail(self, line: bytes) -> None:
        """Write a row that failed to the list beside the file. Thread-safe. Raises OutputError."""
        self._failed.add(line)

    def settle(self, *, ordered: bool) -> None:
        """Leave out the records that later ones replace, and put the rest in input order if asked to.

        Call it once, when every row has its result. Then `left_over` is how many answers are of no row of
        this run. The file is replaced in one step. Raises OutputError; then every record is where it was.
        """
        self._appender.flush()
        self._file.sync()
        self._file.close()
        self._whole = True
        self._answered = DigestSet()  # its memory is wanted
        # Nothing is to be left out where each record is the answer of another row.
        distinct = not self._appended and self._claimed == self.scanned.records
        if ordered or (self.scanned.records and not distinct):
            kept = compaction.settle(self.path, ordered=ordered, before=self.scanned.records)
            self.left_over = max(0, kept - self._claimed)

    def close(self) -> None:
        """Write what waits to be written, and let the next one in. It may be called again.

        Raises OutputError.
        """
        if self._held is None:
            return
        try:
            self._appender.flush()
            if not self._whole:
                self._file.sync()
            self._failed.finish(whole=self._whole)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        self._file.close()
        if self._held is not None:
            self._held.release()
            self._held = None

    def _scan(self, say: Say) -> None:
        with open_answers(self.path) as file:
            records = Records(file, self.path)
            self._answered.update(self.scanned.count(records.heads()))
        self.scanned.broken = records.broken
        if records.tail:
            self._file.cut(records.end)
            say(f"{self.path}: a half-written record at its end was cut off, {records.tail} bytes")
        elif records.unended:
            self._file.write(b"\n")
        if records.broken:
            lines = "1 line is" if records.broken == 1 else f"{records.broken} lines are"
            say(f"{self.path}: {lines} no JSON and count for nothing; their rows run again")


def _check_name(path: str, source: str | None) -> None:
    if path.endswith(_PACKED):
        raise UsageError(f"-o {path}", "records are written as they are", "compress the file afterwards")
    both = source is not None and Path(path).exists() and Path(source).exists()
    if source is not None and both and Path(path).samefile(source):
        raise UsageError(f"-o {path}", "this is the input", "choose another file for the answers")


def _check_ours(path: Path) -> None:
    """Raise UsageError where the file begins with something else than a record."""
    if path.exists():
        with open_answers(path) as file:
            next(iter(Records(file, path)), None)


def _lock(path: Path) -> lock.Lock:
    try:
        held = lock.try_lock(lock_path(path))
    except OSError as error:
        hint = mkdir_hint(path)
        raise OutputError(f"cannot write beside {path}", error.strerror or str(error), hint) from None
    if held is None:
        raise UsageError(f"another nbx bulk is writing {path}", "", "wait for it, or choose another -o")
    return held


def lock_path(path: Path) -> Path:
    """Return the lock of an output."""
    return path.with_name(path.name + ".lock")


def _set_aside(path: Path, say: Say) -> None:
    """Give a file with something in it another name: answers have been paid for."""
    if not path.exists() or path.stat().st_size == 0:
        return
    number, aside = 1, path.with_name(path.name + ".old")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.old{number}")
    try:
        path.rename(aside)
    except OSError as error:
        raise OutputError(f"cannot rename {path}", error.strerror or str(error)) from None
    say(f"the answers so far are kept in {aside}")
