"""Reads several input files one after the other, as one input."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

from nebius_cli.bulk.input.open_input import RowFile
from nebius_cli.bulk.input.parse_row import RawRow
from nebius_cli.core.errors_and_exit_codes import BadInputError, UsageError
from nebius_cli.system.check_output_paths import is_file

OpenFile = Callable[[str], RowFile]
CheckColumns = Callable[[Sequence[str], str], None]


class JoinedFiles:
    """The rows of several files, in the order of the files. Iterate once; one file is open at a time.

    Regular files are opened once at the beginning, so that an unreadable file is reported before the first
    row; `check_columns` is called with the columns and the name of each, unless it is JSONL. Raises what
    `open_file` and `check_columns` raise, and UsageError for a file that is named twice.
    """

    def __init__(self, paths: Sequence[str], open_file: OpenFile, check_columns: CheckColumns) -> None:
        check_named_once(paths)
        self.name = f"{paths[0]} and {len(paths) - 1} more"
        self.columns: tuple[str, ...] = ()  # checked for each file
        self.seekable = all(map(is_file, paths))
        self.part = self.format = ""  # each file has its own format
        self._paths = tuple(paths)
        self._open_file = open_file
        self._check_columns = check_columns
        self._file: RowFile | None = None
        self._bytes_before = 0
        self._versions: list[tuple[int, ...]] = []
        sizes = [self._size(path) for path in paths]
        self.size = None if None in sizes else sum(size or 0 for size in sizes)

    @property
    def position(self) -> int:
        """The number of bytes read."""
        return self._bytes_before + (self._file.position if self._file else 0)

    @property
    def version(self) -> tuple[int, ...]:
        """A value that changes when a file that is still to be read is replaced or written to."""
        current = self._paths.index(self.part) if self._file else -1
        found = (
            self._file.version if self._file and number == current else version
            for number, version in enumerate(self._versions)
        )
        return tuple(value for version in found for value in version)

    def __iter__(self) -> Iterator[RawRow]:
        """Yield the rows; `part` is the name of the file that contains the row yielded last.

        Raises BadInputError if a file has changed since it was first opened.
        """
        for number, path in enumerate(self._paths):
            file = self._open_file(path)
            self._file, self.part = file, path
            if self._versions[number] not in ((), file.version):
                raise BadInputError(
                    f"{path} changed during the run", "its rows may differ from those that were checked"
                )
            if not self._versions[number] and file.columns:
                self._check_columns(file.columns, file.name)
            yield from file
            self._versions[number] = file.version
            self._bytes_before += file.position
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file that is open."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _size(self, path: str) -> int | None:
        """Return the size of a file in bytes, None for a pipe; note its version."""
        if not is_file(path):
            self._versions.append(())
            return None
        with self._open_file(path) as file:
            self._versions.append(file.version)
            if file.columns:
                self._check_columns(file.columns, file.name)
            return file.size


def open_all(
    paths: Sequence[str], open_file: OpenFile, check_columns: CheckColumns = lambda *_: None
) -> RowFile | JoinedFiles:
    """Open one file, or several as one."""
    return open_file(paths[0]) if len(paths) == 1 else JoinedFiles(paths, open_file, check_columns)


def check_named_once(paths: Sequence[str]) -> None:
    """Raise UsageError if two paths name the same file."""
    seen: dict[object, str] = {}
    for path in paths:
        key: object = path
        with contextlib.suppress(OSError):  # a missing file is reported when it is opened
            state = Path("/dev/stdin" if path == "-" else path).stat()
            key = (state.st_dev, state.st_ino)
        if key in seen:
            same = seen[key] == path
            what = f"{path} is named twice" if same else f"{seen[key]} and {path} are the same file"
            raise UsageError(what, "each row is sent once", "for several answers to each row, use --n N")
        seen[key] = path
