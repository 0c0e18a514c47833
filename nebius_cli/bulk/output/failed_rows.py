"""`answers.failed.jsonl` beside `answers.jsonl`: the rows that have no answer, as input for another run.

The list is replaced in one step when a run ends, so it can be the input of the run that replaces it. While
the run goes on its failures stand in a file of their own, whose name ends in `.new`; what a killed run left
there joins the list when the next one begins.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

from nebius_cli.bulk.output.appender import Appender, LineFile
from nebius_cli.bulk.output.record import row_key, scan_head
from nebius_cli.core import jsontext
from nebius_cli.core.digest_set import DigestSet
from nebius_cli.core.errors import UsageError
from nebius_cli.system import whole
from nebius_cli.system.files import writing

_START = b'{"id":'  # of every line


def path_beside(output: Path) -> Path:
    """Return where the failed rows of an output are listed."""
    # Any other suffix may be all that tells one output from the next: run.1, run.2.
    stem = output.stem if output.suffix in (".jsonl", ".ndjson", ".json") else output.name
    return output.parent / f"{stem}.failed.jsonl"


class FailedRows:
    """The list of one output. Raises UsageError where a file of that name is something else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._new = path.with_name(path.name + ".new")
        self._file: LineFile | None = None
        self._appender = Appender(self._append)
        self._listed = DigestSet()  # before this run
        self._ran = DigestSet()  # of those, in this run
        self._adding = threading.Lock()  # a KeySet is not safe for threads
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
        """How many rows were listed before this run."""
        return len(self._listed)

    def add(self, line: bytes) -> None:
        """List a row that failed. Thread-safe. Raises OutputError."""
        self._appender.add(line)

    def ran(self, record: bytes) -> None:
        """Say that a row's result is there. Thread-safe."""
        if len(self._listed) and (head := scan_head(record)) is not None:
            self.answered(head.row_key)

    def answered(self, key: int) -> None:
        """Say that the row with this digest has its answer. Thread-safe."""
        if key in self._listed:
            with self._adding:
                self._ran.add(key)

    def finish(self, *, whole: bool) -> None:
        """Replace the list: by this run's rows if it was whole, else those that did not run stay too."""
        self._appender.flush()
        if self._file is not None:
            self._file.sync()
            self._file.close()
        self._replace(keep_others=not whole and len(self._listed) > 0)

    def _append(self, lines: bytes) -> None:
        if self._file is None:
            self._file = LineFile(self._new)
        self._file.write(lines)

    def _replace(self, *, keep_others: bool) -> None:
        with writing(self.path):
            if keep_others:
                self._join()
            elif self._new.exists():
                self._new.replace(self.path)
            else:
                self.path.unlink(missing_ok=True)

    def _join(self) -> None:
        lines = (line for key, line in _rows(self.path) if key not in self._ran)
        with whole.to_file(str(self.path)) as write:
            for line in lines:
                write(line)
            for _, line in _rows(self._new):
                write(line)
        self._new.unlink(missing_ok=True)
        if self.path.stat().st_size == 0:
            self.path.unlink()


def _rows(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield digest and line of each row in a list; a half-written last one is left out."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"cannot read {path}", error.strerror or str(error)) from None
    with file:
        for line in file:
            try:
                row = jsontext.decode(line)
            except ValueError:
                row = None
            if isinstance(row, dict) and "error" in row and type(row.get("id")) in (int, str):
                yield row_key(row["id"]), line if line.endswith(b"\n") else line + b"\n"
            elif row is not None or line.endswith(b"\n") or not _START.startswith(line[: len(_START)]):
                what = f"{path} is no list of failed rows"
                raise UsageError(what, "this run would replace it", "move it, or choose another -o")
