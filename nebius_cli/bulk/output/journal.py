"""Appends records to the output of a bulk run as rows finish, and reads them when the run is resumed."""

import contextlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.output.append_records import Appender, LineFile
from nebius_cli.bulk.output.failed_rows_file import FailedRows, path_beside
from nebius_cli.bulk.output.find_answered_rows import (
    AnsweredRows,
    EarlierRuns,
    position_digest,
    prompt_key,
    prompt_keys,
)
from nebius_cli.bulk.output.order_and_compact_file import compact
from nebius_cli.bulk.output.read_records import RecordReader, check_kind, open_answers, records_in
from nebius_cli.bulk.output.record_format import id_bytes
from nebius_cli.bulk.output.renumber_moved_rows import renumber, replaces_answers
from nebius_cli.bulk.output.sort_integer_pairs import IndexSort
from nebius_cli.core.compact_hash_set import DigestSet, digest
from nebius_cli.core.errors_and_exit_codes import OutputError, UsageError
from nebius_cli.core.short_text import counted
from nebius_cli.system import lock
from nebius_cli.system.check_output_paths import check_distinct, exists_as_file
from nebius_cli.system.read_and_replace_files import mkdir_hint, output_errors
from nebius_cli.system.temporary_file import sibling

Note = Callable[[str], None]


class Journal:
    """A file of records, and the rows answered in it. `open` takes its lock, `close` releases it."""

    def __init__(
        self, path: Path, held: contextlib.ExitStack, file: LineFile, failed: FailedRows, note: Note
    ) -> None:
        self.path = path
        self._note = note
        self.earlier = EarlierRuns()
        self._held: contextlib.ExitStack | None = held  # the locks
        self._file = file
        self._failed = failed
        self._appender = Appender(file.write, file.sync_if_due)
        self._answered = AnsweredRows()
        self._answer_count = 0  # in the file
        self._prompts: DigestSet | None = None  # that were answered, whatever the requests
        self._claimed = self._places = 0  # rows that have their answer, and the sum of their places
        self._indexes = IndexSort()  # digest and index of these rows
        self._appended = False
        self.stray_answers = 0
        self._complete = False

    @classmethod
    def open(
        cls, path: str, *, restart: bool, note: Note, sources: Sequence[str] = (), items: bool = False
    ) -> Self:
        """Open an output and read its records; `sources` are the inputs, which must be other files.

        `items` tells whether the records are those of items, such as scores, rather than answers.

        A partial last line, left by a kill, is removed. With `restart`, the old file is renamed and a new one
        started. Raises UsageError if another process writes the file or it is not an output of a bulk run; it
        is then unchanged. Raises OutputError if it cannot be written.
        """
        check_distinct("-o", path, [("this is the input", source) for source in sources])
        target = Path(os.path.realpath(path))  # follow a symlink rather than replace it
        with contextlib.ExitStack() as stack:
            stack.callback(_lock(target).release)
            # The list of failed rows is replaced and deleted too; it could be the output of another run.
            stack.callback(_lock(path_beside(target)).release)
            if not restart and exists_as_file(str(target)):
                check_kind(target, scores=items)
            failed = FailedRows(path_beside(target))
            if restart:
                _set_aside(target, note)
            file = LineFile(target)
            journal = cls(target, stack.pop_all(), file, failed, note)
        try:
            journal._read()
        except BaseException:
            journal._release()
            raise
        return journal

    def has_answer(self, row: Row) -> bool:
        """Return whether an earlier run answered this row with this body. Not thread-safe."""
        if row not in self._answered:
            return False
        own = id_bytes(row.id)
        self._claimed += 1
        self._places += position_digest(own, row.index)
        self._indexes.add(digest(own), row.index)
        if self._failed.listed:
            self._failed.mark_answered(digest(own))
        return True

    @property
    def unclaimed_answers(self) -> int:
        """The number of answers that `has_answer` found no row for."""
        return self._answer_count - self._claimed

    def claimed_rows(self) -> DigestSet:
        """Return the digests of the rows whose answer `has_answer` found."""
        found = DigestSet()
        found.update(key for key, _ in self._indexes)
        return found

    def reset_claims(self) -> None:
        """Reset the claims; `has_answer` will be called for every row again."""
        self._claimed = self._places = 0
        self._indexes = IndexSort()

    def renumber(self, moved: IndexSort) -> None:
        """Change the IDs and indexes of records, and read the file again. Raises OutputError."""
        self._file.close()
        try:
            if replaces_answers(self.path, moved):
                _keep_copy(self.path, self._note)
            renumber(self.path, moved)
        finally:
            self._file = LineFile(self.path)
            self._appender = Appender(self._file.write, self._file.sync_if_due)
        self.earlier, self._answered, self._prompts = EarlierRuns(), AnsweredRows(), None
        self.reset_claims()
        self._read()
        rows = counted(len(moved), "row")
        self._note(f"{self.path}: {rows} without an id moved in the input; the answers were renumbered")

    def has_prompt_of(self, row: Row) -> bool:
        """Return whether an earlier run answered a row with this id and prompt, whatever the request.

        For a row without an id: whether it answered the same request, at any index.
        """
        if self._prompts is None:
            self._prompts = DigestSet()
            for _, line, head in records_in(self.path):
                if head.ok:
                    self._prompts.update((prompt_key(head.id, line), digest(head.body_hash)))
        return any(key in self._prompts for key in prompt_keys(row))

    def forget_answers(self) -> None:
        """Free the memory of `has_answer`, which will not be called again."""
        self._answered, self._prompts = AnsweredRows(), None
        if not self._has_moved:
            self._indexes = IndexSort()

    def before_records(self, call: Callable[[], None]) -> None:
        """Set a function to call before records are written, in the thread that writes them."""
        self._appender.before = call

    def append(self, *records: bytes) -> None:
        """Write records. Thread-safe. Raises OutputError, then also on every later call."""
        self._appended = True
        self._appender.add(*records)
        for record in records:
            self._failed.mark_ran(record)

    def add_unfinished(self, record: bytes) -> None:
        """Write the record of an unfinished row. Thread-safe. Raises OutputError."""
        self._appended = True
        self._appender.add(record)

    def add_failed(self, line: bytes) -> None:
        """Add a row to the list of failed rows. Thread-safe. Raises OutputError."""
        self._failed.add(line)

    @property
    def _has_moved(self) -> bool:
        """Whether an answer may have another index than its row has now."""
        return self._places != self.earlier.places

    def compact(self, *, ordered: bool, combinations: int = 0) -> None:
        """Drop the records that later ones replace, and sort the rest by index if `ordered`.

        Rows that have moved in the input get their new index; `combinations` is the number of combinations of
        a matrix. Call it once, when every row has its result. It sets `stray_answers`, the number of answers
        to rows that are not in this run. Raises OutputError; no record is lost then.
        """
        self._appender.flush()
        self._file.sync()
        self._file.save_if_lost()
        self._file.close()
        self._complete = True
        self._answered = AnsweredRows()  # frees memory for the compaction
        # Nothing can be dropped if every record is the answer to a different row.
        distinct = not self._appended and self._claimed == self.earlier.records and not self._has_moved
        if ordered or (self.earlier.records and not distinct):
            kept = compact(
                self.path,
                ordered=ordered,
                earlier=self.earlier.records,
                claimed=self._claimed,
                indexes=self._indexes if self._has_moved else None,
                combinations=combinations,
            )
            self.stray_answers = max(0, kept - self._claimed)

    def close(self) -> None:
        """Write all pending records and release the lock. May be called again.

        Raises OutputError.
        """
        if self._held is None:
            return
        try:
            self._appender.flush()
            if not self._complete:
                self._file.sync()
                self._file.save_if_lost()
            self._failed.finish(complete=self._complete)
        finally:
            self._release()

    def _release(self) -> None:
        self._file.close()
        if self._held is not None:
            self._held.close()
            self._held = None

    def _read(self) -> None:
        with open_answers(self.path) as file:
            records = RecordReader(file, self.path)
            self._answered.update(self.earlier.count(records.heads()))
        self._answer_count = len(self._answered)
        if records.tail:
            self._file.cut(records.end)
            self._note(f"{self.path}: removed a partial record at the end, {counted(records.tail, 'byte')}")
        elif records.unended:
            self._file.write(b"\n")
        if records.broken:
            lines = counted(records.broken, "line")
            self._note(f"{self.path}: ignored {lines} with invalid JSON; the rows are sent again")


def _lock(path: Path) -> lock.Lock:
    try:
        held = lock.try_lock(lock_path(path))
    except OSError as error:
        hint = mkdir_hint(path)
        raise OutputError(
            f"cannot create a file next to {path}", error.strerror or str(error), hint
        ) from None
    if held is None:
        raise UsageError(
            f"another nbx bulk or nbx score is writing {path}", "", "wait for it to end, or choose another -o"
        )
    return held


def lock_path(path: Path) -> Path:
    """Return the path of the lock of an output."""
    return sibling(path, ".lock")


def _set_aside(path: Path, note: Note) -> None:
    """Rename a file that is not empty, because its answers have been paid for."""
    if not path.exists() or path.stat().st_size == 0:
        return
    aside = _old_name(path)
    try:
        path.rename(aside)
    except OSError as error:
        raise OutputError(f"cannot rename {path}", error.strerror or str(error)) from None
    note(f"earlier answers are kept in {aside}")


def _keep_copy(path: Path, note: Note) -> None:
    """Keep the content of a file that is to be replaced, because its answers have been paid for."""
    aside = _old_name(path)
    with output_errors(aside):
        try:
            aside.hardlink_to(path)
        except OSError:  # the file system has no links
            shutil.copyfile(path, aside)
    note(f"earlier answers are kept in {aside}")


def _old_name(path: Path) -> Path:
    number, aside = 1, sibling(path, ".old")
    while aside.exists():
        number += 1
        aside = sibling(path, f".old{number}")
    return aside
