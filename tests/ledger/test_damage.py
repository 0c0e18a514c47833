"""Commands on a damaged ledger: every value is shown or left out, and no command crashes."""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.ledger import entry, keep, ledger_of, text
from tests.support.run import Runner

COMMANDS = (
    *(("usage",), ("usage", "--json", "--since", "all"), ("usage", "--by", "model"), ("usage", "export")),
    *(
        ("usage", "export", "--json"),
        ("usage", "plot", "--export", "/dev/null"),
        ("usage", "plot", "--since", "all"),
    ),
    *(("history",), ("history", "--json"), ("history", "search", "word"), ("history", "show", "1")),
    *(("history", "show", "1", "--json"), ("history", "rm", "2"), ("history", "prune", "--older-than", "9d")),
)

ODD: list[Any] = [
    "NaN",
    "Infinity",
    "-1",
    "soon",
    "1E+999999",
    "a\0b",
    b"\xff\xfe",
    9e18,
    -1e300,
    2**62,
    -5,
    "",
]
COLUMNS = (
    "time",
    "model",
    "exit",
    "prompt_tokens",
    "cached_tokens",
    "cost",
    "input_price",
    "latency",
    "finish",
    "run",
)


TEXTS = ("model", "finish", "run")


def change(nbx: Runner, *statements: tuple[str, tuple[Any, ...]]) -> None:
    database = sqlite3.connect(ledger_of(nbx).path)
    for statement, values in statements:
        database.execute(statement, values)
    database.commit()
    database.close()


@pytest.mark.parametrize("column", COLUMNS)
def test_any_value_in_a_column_is_shown_or_counts_as_unknown(nbx: Runner, column: str) -> None:
    now = time.time()
    keep(nbx, *[entry(now - number, text=text("a word", "an answer")) for number in range(len(ODD) + 2)])
    change(
        nbx,
        *[
            (f"UPDATE requests SET {column} = ? WHERE id = ?", (odd, number))
            for number, odd in enumerate(ODD, 1)
        ],
    )
    for command in COMMANDS:
        for tty in (False, True):
            done = nbx(*command, stdout_tty=tty)
            assert done.code in (0, 2), (command, done.err)
            assert column in TEXTS or "NaN" not in done.out, command


@pytest.mark.parametrize("column", ["query", "body", "answers"])
def test_damaged_texts_do_not_crash_history_show_and_rerun(nbx: Runner, column: str) -> None:
    keep(nbx, *[entry(number, text=text("a word", "an answer")) for number in range(1, 4)])
    for odd in (3, b"\xff", "[" * 99_999, "{}", '["a", 3]', None):
        if odd is not None:
            change(nbx, (f"UPDATE texts SET {column} = ?", (odd,)))
        for command in (
            ("history", "show", "1"),
            ("history", "show", "1", "--json"),
            ("history", "rerun", "1"),
        ):
            assert nbx(*command, "--base-url", "http://127.0.0.1:1").code in (0, 2, 7, 65), command


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def to_foreign(path: Path) -> None:
    path.unlink()
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE requests (a)")
    database.commit()
    database.close()


def to_newer(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 999")
    database.close()


STATES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "garbage": (lambda path: path.write_bytes(b"\0garbage\xff" * 999), "it is not a ledger"),
    "a folder": (to_folder, "it is not a regular file"),
    "a pipe": (to_pipe, "it is not a regular file"),
    "another program's": (to_foreign, "it is a database of another program"),
    "newer": (to_newer, "it was written by a newer nbx (format 999;"),
}


@pytest.mark.parametrize("state", STATES)
def test_a_file_that_is_not_a_ledger_is_a_config_error_and_stays_unchanged(nbx: Runner, state: str) -> None:
    keep(nbx, entry(1))
    path = ledger_of(nbx).path
    for side in ("-wal", "-shm"):
        Path(f"{path}{side}").unlink(missing_ok=True)
    prepare, said = STATES[state]
    prepare(path)
    before = path.lstat()
    for command in COMMANDS:
        done = nbx(*command)
        assert done.code == 78, command
        assert said in done.err
    assert (path.lstat().st_ino, path.lstat().st_size) == (before.st_ino, before.st_size)
