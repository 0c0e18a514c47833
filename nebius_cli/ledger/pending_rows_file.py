"""Keeps rows that could not be written to the ledger in pending files until the next write.

Each process appends its rows to its own file beside the ledger, as JSON lines. Every row has a unique id, and
the ledger accepts each id once. So reading a row twice does no harm, and no row is lost if a writer dies.
"""

import contextlib
import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nebius_cli.ledger import entry_to_columns
from nebius_cli.ledger.entry import StoredText
from nebius_cli.ledger.entry_to_columns import Values
from nebius_cli.system.read_and_replace_files import make_folder

FILE_MODE = 0o600
WAITING, TAKEN = ".jsonl", ".taken"
_NAME = r"\d{1,20}-\d{1,10}-[0-9a-f]{1,32}\.(?:jsonl|taken|json)"
_START = b'{"pending_id":'  # the start of every line
_OLD_START = b"["  # until version 3 of the ledger's format, a file was one JSON list
MAX_OLD_FILE_BYTES = 64 << 20
# O_NONBLOCK: do not wait for the other end of a pipe. Windows has none of these flags and no such pipes.
_SAFE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_BINARY = getattr(os, "O_BINARY", 0)


class PendingRow(NamedTuple):
    """A pending row: its id, its values in the order of the columns, its text."""

    pending_id: str
    values: Values
    text: StoredText | None


class Pending:
    """The pending files beside the ledger at `path`. Other files in their folder are left alone."""

    def __init__(self, path: Path) -> None:
        self.folder = path.with_suffix(".pending")
        self._path: Path | None = None  # the file of this process
        self._descriptor = -1
        self._next = 0

    def add(self, rows: Sequence[tuple[Values, StoredText | None]]) -> None:
        """Append rows to the file of this process. Raises OSError."""
        if self._path is None:
            self._create(rows[0][0][0])
        assert self._path is not None  # noqa: S101 - `_create` has set it
        data = b"".join(self._line(values, text) for values, text in rows)
        self._append(data)
        if not _is_file(self._path, self._descriptor):
            # A writer has taken the file, perhaps without these rows. It does no harm if it reads them twice.
            self._create(rows[0][0][0])
            self._append(data)

    @property
    def files(self) -> list[Path]:
        """The files that may hold rows, oldest first. Empty if the folder cannot be read."""
        try:
            return sorted(file for file in self.folder.iterdir() if re.fullmatch(_NAME, file.name))
        except OSError:
            return []

    def take(self) -> Iterator[tuple[Path, Iterator[PendingRow]]]:
        """Yield each file of pending rows, under its new name, with its rows; damaged rows are left out.

        The caller holds the ledger's write lock. It deletes each file once its rows are committed; a file
        that stays is read again by the next writer.
        """
        for file in self.files:
            with contextlib.suppress(OSError), _opened(file) as descriptor:
                start = os.read(descriptor, len(_START))
                os.lseek(descriptor, 0, os.SEEK_SET)
                if start in (_START, b""):  # empty: the disk was full, or its process is about to append
                    # The process that owns the file notices the new name and no longer appends to it.
                    taken = file if file.suffix == TAKEN else file.rename(file.with_suffix(TAKEN))
                    yield taken, _lines(descriptor)
                elif start.startswith(_OLD_START) and (rows := _old_rows(file.stem, descriptor)):
                    yield file, iter(rows)

    def close(self) -> None:
        """Close the file of this process; later rows are written to a new file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._path, self._descriptor = None, -1

    def _create(self, when_ms: int) -> None:
        self.close()
        make_folder(self.folder)
        path = self.folder / f"{when_ms}-{os.getpid()}-{os.urandom(8).hex()}{WAITING}"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | _SAFE | _BINARY
        self._descriptor = os.open(path, flags, FILE_MODE)
        self._path = path

    def _line(self, values: Values, text: StoredText | None) -> bytes:
        assert self._path is not None  # noqa: S101 - `add` has set it
        self._next += 1
        row = {
            "pending_id": f"{self._path.stem}:{self._next}",
            "values": values,
            "text": text and [text.body.decode("utf-8", "replace"), text.query, text.prompt, text.answers],
        }
        return json.dumps(row, separators=(",", ":")).encode("ascii") + b"\n"

    def _append(self, data: bytes) -> None:
        size, view = os.fstat(self._descriptor).st_size, memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError:
            with contextlib.suppress(OSError):  # an incomplete line would damage the next row
                os.ftruncate(self._descriptor, size)
            raise


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[int]:
    """Open a regular file to read it. Raises OSError, also for a link, a pipe or a folder."""
    descriptor = os.open(file, os.O_RDONLY | _SAFE | _BINARY)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{file} is not a regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def _is_file(path: Path, descriptor: int) -> bool:
    """Return whether `path` still names the open file."""
    try:
        return os.path.samestat(path.stat(follow_symlinks=False), os.fstat(descriptor))
    except OSError:
        return False


def _lines(descriptor: int) -> Iterator[PendingRow]:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        for line in file:
            if row := _row(entry_to_columns.parse(line), ""):
                yield row


def _old_rows(stem: str, descriptor: int) -> list[PendingRow]:
    """Return the rows of a file in the old format. Their ids are derived from the file name."""
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        found = entry_to_columns.parse(file.read(MAX_OLD_FILE_BYTES)) or []
    rows = [_row(value, f"{stem}:{number}") for number, value in enumerate(found, 1)]
    return [row for row in rows if row is not None]


def _row(value: Any, own_id: str) -> PendingRow | None:
    if not isinstance(value, dict):
        return None
    pending_id, values = own_id or value.get("pending_id"), entry_to_columns.from_file(value.get("values"))
    if values is None or not isinstance(pending_id, str):
        return None
    return PendingRow(pending_id, values, entry_to_columns.text_from_file(value.get("text")))
