"""The ledger: a row for each request that was sent, written by many processes at once, and its questions."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from nebius_cli.core.errors import LedgerError
from nebius_cli.core.money import ZERO
from nebius_cli.ledger.database import HINT, PATIENCE, BusyError, LedgerFile
from nebius_cli.ledger.entry import Entry, Text, sound
from nebius_cli.ledger.pending import Pending

TYPE_CHECKING = False
if TYPE_CHECKING:  # what only questions need costs a run nothing that writes its row
    from nebius_cli.ledger.periods import Period
    from nebius_cli.ledger.sums import Sums

NAME = "ledger.db"
SHORTEST = 3  # characters of a word that the index can find
MOST_AT_ONCE = 500  # ids in one statement

COLUMNS = (
    *("id", "time", "model", "exit", "prompt_tokens", "completion_tokens", "cached_tokens"),
    *("reasoning_tokens", "cost", "input_price", "output_price", "cached_price", "latency", "first_token"),
    *("finish", "profile", "host", "run", "request_id"),
)
_INSERT = f"INSERT INTO requests ({', '.join(COLUMNS[1:])}) VALUES ({', '.join('?' * (len(COLUMNS) - 1))})"

# What rows may be put together by → the name of the group in SQL. The day is the local calendar's.
GROUPS = {
    "day": "strftime('%Y-%m-%d', time / 1000, 'unixepoch', 'localtime')",
    "model": "model",
    "profile": "profile",
    "run": "run",
}

LedgerRow = dict[str, Any]


class Ledger:
    """The ledger in the file `path`. Every method raises LedgerError; any thread may use it."""

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self._file = LedgerFile(path, patience)
        self._pending = Pending(path)

    @property
    def path(self) -> Path:
        """Where the database is."""
        return self._file.path

    def close(self) -> None:
        """Let go of the database."""
        self._file.close()

    def append(self, entries: Sequence[Entry]) -> bool:
        """Write entries, and those that wait, in one transaction: all of them or none.

        Return False where another program holds the ledger: the entries wait beside it, and the next
        writer takes them in.
        """
        rows = [(_values(entry), entry.text) for entry in entries]
        try:
            with self._file.writing() as database, self._pending.taken() as waiting:
                both = [*waiting, *rows]
                if all(text is None for _, text in both):
                    database.executemany(_INSERT, (values for values, _ in both))
                else:  # one by one: a text needs the id that its row gets
                    for values, text in both:
                        number = database.execute(_INSERT, values).lastrowid
                        if text is not None:
                            _keep_text(database, number, text)
                self._file.commit(database)  # before those that waited are forgotten
        except BusyError:
            try:
                if rows:
                    self._pending.add(rows, rows[0][0][0])
            except OSError as error:
                what = f"the ledger {self.path} is held by another program"
                raise LedgerError(what, f"no row can wait beside it: {error.strerror}", HINT) from None
            return False
        return True

    def take_in(self) -> None:
        """Write the entries that wait, if the ledger can be had."""
        with contextlib.suppress(LedgerError, OSError):  # what is wrong with the place, the reading tells
            if self._pending.names:
                self.append(())

    def spent(self, since: float) -> tuple[Decimal, int]:
        """Return the cost of the requests since an instant, and how many of them have an unknown one."""
        query = "SELECT COALESCE(add_up(cost), '0'), COUNT(*) - COUNT(cost) FROM requests WHERE time >= ?"
        with self._file.reading() as database:
            if database is None:
                return ZERO, 0
            known, unknown = database.execute(query, (_milliseconds(since),)).fetchone()
        return Decimal(known), unknown

    def sums(self, by: str, period: "Period") -> "list[Sums]":
        """Return what the requests of a period come to, for each day, model, profile or run."""
        from nebius_cli.ledger.sums import Sums

        names = ("prompt", "completion", "cached", "reasoning")
        sums = ", ".join(f"COALESCE(SUM({name}_tokens), 0)" for name in names)
        query = f"""
            SELECT {GROUPS[by]} AS part, COUNT(*), SUM(exit <> 0), {sums}, COALESCE(add_up(cost), '0'),
                COUNT(*) - COUNT(cost)
            FROM requests WHERE {_within(period)} GROUP BY part ORDER BY part
        """
        with self._file.reading() as database:
            rows = database.execute(query).fetchall() if database else []
        return [Sums._make((*row[:7], Decimal(row[7]), row[8])) for row in rows]

    def rows(self, period: "Period") -> Iterator[LedgerRow]:
        """Yield the rows of a period with all columns of the table, oldest first."""
        query = f"SELECT {', '.join(COLUMNS)} FROM requests WHERE {_within(period)} ORDER BY time, id"
        with self._file.reading() as database:
            for row in database.execute(query) if database else ():
                yield dict(zip(COLUMNS, row, strict=True))

    def latest(self, period: "Period", most: int, words: Sequence[str] = ()) -> list[LedgerRow]:
        """Return the last rows of a period, newest first: those whose text holds every one of `words`.

        Beside the columns of the table each has `prompt` and `answer`, None where no text was kept.
        """
        columns = ", ".join(f"requests.{name}" for name in COLUMNS)
        where, values = _holding(words)
        query = f"""
            SELECT {columns}, prompt, answer
            FROM requests {"" if words else "LEFT"} JOIN words ON words.rowid = requests.id
            WHERE {_within(period)} {where} ORDER BY time DESC, requests.id DESC LIMIT ?
        """
        names = (*COLUMNS, "prompt", "answer")
        with self._file.reading() as database:
            rows = database.execute(query, (*values, most)).fetchall() if database else []
        return [dict(zip(names, row, strict=True)) for row in rows]

    def find(self, number: int) -> tuple[LedgerRow, Text | None] | None:
        """Return a row and its text, None where there is no such row."""
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
        kept = Text(text[0], text[1], text[2], tuple(json.loads(text[3]))) if text else None
        return dict(zip(COLUMNS, row, strict=True)), kept

    def remove(self, ids: Sequence[int]) -> list[int]:
        """Delete rows, and every trace of their texts; return the ids that there were."""
        return self._remove(f"id IN ({', '.join(map(str, ids))})")

    def prune(self, before: float) -> int:
        """Delete the rows before an instant, and every trace of their texts; return how many there were."""
        return len(self._remove(f"time < {_milliseconds(before)}"))

    def _remove(self, which: str) -> list[int]:
        with contextlib.suppress(OSError):  # what is wrong with the place, the writing tells
            if not self.path.exists():
                return []
        with self._file.writing() as database:
            gone = [row[0] for row in database.execute(f"SELECT id FROM requests WHERE {which} ORDER BY id")]
            for start in range(0, len(gone), MOST_AT_ONCE):
                some = ", ".join(map(str, gone[start : start + MOST_AT_ONCE]))
                database.execute(f"DELETE FROM words WHERE rowid IN ({some})")
                database.execute(f"DELETE FROM texts WHERE id IN ({some})")
                database.execute(f"DELETE FROM requests WHERE id IN ({some})")
            if gone:  # the index keeps deleted words until its parts are put together
                database.execute("INSERT INTO words (words) VALUES ('optimize')")
        if gone:
            self._file.fold()
        return gone

    def count(self) -> int:
        """Return how many rows there are."""
        with self._file.reading() as database:
            return int(database.execute("SELECT COUNT(*) FROM requests").fetchone()[0]) if database else 0


def _values(entry: Entry) -> tuple[Any, ...]:
    usage, price = sound(entry.usage), entry.price
    counts = (usage.prompt, usage.completion, usage.cached, usage.reasoning) if usage else (None,) * 4
    money = (entry.cost, price.input, price.output, price.cached)
    return (
        _milliseconds(entry.time),
        _storable(entry.model),
        int(entry.exit),
        *counts,
        *(None if amount is None else format(amount, "f") for amount in money),
        entry.latency,
        entry.first_token,
        *map(_storable, (entry.finish, entry.profile, entry.host, entry.run, entry.request_id)),
    )


def _keep_text(database: sqlite3.Connection, row: int | None, text: Text) -> None:
    answers = json.dumps(text.answers)  # ASCII, which carries lone surrogates as escapes
    database.execute("INSERT INTO texts VALUES (?, ?, ?, ?)", (row, text.query, text.body, answers))
    words = (row, _storable(text.prompt), _storable("\n".join(text.answers)))
    database.execute("INSERT INTO words (rowid, prompt, answer) VALUES (?, ?, ?)", words)


def _storable(text: str) -> str:
    """Return text without lone surrogates, for which UTF-8 has no bytes."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _milliseconds(when: float) -> int:
    return round(when * 1000)


def _within(period: "Period") -> str:
    bounds = [("time >=", period.since), ("time <", period.until)]
    return " AND ".join(f"{sign} {_milliseconds(when)}" for sign, when in bounds if when is not None) or "1"


def _holding(words: Sequence[str]) -> tuple[str, list[str]]:
    """Return the condition that a text holds every word, upper or lower case, and the values in it."""
    long = [word for word in words if len(word) >= SHORTEST]
    # In quotes a word is a word, whatever it is made of: nothing of it is syntax.
    match = " ".join('"{}"'.format(word.replace('"', '""')) for word in long)
    conditions, values = (["words MATCH ?"], [match]) if long else ([], [])
    for word in words:
        if len(word) < SHORTEST:  # too short for the index: the texts are read
            conditions.append("holds(prompt, answer, ?)")
            values.append(word)
    return "".join(f" AND {condition}" for condition in conditions), values
