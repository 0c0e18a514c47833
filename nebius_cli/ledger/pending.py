"""Rows that found the ledger held by another program: they wait in files beside it for the next writer."""

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nebius_cli.ledger.entry import Text
from nebius_cli.system.files import write_atomically

MODE = 0o600
WAITING, TAKEN = ".json", ".taken"

Values = Sequence[Any]
Waiting = list[tuple[list[Any], Text | None]]


class Pending:
    """The files that wait beside the ledger at `path`. Methods raise OSError."""

    def __init__(self, path: Path) -> None:
        self.folder = path.with_suffix(".pending")

    def add(self, rows: Sequence[tuple[Values, Text | None]], when: int) -> None:
        """Keep rows, under a name with the time of the first one, in milliseconds."""
        kept = [
            {"values": values, "text": text and [text.body.decode(), text.query, text.prompt, text.answers]}
            for values, text in rows
        ]
        name = f"{when}-{os.getpid()}-{os.urandom(4).hex()}{WAITING}"
        write_atomically(self.folder / name, json.dumps(kept).encode(), mode=MODE)

    @property
    def names(self) -> list[str]:
        """The files that wait, the oldest first."""
        try:
            return sorted(file.name for file in self.folder.iterdir() if file.suffix == WAITING)
        except FileNotFoundError:
            return []

    @contextlib.contextmanager
    def taken(self) -> Iterator[Waiting]:
        """Give the rows that wait to whoever alone writes the ledger now; they are gone when he is done.

        Where he fails they wait on. One who dies in the middle leaves his files with another name, because
        nobody knows whether they are in the ledger: no row is there twice. A file that holds no rows stays.
        """
        rows: Waiting = []
        files = []
        for file in (self.folder / name for name in self.names):
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


def _read(file: Path) -> Waiting:
    return [(row["values"], _text(row["text"])) for row in json.loads(file.read_bytes())]


def _text(kept: Any) -> Text | None:
    if kept is None:
        return None
    body, query, prompt, answers = kept
    return Text(body.encode(), query, prompt, tuple(answers))
