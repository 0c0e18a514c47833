"""Keeps `answers.failed.jsonl` beside `answers.jsonl`: the failed rows, as input for another run.

The list is replaced in one step when a run ends, so it can be the input of that run. Until then, new failures
are written to a second file, whose name ends in `.new`. If a run is killed, the next one adds them to the
list.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

from nebius_cli.bulk.output.append_records import Appender, LineFile
from nebius_cli.bulk.output.record_format import is_failed_row, row_key, scan_head
from nebius_cli.core import jsontext
from nebius_cli.core.compact_hash_set import DigestSet
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.system.output_file import replace_file
from nebius_cli.system.read_and_replace_files import output_errors, version_of
from nebius_cli.system.temporary_file import sibling, sync_folder

_START = b'{"id":'  # how every line begins


def path_beside(output: Path) -> Path:
    """Return the path of the list of failed rows of an output; no two outputs share one."""
    # Only the suffix .jsonl is replaced: run.1 and run.2, or a.json and a, are separate outputs.
    if output.suffix == ".jsonl":
        return sibling(output, ".failed.jsonl", replaces=".jsonl")
    return sibling(output, "_failed.jsonl")


def is_list(path: Path) -> bool:
    """Return whether a file holds only failed rows."""
    try:
        return next(_rows(path), None) is not None
    except UsageError:
        return False


class FailedRows:
    """The list of failed rows of one output. Raises UsageError if the file is not such a list."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._new = sibling(path, ".new")
        self._file: LineFile | None = None
        self._appender = Appender(self._append)
        self._listed = DigestSet()  # before this run
        self._ran = DigestSet()  # of those, finished in this run
        self._adding = threading.Lock()  # a DigestSet is not thread-safe
        self._seen = _version(path)
        for key, _ in _rows(path):
            self._listed.add(key)
        if self._new.exists():
            for key, _ in _rows(self._new):
                self._listed.add(key)
                self._ran.add(key)
            self._replace(keep_others=True)
            self._ran = DigestSet()

    @property
    def listed(self) -> int:
        """The number of rows listed before this run."""
        return len(self._listed)

    def add(self, line: bytes) -> None:
        """Add a failed row. Thread-safe. Raises OutputError."""
        self._appender.add(line)

    def mark_ran(self, record: bytes) -> None:
        """Mark the row of this record as having a new result. Thread-safe."""
        if len(self._listed) and (head := scan_head(record)) is not None:
            self.mark_answered(head.row_key)

    def mark_answered(self, key: int) -> None:
        """Mark the row with this digest as answered. Thread-safe."""
        if key in self._listed:
            with self._adding:
                self._ran.add(key)

    def finish(self, *, complete: bool) -> None:
        """Replace the list by the new failures. After an incomplete run, keep the rows that did not run."""
        self._appender.flush()
        if self._file is not None:
            self._file.sync()
            self._file.close()
        self._replace(keep_others=not complete and len(self._listed) > 0)

    def _append(self, lines: bytes) -> None:
        if self._file is None:
            self._file = LineFile(self._new)
        self._file.write(lines)

    def _replace(self, *, keep_others: bool) -> None:
        with output_errors(self.path):
            if _version(self.path) != self._seen:  # another program may have replaced it
                for _ in _rows(self.path):
                    pass
            if keep_others:
                self._join()
            elif self._new.exists():
                self._new.replace(self.path)
                sync_folder(self.path.parent)
            else:
                self.path.unlink(missing_ok=True)
            self._seen = _version(self.path)

    def _join(self) -> None:
        lines = (line for key, line in _rows(self.path) if key not in self._ran)
        with replace_file(str(self.path)) as write:
            for line in lines:
                write(line)
            for _, line in _rows(self._new):
                write(line)
        self._new.unlink(missing_ok=True)
        if self.path.stat().st_size == 0:
            self.path.unlink()


def _version(path: Path) -> tuple[int, ...]:
    """Return numbers that change when a file is written or replaced; none if there is no file."""
    try:
        return version_of(path.stat())
    except OSError:
        return ()


def _rows(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield digest and line of each row of a list, except a partial last line.

    Raises UsageError for a file with anything else in it: this program replaces and deletes the list.
    """
    if not path.exists():
        return
    if not path.is_file():
        raise UsageError(f"cannot read {path}", "it is not a file")
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(f"cannot read {path}", error.strerror or str(error)) from None
    with file:
        for line in file:
            try:
                row = jsontext.decode(line)
            except ValueError:
                row = None
            if is_failed_row(row):
                yield row_key(row["id"]), line if line.endswith(b"\n") else line + b"\n"
            elif row is not None or line.endswith(b"\n") or not _START.startswith(line[: len(_START)]):
                what = f"{path} is not a list of failed rows"
                raise UsageError(what, "this run would replace it", "move it, or choose another -o")
