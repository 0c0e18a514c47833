"""Reserves amounts of the budgets for each process, so that all of them together never exceed a budget.

A process with a reservation also holds a lock file beside the database. The system releases the lock when
the process ends, even if it is killed; another process then deletes the reservation.
"""

import os
import re
import sqlite3
import stat
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from nebius_cli.core.errors_and_exit_codes import LedgerError
from nebius_cli.core.prices_and_costs import ZERO, exact, parse_amount
from nebius_cli.ledger.entry_to_columns import milliseconds
from nebius_cli.ledger.sqlite_file import HINT, LedgerFile
from nebius_cli.system.lock import Lock, try_lock
from nebius_cli.system.read_and_replace_files import make_folder

_OWNER = r"[0-9a-f]{1,32}"
# A process reserves more than its next request needs, so that it rarely has to reserve again: this many times
# the need, but at most this share of what is left, so that parallel processes all get a share.
REQUESTS_AHEAD = 64
MAX_SHARE = Decimal(1) / 16


class Cap(NamedTuple):
    """A budget: at most `limit` USD from the Unix time `since` on."""

    since: float
    limit: Decimal


class _Spent:
    """The cost of requests since a Unix time. Rows never change and ids grow, so each row is read once."""

    def __init__(self, since: float) -> None:
        self.since = since
        self._last_id = 0
        self._sum = ZERO

    def sum(self, database: sqlite3.Connection) -> Decimal:
        query = "SELECT total_cost(cost), MAX(id) FROM requests WHERE time >= ? AND id > ?"
        total, last = database.execute(query, (milliseconds(self.since), self._last_id)).fetchone()
        if last is not None:
            self._sum += Decimal(str(total).split()[0])
            self._last_id = last
        return self._sum


class Reservations:
    """The reserved amounts in a ledger, including the one of this process."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file
        self._folder = file.path.with_suffix(".owners")
        self._owner = ""
        self._lock: Lock | None = None
        self._spent: dict[int, _Spent] = {}

    def reserve(
        self, least: Decimal, caps: Sequence[Cap], *, ahead: bool, timeout_s: float | None
    ) -> Decimal:
        """Reserve at least this amount within every cap. Return the added amount, 0 if it exceeds a cap.

        With `ahead`, reserve for later requests as well if there is enough. Raises LedgerError.
        """
        try:
            make_folder(self._folder)
            while self._lock is None:  # another process may be checking the new lock
                self._owner = os.urandom(8).hex()
                self._lock = try_lock(self._path(self._owner))
        except OSError as error:
            why = error.strerror or str(error)
            raise LedgerError(f"cannot write a file beside the ledger {self._file.path}", why, HINT) from None
        with self._file.writing(timeout_s) as database:
            left = self._left(database, caps)
            if least > left:
                self._release_dead(database)
                left = self._left(database, caps)
            if least > left:
                return ZERO
            amount = max(least, min(least * REQUESTS_AHEAD, left * MAX_SHARE)) if ahead else least
            self._set(database, self._own(database) + amount)
        return amount

    def reduce(self, database: sqlite3.Connection, amount: Decimal) -> None:
        """Reduce the reservation of this process, in the transaction that records the amount as spent."""
        self._set(database, max(ZERO, self._own(database) - amount))

    def release(self) -> None:
        """Release everything that this process has reserved. Raises LedgerError."""
        if self._lock is None:
            return
        try:
            with self._file.writing() as database:
                self._set(database, ZERO)
        finally:  # without the lock, the next process deletes the row
            self._lock.release()
            self._lock = None

    def _path(self, owner: str) -> Path:
        return self._folder / f"{owner}.lock"

    def _left(self, database: sqlite3.Connection, caps: Sequence[Cap]) -> Decimal:
        rows = database.execute("SELECT amount FROM reservations")
        reserved = sum((parse_amount(amount) or ZERO for (amount,) in rows), ZERO)
        left = []
        for number, cap in enumerate(caps):
            spent = self._spent.get(number)
            if spent is None or spent.since != cap.since:  # at midnight a new day begins
                spent = self._spent[number] = _Spent(cap.since)
            left.append(cap.limit - spent.sum(database) - reserved)
        return min(left)

    def _release_dead(self, database: sqlite3.Connection) -> None:
        owners = {row[0] for row in database.execute("SELECT owner FROM reservations").fetchall()}
        for owner in owners | {path.stem for path in self._folder.glob("*.lock")}:
            if owner != self._owner and not self._is_running(str(owner)):
                database.execute("DELETE FROM reservations WHERE owner IS ?", (owner,))

    def _is_running(self, owner: str) -> bool:
        path = self._path(owner)
        if not re.fullmatch(_OWNER, owner):
            return False
        try:
            if not stat.S_ISREG(path.stat(follow_symlinks=False).st_mode):
                return False
            lock = try_lock(path)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        if lock is not None:
            lock.release()
        return lock is None

    def _own(self, database: sqlite3.Connection) -> Decimal:
        row = database.execute("SELECT amount FROM reservations WHERE owner = ?", (self._owner,)).fetchone()
        return (parse_amount(row[0]) if row else None) or ZERO

    def _set(self, database: sqlite3.Connection, amount: Decimal) -> None:
        if amount:
            values = (self._owner, exact(amount))
            database.execute("INSERT OR REPLACE INTO reservations VALUES (?, ?)", values)
        else:
            database.execute("DELETE FROM reservations WHERE owner = ?", (self._owner,))
