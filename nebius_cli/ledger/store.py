"""The ledger: a row for each request that was sent. Many processes may write it at the same time."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from nebius_cli.core.errors import LedgerError
from nebius_cli.core.money import exact
from nebius_cli.ledger.database import HINT, LOCK_TIMEOUT_S, BusyError, LedgerFile
from nebius_cli.ledger.entry import Entry, StoredText, plausible
from nebius_cli.ledger.pending import Pending

TYPE_CHECKING = False
if TYPE_CHECKING:  # a run that only writes its row need not import what queries need
    from nebius_cli.ledger.periods import Period
    from nebius_cli.ledger.sums import Sums

NAME = "ledger.db"
MIN_INDEXED_CHARS = 3  # the trigram index finds no shorter word
MAX_IDS_PER_STATEMENT = 500

COLUMNS = (
    *("id", "time", "model", "exit", "prompt_tokens", "completion_tokens", "cached_tokens"),
    *("reasoning_tokens", "cost", "input_price", "output_price", "cached_price", "latency", "first_token"),
    *("finish", "profile", "host", "run", "request_id"),
)
_INSERT = f"INSERT INTO requests ({', '.join(COLUMNS[1:])}) VALUES ({', '.join('?' * (len(COLUMNS) - 1))})"

# The ways to group rows → the SQL expression for the name of a group. Days are local days.
GROUPS = {
    "day": "strftime('%Y-%m-%d', time / 1000, 'unixepoch', 'localtime')",
    "model": "model",
    "profile": "profile",
    "run": "run",
}

LedgerRow = dict[str, Any]


class Ledger:
    """The ledger in the file `path`. Every method raises LedgerError; any thread may use it."""

    def __init__(self, path: Path, timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self._file = LedgerFile(path, timeout_s)
        self._pending = Pending(path)

    @property
    def path(self) -> Path:
        """The path of the database."""
        return self._file.path

    def close(self) -> None:
        """Close the database."""
        self._file.close()

    def append(self, entries: Sequence[Entry]) -> bool:
        """Write these entries and those in pending files, all in one transaction.

        Returns False if another program holds the ledger: the entries then wait in a pending file, and the
        next writer adds them.
        """
        rows = [(_values(entry), entry.text) for entry in entries]
        try:
            with self._file.writing() as database, self._pending.take() as waiting:
                both = [*waiting, *rows]
                if all(text is None for _, text in both):
                    database.executemany(_INSERT, (values for values, _ in both))
                else:  # one by one: a text needs the id of its row
                    for values, text in both:
                        number = database.execute(_INSERT, values).lastrowid
                        if text is not None:
                            _insert_text(database, number, text)
                self._file.commit(database)  # before the pending files are deleted
        except BusyError:
            try:
                if rows:
                    self._pending.add(rows, rows[0][0][0])
            except OSError as error:
                what = f"another program holds the ledger {self.path}"
                why = f"the entries cannot wait in a file beside it: {error.strerror}"
                raise LedgerError(what, why, HINT) from None
            return False
        return True

    def write_pending(self) -> None:
        """Write the entries in pending files, unless the ledger cannot be written."""
        with contextlib.suppress(LedgerError, OSError):  # the query that follows raises the error
            if self._pending.files:
                self.append(())

    def spent(self, since: float) -> tuple[Decimal, int]:
        """Return the total cost of the requests since a Unix time, and how many have an unknown cost."""
        query = "SELECT total_cost(cost) FROM requests WHERE time >= ?"
        with self._file.reading() as database:
            if database is None:
                return _total_cost(None)
            (total,) = database.execute(query, (_milliseconds(since),)).fetchone()
        return _total_cost(total)

    def sums(self, by: str, period: "Period") -> "list[Sums]":
        """Return the sums over the requests of a period for each day, model, profile or run."""
        from nebius_cli.ledger.sums import Sums

        names = ("prompt", "completion", "cached", "reasoning")
        sums = ", ".join(f"COALESCE(SUM({name}_tokens), 0)" for name in names)
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
                yield dict(zip(COLUMNS, row, strict=True))

    def latest(self, period: "Period", limit: int, words: Sequence[str] = ()) -> list[LedgerRow]:
        """Return the last rows of a period, newest first; with `words`, those whose text contains them all.

        Each row also has `prompt` and `answer`, which are None if its text is not stored.
        """
        columns = ", ".join(f"requests.{name}" for name in COLUMNS)
        where, values = _containing(words)
        query = f"""
            SELECT {columns}, prompt, answer
            FROM requests {"" if words else "LEFT"} JOIN words ON words.rowid = requests.id
            WHERE {_within(period)} {where} ORDER BY time DESC, requests.id DESC LIMIT ?
        """
        names = (*COLUMNS, "prompt", "answer")
        with self._file.reading() as database:
            rows = database.execute(query, (*values, limit)).fetchall() if database else []
        return [dict(zip(names, row, strict=True)) for row in rows]

    def find(self, number: int) -> tuple[LedgerRow, StoredText | None] | None:
        """Return a row and its text, None if there is no such row."""
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
        stored = StoredText(text[0], text[1], text[2], tuple(json.loads(text[3]))) if text else None
        return dict(zip(COLUMNS, row, strict=True)), stored

    def remove(self, ids: Sequence[int]) -> list[int]:
        """Delete rows and every trace of their texts; return the ids that existed."""
        return self._remove(f"id IN ({', '.join(map(str, ids))})")

    def prune(self, before: float) -> int:
        """Delete the rows before a Unix time and every trace of their texts; return how many."""
        return len(self._remove(f"time < {_milliseconds(before)}"))

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

    def count(self) -> int:
        """Return the number of rows."""
        with self._file.reading() as database:
            return int(database.execute("SELECT COUNT(*) FROM requests").fetchone()[0]) if database else 0


def _values(entry: Entry) -> tuple[Any, ...]:
    usage, price = plausible(entry.usage), entry.price
    counts = (usage.prompt, usage.completion, usage.cached, usage.reasoning) if usage else (None,) * 4
    money = (entry.cost, price.input, price.output, price.cached)
    return (
        _milliseconds(entry.time),
        _storable(entry.model),
        int(entry.exit),
        *counts,
        *(None if amount is None else exact(amount) for amount in money),
        entry.latency,
        entry.first_token,
        *map(_storable, (entry.finish, entry.profile, entry.host, entry.run, entry.request_id)),
    )


def _insert_text(database: sqlite3.Connection, row: int | None, text: StoredText) -> None:
    answers = json.dumps(text.answers)  # as ASCII, which escapes lone surrogates
    database.execute("INSERT INTO texts VALUES (?, ?, ?, ?)", (row, text.query, text.body, answers))
    words = (row, _storable(text.prompt), _storable("\n".join(text.answers)))
    database.execute("INSERT INTO words (rowid, prompt, answer) VALUES (?, ?, ?)", words)


def _storable(text: str) -> str:
    """Return text with lone surrogates replaced, because UTF-8 cannot encode them."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _total_cost(text: str | None) -> tuple[Decimal, int]:
    """Return the sum of the known costs and the number of unknown ones; SQLite gives NULL for no rows."""
    known, unknown = (text or "0 0").split()
    return Decimal(known), int(unknown)


def _milliseconds(when: float) -> int:
    return round(when * 1000)


def _within(period: "Period") -> str:
    bounds = [("time >=", period.since), ("time <", period.until)]
    return (
        " AND ".join(f"{operator} {_milliseconds(when)}" for operator, when in bounds if when is not None)
        or "1"
    )


def _containing(words: Sequence[str]) -> tuple[str, list[str]]:
    """Return the SQL condition that a text contains every word, ignoring case, and its values."""
    long = [word for word in words if len(word) >= MIN_INDEXED_CHARS]
    # In quotes, no character of a word is query syntax.
    match = " ".join('"{}"'.format(word.replace('"', '""')) for word in long)
    conditions, values = (["words MATCH ?"], [match]) if long else ([], [])
    for word in words:
        if len(word) < MIN_INDEXED_CHARS:  # too short for the index: search the texts
            conditions.append("contains(prompt, answer, ?)")
            values.append(word)
    return "".join(f" AND {condition}" for condition in conditions), values
