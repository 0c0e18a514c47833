"""Stores a row for each request in the ledger, which many processes may write at the same time."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from nebius_cli.core.errors_and_exit_codes import LedgerError
from nebius_cli.core.prices_and_costs import MAX_TOKENS
from nebius_cli.core.short_text import shorten
from nebius_cli.ledger import entry_to_columns
from nebius_cli.ledger.entry import Entry, StoredText
from nebius_cli.ledger.entry_to_columns import COLUMNS, Values, milliseconds, storable
from nebius_cli.ledger.pending_rows_file import Pending
from nebius_cli.ledger.sqlite_file import HINT, LOCK_TIMEOUT_S, LedgerFile

TYPE_CHECKING = False
if TYPE_CHECKING:  # a run that only writes its row does not import what queries need
    from nebius_cli.ledger.budget_reservations import Reservations
    from nebius_cli.ledger.periods import Period
    from nebius_cli.ledger.sums import Sums

NAME = "ledger.db"
MIN_INDEXED_CHARS = 3  # the trigram index cannot find shorter words
MAX_IDS_PER_STATEMENT = 500
MAX_ROWS_PER_STATEMENT = 32

_NAMES = ", ".join(COLUMNS[1:])
_PLACEHOLDERS = f"({', '.join('?' * (len(COLUMNS) - 1))})"
_INSERT_PENDING = f"INSERT OR IGNORE INTO requests ({_NAMES}, pending_id) VALUES {_PLACEHOLDERS[:-1]}, ?)"

# The ways to group rows, with the SQL expression for a group's name. Days are in local time.
GROUPS = {
    "day": "COALESCE(strftime('%Y-%m-%d', time / 1000, 'unixepoch', 'localtime'), '')",
    **{name: f"CAST({name} AS TEXT)" for name in ("model", "profile", "run")},  # damaged ones may be numbers
}

LedgerRow = dict[str, Any]


class Ledger:
    """The ledger in the file `path`. Every method may raise LedgerError; any thread may use it."""

    def __init__(self, path: Path, timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self.path = path
        self._file = LedgerFile(path, timeout_s)
        self._pending = Pending(path)
        self._pending_taken = False  # whether the rows of pending files have been taken

    @cached_property
    def reservations(self) -> "Reservations":
        """The amounts of the budgets that running processes have reserved."""
        from nebius_cli.ledger.budget_reservations import Reservations

        return Reservations(self._file)

    @property
    def pending_files(self) -> list[Path]:
        """The files beside the database with pending rows, or that nbx cannot read."""
        return self._pending.files

    def close(self) -> None:
        """Close the database."""
        self._file.close()
        self._pending.close()

    def append(
        self, entries: Sequence[Entry], *, spent: Decimal | None = None, timeout_s: float | None = None
    ) -> None:
        """Write these entries and, the first time, those in pending files, all in one transaction.

        `spent` is the part of the reserved USD that these entries cost; the same transaction subtracts it.
        `timeout_s` overrides the limit of this object. Raises LedgerError if nothing is written;
        `write_to_pending_file` then keeps the entries for the next writer.
        """
        rows = [(entry_to_columns.of_entry(entry), entry.text) for entry in entries]
        taken: list[Path] = []
        with self._file.writing(timeout_s) as database:
            _insert(database, rows)
            if spent is not None:
                self.reservations.reduce(database, spent)
            if not self._pending_taken:
                taken = self._take_pending(database)
            self._file.commit(database)  # before the pending files are deleted
        self._pending_taken = True
        for file in taken:
            with contextlib.suppress(OSError):  # the next writer deletes it
                file.unlink()

    def write_to_pending_file(self, entries: Sequence[Entry]) -> None:
        """Write entries to a pending file; the next writer adds them. Raises LedgerError."""
        try:
            self._pending.add([(entry_to_columns.of_entry(entry), entry.text) for entry in entries])
        except OSError as error:
            why = error.strerror or str(error)
            raise LedgerError(f"cannot write a file beside the ledger {self.path}", why, HINT) from None
        self._pending_taken = False

    def write_pending(self) -> None:
        """Write the entries of pending files to the database, unless it cannot be written."""
        with contextlib.suppress(LedgerError):  # the query that follows raises the error
            if self._pending.files:
                self._pending_taken = False
                self.append(())

    def _take_pending(self, database: sqlite3.Connection) -> list[Path]:
        """Insert the rows of pending files; return the files. Damaged files do not end the transaction."""
        files = []
        for file, rows in self._pending.take():
            for row in rows:
                done = database.execute(_INSERT_PENDING, (*row.values, row.pending_id))
                if row.text is not None and done.rowcount:
                    _insert_text(database, done.lastrowid, row.text)
            files.append(file)
        return files

    def spent(self, since: float) -> tuple[Decimal, int]:
        """Return the total cost of the requests since a Unix time, and how many have an unknown cost."""
        query = "SELECT total_cost(cost) FROM requests WHERE time >= ?"
        with self._file.reading() as database:
            if database is None:
                return _total_cost(None)
            (total,) = database.execute(query, (milliseconds(since),)).fetchone()
        return _total_cost(total)

    def sums(self, by: str, period: "Period") -> "list[Sums]":
        """Return the sums over the requests of a period for each day, model, profile or run."""
        from nebius_cli.ledger.sums import Sums

        names = ("prompt", "completion", "cached", "reasoning")
        sums = ", ".join(map(_sum_of_tokens, names))
        query = f"""
            SELECT {GROUPS[by]} AS part, COUNT(*), SUM(exit <> 0), {sums}, total_cost(cost)
            FROM requests WHERE {_within(period)} GROUP BY part ORDER BY part
        """
        with self._file.reading() as database:
            rows = database.execute(query).fetchall() if database else []
        return [Sums._make((*counts, *_total_cost(total))) for *counts, total in rows]

    def rows(self, period: "Period") -> Iterator[LedgerRow]:
        """Yield the rows of a period with all columns of the table, oldest first."""
        query = f"SELECT {', '.join(COLUMNS)} FROM requests WHERE {_within(period)} ORDER BY time, id"
        with self._file.reading() as database:
            for row in database.execute(query) if database else ():
                yield entry_to_columns.from_database(row)

    def latest(self, period: "Period", limit: int, words: Sequence[str] = ()) -> list[LedgerRow]:
        """Return the last rows of a period, newest first; with `words`, only those whose text has all words.

        Each row also has `prompt` and `answer`, which are None if its text is not stored.
        """
        columns = ", ".join(f"requests.{name}" for name in COLUMNS)
        where, values = _containing(words)
        query = f"""
            SELECT {columns}, prompt, answer
            FROM requests {"" if words else "LEFT"} JOIN words ON words.rowid = requests.id
            WHERE {_within(period)} {where} ORDER BY time DESC, requests.id DESC LIMIT ?
        """
        with self._file.reading() as database:
            rows = database.execute(query, (*values, limit)).fetchall() if database else []
        return [
            {
                **entry_to_columns.from_database(row),
                "prompt": entry_to_columns.text(prompt),
                "answer": entry_to_columns.text(answer),
            }
            for *row, prompt, answer in rows
        ]

    def find(self, number: int) -> tuple[LedgerRow, StoredText | None] | None:
        """Return the row with this id and its text, None if there is no such row."""
        query = f"SELECT {', '.join(COLUMNS)} FROM requests WHERE id = ?"
        texts = """
            SELECT body, query, prompt, answers FROM texts JOIN words ON words.rowid = texts.id
            WHERE texts.id = ?
        """
        with self._file.reading() as database:
            row = database.execute(query, (number,)).fetchone() if database else None
            text = database.execute(texts, (number,)).fetchone() if database else None
        if row is None:
            return None
        return entry_to_columns.from_database(row), entry_to_columns.text_from_database(text)

    def last_outside_bulk(self) -> int | None:
        """Return the id of the newest row outside of bulk runs, None if there is none."""
        with self._file.reading() as database:
            query = "SELECT id FROM requests WHERE run = '' ORDER BY id DESC LIMIT 1"
            row = database.execute(query).fetchone() if database else None
        return None if row is None else int(row[0])

    def remove(self, ids: Sequence[int]) -> list[int]:
        """Delete rows and every trace of their texts; return the ids that existed."""
        return self._remove(f"id IN ({', '.join(map(str, ids))})")

    def prune(self, before: float) -> int:
        """Delete the rows before a Unix time and every trace of their texts; return their number."""
        return len(self._remove(f"time < {milliseconds(before)}"))

    def _remove(self, condition: str) -> list[int]:
        with contextlib.suppress(OSError):  # the write below raises the same error
            if not self.path.exists():
                return []
        with self._file.writing() as database:
            deleted = [
                row[0] for row in database.execute(f"SELECT id FROM requests WHERE {condition} ORDER BY id")
            ]
            for start in range(0, len(deleted), MAX_IDS_PER_STATEMENT):
                ids = ", ".join(map(str, deleted[start : start + MAX_IDS_PER_STATEMENT]))
                database.execute(f"DELETE FROM words WHERE rowid IN ({ids})")
                database.execute(f"DELETE FROM texts WHERE id IN ({ids})")
                database.execute(f"DELETE FROM requests WHERE id IN ({ids})")
            if deleted:  # the index keeps deleted words until it is merged
                database.execute("INSERT INTO words (words) VALUES ('optimize')")
        if deleted:
            self._file.vacuum()
        return deleted

    def problem(self) -> str | None:
        """Return the first problem in the database, None if it is intact or missing."""
        with self._file.reading() as database:
            found = database.execute("PRAGMA quick_check (1)").fetchone() if database else None
        return None if found is None or found[0] == "ok" else shorten(str(found[0]))

    def count(self) -> int:
        """Return the number of rows."""
        with self._file.reading() as database:
            return int(database.execute("SELECT COUNT(*) FROM requests").fetchone()[0]) if database else 0


def _insert(database: sqlite3.Connection, rows: Sequence[tuple[Values, StoredText | None]]) -> None:
    # Many rows in one statement: each statement releases the interpreter lock, and a busy bulk run waits long
    # to get it back. Rows with a text are inserted one by one, because the text needs the id of its row.
    for has_text, group in groupby(rows, lambda row: row[1] is not None):
        size = 1 if has_text else MAX_ROWS_PER_STATEMENT
        while batch := list(islice(group, size)):
            values = [value for row, _ in batch for value in row]
            number = database.execute(_insert_statement(len(batch)), values).lastrowid
            if (text := batch[0][1]) is not None:
                _insert_text(database, number, text)


@lru_cache(maxsize=MAX_ROWS_PER_STATEMENT)
def _insert_statement(rows: int) -> str:
    return f"INSERT INTO requests ({_NAMES}) VALUES " + ", ".join([_PLACEHOLDERS] * rows)


def _sum_of_tokens(name: str) -> str:
    """Return the SQL sum of a column; a value that is not a token count counts as 0."""
    column = f"{name}_tokens"
    is_count = f"typeof({column}) = 'integer' AND {column} BETWEEN 0 AND {MAX_TOKENS}"
    return f"COALESCE(SUM(CASE WHEN {is_count} THEN {column} END), 0)"


def _insert_text(database: sqlite3.Connection, row: int | None, text: StoredText) -> None:
    answers = json.dumps(text.answers)  # as ASCII, which escapes lone surrogates
    database.execute("INSERT INTO texts VALUES (?, ?, ?, ?)", (row, text.query, text.body, answers))
    words = (row, storable(text.prompt), storable("\n".join(text.answers)))
    database.execute("INSERT INTO words (rowid, prompt, answer) VALUES (?, ?, ?)", words)


def _total_cost(text: str | None) -> tuple[Decimal, int]:
    """Return the sum of the known costs and the number of unknown ones; SQLite returns NULL for no rows."""
    known, unknown = (text or "0 0").split()
    return Decimal(known), int(unknown)


def _within(period: "Period") -> str:
    bounds = [("time >=", period.since), ("time <", period.until)]
    return (
        " AND ".join(f"{operator} {milliseconds(when)}" for operator, when in bounds if when is not None)
        or "1"
    )


def _containing(words: Sequence[str]) -> tuple[str, list[str]]:
    """Return the SQL condition that a text contains every word, ignoring case, and its values."""
    long = [word for word in words if len(word) >= MIN_INDEXED_CHARS]
    # Quoted, so that no character of a word is query syntax.
    match = " ".join('"{}"'.format(word.replace('"', '""')) for word in long)
    conditions, values = (["words MATCH ?"], [match]) if long else ([], [])
    short = [word for word in words if word not in long]  # too short for the index, so all texts are searched
    conditions += ["contains(prompt, answer, ?)"] * len(short)
    values += short
    return "".join(f" AND {condition}" for condition in conditions), values
