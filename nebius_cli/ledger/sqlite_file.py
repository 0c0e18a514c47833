"""Opens, migrates and closes the SQLite file of the ledger, waits for other writers and maps errors."""

import contextlib
import math
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from nebius_cli.core.errors_and_exit_codes import LedgerError
from nebius_cli.core.prices_and_costs import ZERO, parse_amount
from nebius_cli.core.short_text import shorten
from nebius_cli.ledger.schema import MIGRATIONS, check_ours, migrate, version_of
from nebius_cli.system.read_and_replace_files import make_folder

LOCK_TIMEOUT_S = 1.5  # how long to wait for other writers; each takes less than a millisecond
RETRY_INTERVAL_S = 0.003
FILE_MODE = 0o600
HINT = "nbx doctor checks it; --no-ledger or ledger = false runs without it"

# Pragmas that end write-ahead mode, for file systems without shared memory.
ROLLBACK_JOURNAL = ("locking_mode = EXCLUSIVE", "journal_mode = DELETE", "locking_mode = NORMAL")
HELD = "another program has locked it"

Result = TypeVar("Result")

_WHY = {
    "SQLITE_NOTADB": "it is not a ledger",
    "SQLITE_CORRUPT": "it is damaged",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it is read-only",
}


class BusyError(LedgerError):
    """Another program has locked the ledger and did not release it in time."""


class _LogInUseError(sqlite3.OperationalError):
    """Another connection reads the write-ahead log, so it cannot be emptied yet."""

    sqlite_errorname = "SQLITE_BUSY"


class LedgerFile:
    """The database at `path`, opened when first used. Any thread may use it, one at a time.

    `timeout_s` limits how long one use waits for other processes.
    """

    def __init__(self, path: Path, timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self.path = path
        self._timeout_s = timeout_s
        self._lock = threading.RLock()
        self._database: sqlite3.Connection | None = None
        self._sqlite_timeout_s = math.nan  # the busy timeout of the open database; NaN equals no value
        self._deadline = 0.0

    @contextlib.contextmanager
    def writing(self, timeout_s: float | None = None) -> Iterator[sqlite3.Connection]:
        """Yield the database for one transaction, which is committed at the end, or rolled back on an error.

        `timeout_s` overrides the limit of this object. Raises LedgerError.
        """
        with self._mapping_errors("write", timeout_s):
            if self._database is None:
                self._database = self._retrying(self._open)
            database = self._database
            self._wait_in_sqlite(0.0)
            self._retrying(lambda: database.execute("BEGIN IMMEDIATE"))
            try:
                yield database
                self.commit(database)
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise

    def commit(self, database: sqlite3.Connection) -> None:
        """Commit the transaction now if it is still open. Raises sqlite3.Error."""
        if database.in_transaction:
            self._retrying(lambda: database.execute("COMMIT"))

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """Yield the database, None if the file does not exist. Raises LedgerError."""
        with self._mapping_errors("read"):
            if self._database is None and self._exists():
                self._database = self._retrying(self._open_to_read)
            self._wait_in_sqlite(self._timeout_s)
            yield self._database

    def close(self) -> None:
        """Close the database without a checkpoint, so that its write-ahead log stays.

        The last connection that closes writes the log into the database, and the run would wait for two disk
        syncs. A read-only connection cannot do this, so one is closed last. SQLite does a checkpoint anyway
        once the log has grown to a few megabytes.
        """
        with self._lock:  # closing a connection that another thread uses crashes the process
            if self._database is None:
                return
            with contextlib.suppress(sqlite3.Error):
                last = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
                with contextlib.closing(last):
                    version_of(last)  # a connection counts only after it has read something
                    self._database.close()
            self._database.close()
            self._database, self._sqlite_timeout_s = None, math.nan

    def vacuum(self) -> None:
        """Rewrite the database without any trace of deleted rows. Raises LedgerError."""
        with self._mapping_errors("write"):
            database = self._database
            assert database is not None  # noqa: S101 - rows were deleted just now
            self._retrying(lambda: database.execute("VACUUM"))
            self._retrying(lambda: _empty_log(database))

    def _open(self) -> sqlite3.Connection:
        make_folder(self.path.parent)
        self._check_regular()
        with contextlib.suppress(FileExistsError):  # SQLite gives its log the same mode
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL, FILE_MODE))
        try:
            return self._connect_and_migrate(exclusive=False)
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                raise
            # The write-ahead mode needs shared memory, which network file systems do not have. A connection
            # with an exclusive lock does not need it and can end that mode.
            return self._connect_and_migrate(exclusive=True)

    def _connect_and_migrate(self, *, exclusive: bool) -> sqlite3.Connection:
        """Return the database with the latest schema, in a journal mode that the file system supports."""
        database = self._connect(str(self.path))
        try:
            if exclusive:
                for pragma in ROLLBACK_JOURNAL:
                    database.execute(f"PRAGMA {pragma}").fetchall()
            elif version_of(database) <= 0:
                check_ours(database)
                database.execute("PRAGMA journal_mode = WAL")
            # A power failure can lose the last rows but never damages the database.
            database.execute("PRAGMA synchronous = NORMAL")
            self._migrate(database, version_of(database))
        except BaseException:
            database.close()
            raise
        return database

    def _migrate(self, database: sqlite3.Connection, version: int) -> None:
        if version > len(MIGRATIONS):
            formats = f"format {version}; this nbx supports up to {len(MIGRATIONS)}"
            why = f"it was written by a newer nbx ({formats})"
            raise LedgerError(f"cannot use the ledger {self.path}", why, HINT)
        if version < len(MIGRATIONS):
            migrate(database)

    def _wait_in_sqlite(self, timeout_s: float) -> None:
        """Set how long SQLite itself waits for other processes, for reads. Writes wait in `_retrying`."""
        if self._database is not None and timeout_s != self._sqlite_timeout_s:
            self._database.execute(f"PRAGMA busy_timeout = {round(timeout_s * 1000)}")
            self._sqlite_timeout_s = timeout_s

    def _exists(self) -> bool:
        """Return whether anything exists at this path. Raises OSError."""
        try:
            self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def _check_regular(self) -> None:
        """Raise LedgerError for a folder, pipe or device: SQLite would wait for it, or fill it."""
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise LedgerError(f"cannot use the ledger {self.path}", "it is not a regular file", HINT)

    def _open_to_read(self) -> sqlite3.Connection:
        try:
            return self._open()
        except (sqlite3.OperationalError, OSError):
            if os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK):
                raise
        # The file system or the file permissions allow reading only.
        return self._connect(f"{self.path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)

    def _connect(self, name: str, *, uri: bool = False) -> sqlite3.Connection:
        left = max(0.0, self._deadline - time.monotonic())
        database = sqlite3.connect(name, timeout=left, isolation_level=None, check_same_thread=False, uri=uri)
        database.text_factory = _decode
        database.create_aggregate("total_cost", 1, _TotalCost)  # type: ignore[arg-type]  # it returns text
        database.create_function("contains", 3, _contains, deterministic=True)
        return database

    def _retrying(self, work: Callable[[], Result]) -> Result:
        """Repeat `work` while another process holds the database, until the timeout.

        SQLite's own busy handler sleeps longer after each attempt, so that with many writers some starve.
        """
        while True:
            try:
                return work()
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > self._deadline:
                    raise
            time.sleep(RETRY_INTERVAL_S)

    @contextlib.contextmanager
    def _mapping_errors(self, verb: str, timeout_s: float | None = None) -> Iterator[None]:
        with self._lock:
            self._deadline = time.monotonic() + (self._timeout_s if timeout_s is None else timeout_s)
            try:
                yield
            except sqlite3.Error as error:
                if _is_busy(error):
                    raise BusyError(f"cannot {verb} the ledger {self.path}", HELD, HINT) from None
                name = getattr(error, "sqlite_errorname", "")
                known = (why for start, why in _WHY.items() if name.startswith(start))
                why = next(known, shorten(str(error)))
                raise LedgerError(f"cannot {verb} the ledger {self.path}", why, HINT) from None
            except OSError as error:
                why = error.strerror or str(error)
                raise LedgerError(f"cannot {verb} the ledger {self.path}", why, HINT) from None


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _decode(data: bytes) -> str:
    """Decode a string of the database; damaged bytes must not prevent reading the rest of the row."""
    return data.decode("utf-8", "replace")


def _empty_log(database: sqlite3.Connection) -> None:
    """Write the log into the database and truncate it. Raises _LogInUseError if it is being read."""
    if database.execute("PRAGMA wal_checkpoint (TRUNCATE)").fetchone()[0]:
        raise _LogInUseError


def _contains(prompt: str, answer: str, word: str) -> bool:
    """Return whether either text contains the word, ignoring case."""
    word = word.casefold()
    return word in prompt.casefold() or word in answer.casefold()


class _TotalCost:
    """An aggregate function that adds costs exactly. It returns the sum and the number of unknown costs."""

    def __init__(self) -> None:
        self._known = ZERO
        self._unknown = 0

    def step(self, cost: Any) -> None:
        """Add a cost. NULL is unknown, and so is any value in a damaged database that is not an amount."""
        amount = parse_amount(cost)
        if amount is None:
            self._unknown += 1
        else:
            self._known += amount

    def finalize(self) -> str:
        """Return both numbers as text, separated by a space."""
        return f"{self._known} {self._unknown}"
