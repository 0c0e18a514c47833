"""Defines the tables of the ledger as migrations; opening an old database applies the missing ones.

To change the schema, add a function to the end of MIGRATIONS. Never change a released migration: users have
databases at every version.
"""

import sqlite3
from collections.abc import Callable


def m001_requests(database: sqlite3.Connection) -> None:
    """Create the table of requests. Times are Unix milliseconds, durations seconds, amounts USD as text."""
    database.execute(
        """
        CREATE TABLE requests (
            id INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused, even after a request is deleted
            time INTEGER NOT NULL,
            model TEXT NOT NULL,
            exit INTEGER NOT NULL,
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            cached_tokens INTEGER,
            reasoning_tokens INTEGER,
            cost TEXT,
            input_price TEXT,
            output_price TEXT,
            cached_price TEXT,
            latency REAL,
            first_token REAL,
            finish TEXT NOT NULL,
            profile TEXT NOT NULL,
            host TEXT NOT NULL,
            run TEXT NOT NULL,
            request_id TEXT NOT NULL
        )
        """
    )
    database.execute("CREATE INDEX requests_by_time ON requests (time, cost)")


def m002_texts(database: sqlite3.Connection) -> None:
    """Create the table of request texts and a full-text index over them.

    Trigrams also find parts of words, and words in languages that do not separate them with spaces.
    """
    columns = "id INTEGER PRIMARY KEY, query TEXT NOT NULL, body BLOB NOT NULL, answers TEXT NOT NULL"
    database.execute(f"CREATE TABLE texts ({columns})")
    database.execute("CREATE VIRTUAL TABLE words USING fts5 (prompt, answer, tokenize = 'trigram')")


def m003_reservations(database: sqlite3.Connection) -> None:
    """Add unique ids for rows from pending files, and create the table of reserved amounts.

    `owner` is the name of the lock that the reserving process holds; `amount` is in USD, as text.
    """
    database.execute("ALTER TABLE requests ADD COLUMN pending_id TEXT")
    # A partial index: only the few rows that were in a pending file are in it.
    on = "ON requests (pending_id) WHERE pending_id IS NOT NULL"
    database.execute(f"CREATE UNIQUE INDEX requests_by_pending_id {on}")
    database.execute("CREATE TABLE reservations (owner TEXT PRIMARY KEY NOT NULL, amount TEXT NOT NULL)")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (m001_requests, m002_texts, m003_reservations)


def migrate(database: sqlite3.Connection) -> None:
    """Run the missing migrations in one transaction. Raises sqlite3.Error."""
    database.execute("BEGIN IMMEDIATE")
    try:
        # Read the version again, now that no other process can migrate the database.
        version = version_of(database)
        for number, migration in enumerate(MIGRATIONS[version:], version + 1):
            migration(database)
            database.execute(f"PRAGMA user_version = {number}")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def check_ours(database: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError for a database that has tables but is not a ledger."""
    # One statement reads one state, even if another process is creating the tables of a ledger.
    query = "SELECT user_version, (SELECT COUNT(*) FROM sqlite_master) FROM pragma_user_version"
    version, tables = database.execute(query).fetchone()
    if version < 0 or (version == 0 and tables):
        raise sqlite3.DatabaseError("it is a database of another program")


def version_of(database: sqlite3.Connection) -> int:
    """Return the number of migrations that were applied to a database. Raises sqlite3.Error."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])
