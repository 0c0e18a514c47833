"""Pending files: rows that another program kept out of the ledger wait beside it for the next writer."""

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nebius_cli.ledger.entry import StoredText
from nebius_cli.system.files import write_atomically

FILE_MODE = 0o600
WAITING, TAKEN = ".json", ".taken"

Values = Sequence[Any]
Rows = list[tuple[list[Any], StoredText | None]]


class Pending:
    """The pending files beside the ledger at `path`. Methods raise OSError."""

    def __init__(self, path: Path) -> None:
        self.folder = path.with_suffix(".pending")

    def add(self, rows: Sequence[tuple[Values, StoredText | None]], when: int) -> None:
        """Write rows to a new file; `when` is the time of the first row in milliseconds."""
        content = [
            {"values": values, "text": text and [text.body.decode(), text.query, text.prompt, text.answers]}
            for values, text in rows
        ]
        name = f"{when}-{os.getpid()}-{os.urandom(4).hex()}{WAITING}"
        write_atomically(self.folder / name, json.dumps(content).encode(), mode=FILE_MODE)

    @property
    def files(self) -> list[Path]:
        """The pending files, oldest first."""
        try:
            return sorted(file for file in self.folder.iterdir() if file.suffix == WAITING)
        except FileNotFoundError:
            return []

    @contextlib.contextmanager
    def take(self) -> Iterator[Rows]:
        """Give the pending rows to the one process that writes the ledger, and delete the files afterwards.

        If writing fails, the files stay pending. If the process is killed in between, its files stay under
        another name, because they may already be in the ledger: no row is ever written twice. A file
        without readable rows stays as it is.
        """
        rows: Rows = []
        files = []
        for file in self.files:
            with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):
                rows += _read(file)
                files.append(file)
        for file in files:
            file.rename(file.with_suffix(TAKEN))
        try:
            yield rows
        except BaseException:
            for file in files:
                file.with_suffix(TAKEN).rename(file)
            raise
        for file in files:
            file.with_suffix(TAKEN).unlink()


def _read(file: Path) -> Rows:
    return [(row["values"], _text(row["text"])) for row in json.loads(file.read_bytes())]


def _text(value: Any) -> StoredText | None:
    if value is None:
        return None
    body, query, prompt, answers = value
    return StoredText(body.encode(), query, prompt, tuple(answers))
