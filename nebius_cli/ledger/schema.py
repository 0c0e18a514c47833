"""The ledger's tables, one migration after another; an old database gets those it lacks when it is opened.

A change of the schema is one more function at the end of MIGRATIONS. Those that were released stay as
they are: databases in the world are at each of them.
"""

import sqlite3
from collections.abc import Callable


def m001_requests(database: sqlite3.Connection) -> None:
    """Make a row for each request: Unix time in milliseconds, seconds, tokens, USD as exact decimal text."""
    database.execute(
        """
        CREATE TABLE requests (
            id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: a deleted one names nothing else
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
    """Make a place for what was sent and what came, and an index of the words in it.

    Trigrams find words in the middle of others, and in languages that put no blanks between them.
    """
    columns = "id INTEGER PRIMARY KEY, query TEXT NOT NULL, body BLOB NOT NULL, answers TEXT NOT NULL"
    database.execute(f"CREATE TABLE texts ({columns})")
    database.execute("CREATE VIRTUAL TABLE words USING fts5 (prompt, answer, tokenize = 'trigram')")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (m001_requests, m002_texts)


def migrate(database: sqlite3.Connection) -> None:
    """Bring a database up to date, all or nothing. Raises sqlite3.Error."""
    database.execute("BEGIN IMMEDIATE")
    try:
        # Asked again, now that nobody else can be at it.
        version = version_of(database)
        for number, migration in enumerate(MIGRATIONS[version:], version + 1):
            migration(database)
            database.execute(f"PRAGMA user_version = {number}")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def version_of(database: sqlite3.Connection) -> int:
    """Return how many migrations a database has had. Raises sqlite3.Error."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])
