"""`nbx bulk` on a terminal and with signals: what it shows, what it keeps, how to resume."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from tests.sessions.conftest import Open
from tests.support.rows import Held, RowServer, complete_records, records, texts, write_rows
from tests.support.run import Runner
from tests.support.terminal import Terminal

CTRL_C = "\x03"
OUT = Path("out.jsonl")
RUN = ("bulk", "in.jsonl", "-o", "out.jsonl", "--concurrency", "4")
RESUME = "; to resume: nbx bulk in.jsonl -o out.jsonl --concurrency 4"


@pytest.fixture
def seen(bulk: Runner) -> Iterator[Open]:
    """Return a function that runs nbx, set up for the server of rows, in a new terminal."""
    with ExitStack() as stack:

        def start(*args: str, rows: int = 24, columns: int = 80, redirect: str = "") -> Terminal:
            environ = bulk.process_env({"TERM": "xterm-256color"})
            screen = Terminal(list(args), environ, rows=rows, columns=columns, redirect=redirect)
            return stack.enter_context(screen)

        yield start


@pytest.mark.parametrize("columns", [40, 80])
def test_progress_is_redrawn_in_the_same_lines_and_replaced_by_a_table(
    columns: int, seen: Open, row_server: RowServer
) -> None:
    row_server.answer = held = Held(after=50)
    write_rows(Path("in.jsonl"), 100)
    screen = seen(*RUN, "--price", "1/1", columns=columns)
    rows = screen.wait_for("50 of 100 rows", "4 in flight", "$0.000250 of about $0.000500")
    assert rows[0].startswith("━")
    assert rows[0].endswith("50 %")
    assert max(map(len, rows)) < columns
    held.let_go()
    assert screen.end() == 0
    table = dict(row.rsplit(maxsplit=1) for row in screen.rows if not row.startswith("─"))
    assert table["answered"] == "100"
    assert table["cost"] == "$0.000500"
    assert "━" not in str(screen)
    assert not screen.cursor_hidden


def test_a_bad_row_is_reported_above_the_progress(seen: Open, row_server: RowServer) -> None:
    row_server.answer = held = Held(after=1)
    Path("in.jsonl").write_text('"x"\n{"prompt": "\\u001b[31mred", "no\\u009b1m": 1}\n"y"\n')
    screen = seen(*RUN, "--on-bad-row", "skip")
    rows = screen.wait_for("2 of", "1 failed", "; left out")
    warning, bar = (next(n for n, row in enumerate(rows) if word in row) for word in ("warning", "━"))
    assert warning < bar
    held.let_go()
    assert screen.end() == 9
    assert b"\x9b" not in screen.raw
    assert any("failed" in row and row.endswith("1") for row in screen.rows)


def test_ctrl_c_starts_no_more_rows_and_waits_for_those_in_flight(seen: Open, row_server: RowServer) -> None:
    row_server.answer = held = Held(after=10)
    write_rows(Path("in.jsonl"), 100)
    screen = seen(*RUN, "--summary", "run.json")
    screen.wait_for("10 of 100 rows", "4 in flight")
    screen.type(CTRL_C)
    screen.wait_for("nbx: waiting up to 8 s for requests in flight: 4")
    held.let_go()
    assert screen.end() == 130
    stopped = f"nbx: stopped by Ctrl-C{RESUME} --summary run.json"
    # The screen drops a space at the end of a wrapped row.
    assert "".join(screen.rows).replace(" ", "").endswith(stopped.replace(" ", ""))
    assert set(texts(OUT)) == set(range(14)) == {record["id"] for record in records(OUT)}
    assert json.loads(Path("run.json").read_bytes())["stopped"] == "Ctrl-C"
    asked = row_server.asked.total()
    again = seen(*RUN, "--summary", "run.json")
    assert again.end() == 0
    assert row_server.asked.total() == asked + 86
    assert set(texts(OUT)) == set(range(100))
    assert len(records(OUT)) == 100


def test_a_second_ctrl_c_stops_at_once(seen: Open, row_server: RowServer) -> None:
    row_server.answer = held = Held(after=10)
    write_rows(Path("in.jsonl"), 100)
    screen = seen(*RUN)
    screen.wait_for("10 of 100 rows", "4 in flight")
    screen.type(CTRL_C)
    screen.wait_for("press Ctrl-C again to stop now")
    screen.type(CTRL_C)
    assert screen.end() == 130
    assert "requests abandoned: 4; the next run sends their rows again" in str(screen)
    assert len(texts(OUT)) == 10
    held.let_go()
    assert seen(*RUN).end() == 0
    assert len(records(OUT)) == len(texts(OUT)) == 100


def test_sigterm_exits_with_143_and_the_run_can_be_resumed(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = held = Held(after=10)
    write_rows(Path("in.jsonl"), 40)
    with bulk.start(*RUN) as process:
        held.reached()
        while len(complete_records(OUT)) < 10:
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        line = process.stderr.readline()
        assert b"waiting up to 8 s for" in line
        assert line.endswith(b"; a second signal stops the run now\n")
        held.let_go()
        _, err = process.communicate(timeout=30)
    assert process.returncode == 143
    assert err.decode().endswith(f"\nnbx: stopped by SIGTERM{RESUME}\n")
    assert bulk(*RUN).code == 0
    assert len(records(OUT)) == len(texts(OUT)) == 40
    assert set(row_server.asked.values()) == {1}


def test_a_second_signal_keeps_the_cost_of_requests_in_flight(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = held = Held(after=10)
    write_rows(Path("in.jsonl"), 40)
    priced = (*RUN, "--max-tokens", "8", "--price", "1000/1000")
    with bulk.start(*priced) as process:
        held.reached()
        while len(complete_records(OUT)) < 10:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert b"waiting up to 8 s for" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 130
    held.let_go()
    unfinished = [record for record in records(OUT) if record["error"]]
    assert len(unfinished) == 4
    assert all(record["error"]["unfinished"] for record in unfinished)
    spent = sum(Decimal(record["usage"]["cost"]) for record in records(OUT))
    again = bulk(*priced, "--max-cost", str(spent))
    assert (again.code, "stopped before exceeding --max-cost" in again.err) == (10, True)
    assert row_server.asked.total() == 14


def test_answers_on_a_terminal_are_escaped_and_no_progress_is_shown(
    seen: Open, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), ["\x9b31m evil"])
    screen = seen("bulk", "in.jsonl")
    assert screen.end() == 0
    assert "-o FILE saves them" in "".join(screen.rows)
    assert b"\x9b" not in screen.raw.replace(b"\xc2\x9b", b"\x9b")
    assert "━" not in str(screen)


def test_the_run_ends_silently_when_the_reader_of_stdout_exits(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = held = Held(after=1)
    write_rows(Path("in.jsonl"), 2000)
    words = [sys.executable, "-m", "nebius_cli", "bulk", "in.jsonl", "-q"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=bulk.process_env()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b'{"id":')
        process.stdout.close()
        held.let_go()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 141
    assert row_server.asked.total() < 2000
