"""The ledger's database file: opened, brought up to date, waited for, closed; its failures made ours."""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from nebius_cli.core.errors import LedgerError
from nebius_cli.core.format import shorten
from nebius_cli.ledger.schema import MIGRATIONS, migrate, version_of
from nebius_cli.system.files import make_folder

PATIENCE = 1.5  # seconds to wait for others who write; each of them takes less than a millisecond
BEAT = 0.003  # seconds between two tries
MODE = 0o600
HINT = "nbx doctor looks at it; --no-ledger or ledger = false does without"

OLD_MODE = ("locking_mode = EXCLUSIVE", "journal_mode = DELETE", "locking_mode = NORMAL")
HELD = "another program holds it"

Done = TypeVar("Done")

_WHY = {
    "SQLITE_NOTADB": "it is not a ledger",
    "SQLITE_CORRUPT": "it is damaged",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it may not be written",
}


class BusyError(LedgerError):
    """Another program holds the ledger, and has not let go of it in time."""


class LedgerFile:
    """The database at `path`, opened when first used; any thread may use it, one at a time.

    `patience` bounds in seconds how long one use waits for other processes.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self._patience = patience
        self._lock = threading.RLock()
        self._database: sqlite3.Connection | None = None
        self._deadline = 0.0

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the database for one transaction, which is all done at the end or not at all.

        Raises LedgerError.
        """
        with self._failing("written"):
            if self._database is None:
                self._database = self._patiently(self._open)
            database = self._database
            self._patiently(lambda: database.execute("BEGIN IMMEDIATE"))
            try:
                yield database
                self.commit(database)
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise

    def commit(self, database: sqlite3.Connection) -> None:
        """End the transaction now, if it has not ended. Raises sqlite3.Error."""
        if database.in_transaction:
            self._patiently(lambda: database.execute("COMMIT"))

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """Give the database, None where there is none yet. Raises LedgerError."""
        with self._failing("read"):
            if self._database is None and self.path.exists():
                self._database = self._patiently(self._open_to_read)
            yield self._database

    def close(self) -> None:
        """Let go of the database and leave its log behind.

        Folding the log into the database, as the last connection does when it closes, takes two syncs of
        the disk, and the run would wait for them. One that may only read cannot do it. SQLite does it
        anyway whenever the log has grown to some megabytes.
        """
        with self._lock:  # a connection that is closed in the middle of its work takes the process with it
            if self._database is None:
                return
            with contextlib.suppress(sqlite3.Error):
                last = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
                with contextlib.closing(last):
                    version_of(last)  # a connection that has read nothing does not count yet
                    self._database.close()
            self._database.close()
            self._database = None

    def fold(self) -> None:
        """Write the database anew, without a trace of what was deleted. Raises LedgerError."""
        with self._failing("written"):
            database = self._database
            assert database is not None  # noqa: S101 - something was deleted just now
            self._patiently(lambda: database.execute("VACUUM"))
            self._patiently(lambda: database.execute("PRAGMA wal_checkpoint (TRUNCATE)"))

    def _open(self) -> sqlite3.Connection:
        make_folder(self.path.parent)
        with contextlib.suppress(FileExistsError):  # SQLite gives its log the mode of the database
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL, MODE))
        try:
            return self._started(alone=False)
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                raise
            # The shared memory of the write-ahead mode is what network file systems do not have; who holds
            # the database alone needs none, and can end that mode.
            return self._started(alone=True)

    def _started(self, *, alone: bool) -> sqlite3.Connection:
        """Return the database, up to date and in a mode that this file system can hold."""
        database = self._connect(str(self.path))
        try:
            if alone:
                for change in OLD_MODE:
                    database.execute(f"PRAGMA {change}").fetchall()
            elif version_of(database) == 0:
                database.execute("PRAGMA journal_mode = WAL")
            # When the power fails the last rows are lost, and nothing is ever damaged.
            database.execute("PRAGMA synchronous = NORMAL")
            self._bring_up_to_date(database, version_of(database))
        except BaseException:
            database.close()
            raise
        return database

    def _bring_up_to_date(self, database: sqlite3.Connection, version: int) -> None:
        if version > len(MIGRATIONS):
            why = f"a newer nbx wrote it: its format is {version}, this nbx knows {len(MIGRATIONS)}"
            raise LedgerError(f"the ledger {self.path} cannot be used", why, HINT)
        if version < len(MIGRATIONS):
            migrate(database)

    def _open_to_read(self) -> sqlite3.Connection:
        try:
            return self._open()
        except (sqlite3.OperationalError, OSError):
            if os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK):
                raise
        # On a file system, or of a user, that nbx may only read.
        return self._connect(f"{self.path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)

    def _connect(self, name: str, *, uri: bool = False) -> sqlite3.Connection:
        left = max(0.0, self._deadline - time.monotonic())
        database = sqlite3.connect(name, timeout=left, isolation_level=None, check_same_thread=False, uri=uri)
        database.create_aggregate("add_up", 1, _Sum)  # type: ignore[arg-type]  # it takes and gives texts
        database.create_function("holds", 3, _holds, deterministic=True)
        return database

    def _patiently(self, work: Callable[[], Done]) -> Done:
        """Do something again for as long as another process is in the way.

        SQLite's own waiting sleeps longer with each try, so that among many writers some get no turn.
        """
        while True:
            try:
                return work()
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > self._deadline:
                    raise
            time.sleep(BEAT)

    @contextlib.contextmanager
    def _failing(self, how: str) -> Iterator[None]:
        with self._lock:
            self._deadline = time.monotonic() + self._patience
            try:
                yield
            except sqlite3.Error as error:
                if _is_busy(error):
                    raise BusyError(f"the ledger {self.path} cannot be {how}", HELD, HINT) from None
                name = getattr(error, "sqlite_errorname", "")
                known = (why for start, why in _WHY.items() if name.startswith(start))
                why = next(known, shorten(str(error)))
                raise LedgerError(f"the ledger {self.path} cannot be {how}", why, HINT) from None
            except OSError as error:
                why = error.strerror or str(error)
                raise LedgerError(f"the ledger {self.path} cannot be {how}", why, HINT) from None


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _holds(prompt: str, answer: str, word: str) -> bool:
    """Return whether a word is in one of two texts, upper or lower case."""
    word = word.casefold()
    return word in prompt.casefold() or word in answer.casefold()


class _Sum:
    """An aggregate function that adds decimal texts exactly."""

    def __init__(self) -> None:
        self._sum = Decimal(0)

    def step(self, text: str | None) -> None:
        """Take one value; NULL adds nothing."""
        if text is not None:
            self._sum += Decimal(text)

    def finalize(self) -> str:
        """Return the sum."""
        return str(self._sum)
