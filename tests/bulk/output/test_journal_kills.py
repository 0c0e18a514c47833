"""After a run is killed at any moment, the next one finds exactly the records that were written."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from nebius_cli.bulk.output.append_records import MAX_WAITING_PIECES
from nebius_cli.bulk.output.journal import Journal
from nebius_cli.bulk.output.record_format import scan_head
from tests.support.answers import answer, failure, row, write


def test_a_file_truncated_at_any_byte_of_its_last_records_can_be_resumed(tmp_path: Path) -> None:
    rows = [row(n, "wörld\n", own_id=f'"{n}\\') for n in range(3)]
    lines = [answer(row, "é\n\u2028") for row in rows]
    content = b"".join(lines)
    path = tmp_path / "a.jsonl"
    for size in range(len(content) + 1):
        path.write_bytes(content[:size])
        notes: list[str] = []
        journal = Journal.open(str(path), restart=False, note=notes.append)
        # A record is complete from its last brace on, even without its newline.
        ends = [len(b"".join(lines[: n + 1])) - 1 for n in range(3)]
        kept = [size >= end for end in ends]
        assert [journal.has_answer(row) for row in rows] == kept
        journal.close()
        assert path.read_bytes() == b"".join(lines[: sum(kept)])
        left = size - len(b"".join(lines[: sum(kept)]))
        cut = "1 byte" if left == 1 else f"{left} bytes"
        assert notes == ([f"{path}: removed a partial record at the end, {cut}"] if left > 0 else [])


def texts(record: bytes) -> dict[str, Any]:
    """Return a record without its usage, to which the usage of replaced records is added."""
    value = json.loads(record)
    return {name: value[name] for name in value if name != "usage"}


class Crashes(RuleBasedStateMachine):
    """Runs that answer, fail, are killed at any byte, compacted or resumed, and a dict as the model."""

    @initialize(folder=st.integers(0, 10**12))
    def begin(self, folder: int) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / f"{folder}.jsonl"
        self.answers: dict[int, bytes] = {}
        self.journal: Journal | None = None
        self.open()

    def open(self) -> None:
        self.journal = Journal.open(str(self.path), restart=False, note=lambda _: None)
        self.ended: set[int] = set()  # rows that have a record of this run

    def teardown(self) -> None:
        if self.journal is not None:
            self.journal.close()
            self.folder.cleanup()

    @rule(number=st.integers(0, 5), good=st.booleans(), text=st.text())
    def result(self, number: int, text: str, *, good: bool) -> None:
        assert self.journal is not None
        if number in self.answers or number in self.ended:
            return  # a row with an answer, or with a record of this run, is not sent again
        self.ended.add(number)
        record = answer(row(number), text) if good else failure(row(number))
        self.journal.append(record)
        if good:
            self.answers[number] = record

    @rule(lost=st.integers(1, 400))
    def crash(self, lost: int) -> None:
        assert self.journal is not None
        self.journal.close()
        data = self.path.read_bytes()
        start = data[:-1].rfind(b"\n") + 1  # a kill can only truncate the last record
        cut = max(start, len(data) - lost)
        if data and cut < len(data) - 1 and (head := scan_head(data[start:])) is not None and head.ok:
            del self.answers[head.row_index]
        self.path.write_bytes(data[:cut])
        self.open()

    @rule(ordered=st.booleans())
    def end(self, *, ordered: bool) -> None:
        assert self.journal is not None
        self.journal.compact(ordered=ordered)
        self.journal.close()
        heads = [scan_head(line) for line in self.path.read_bytes().splitlines()]
        indexes = [head.row_index for head in heads if head is not None]
        assert len(set(indexes)) == len(indexes) == len(heads)
        if ordered:
            assert indexes == sorted(indexes)
        self.open()

    @invariant()
    def every_answer_is_in_the_file(self) -> None:
        if self.journal is None:
            return
        lines = self.path.read_bytes().splitlines(keepends=True)
        assert all(line.endswith(b"\n") for line in lines)
        found = [texts(line) for line in lines]
        assert all(found.count(texts(record)) == 1 for record in self.answers.values())

    @rule()
    def resume(self) -> None:
        assert self.journal is not None
        self.journal.close()
        self.open()
        assert {n for n in range(6) if self.journal.has_answer(row(n))} == set(self.answers)


Crashes.TestCase.settings = settings(max_examples=60, stateful_step_count=20)
test_whatever_happens_no_answer_is_lost_or_doubled = Crashes.TestCase


WRITER = """
import os, sys, threading
from nebius_cli.bulk.output.append_records import MAX_WAITING_PIECES
from nebius_cli.bulk.output.journal import Journal
from tests.support.answers import answer, row
journal = Journal.open(sys.argv[1], restart=False, note=lambda text: None)
rows = [row(n) for n in range(20_000) if not journal.has_answer(row(n))]
print(rows[0].index, flush=True)
def work(part):
    for number, one in enumerate(rows[part::4]):
        journal.append(answer(one, "x" * (number % 3000)))
        os.write(1, b"+")
for part in range(4):
    threading.Thread(target=work, args=(part,)).start()
"""


def test_a_run_that_is_killed_repeatedly_keeps_every_answer_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl")
    command = [sys.executable, "-c", WRITER, str(path)]
    for turn in range(8):
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as child:
            assert child.stdout is not None
            assert child.stdout.readline().strip().isdigit()
            some = 1 + 150 * turn
            assert child.stdout.read(some) == b"+" * some
            child.send_signal(signal.SIGKILL)
    journal = Journal.open(str(path), restart=False, note=lambda _: None)
    journal.close()
    heads = [scan_head(line) for line in path.read_bytes().splitlines(keepends=True)]
    indexes = [head.row_index for head in heads if head is not None]
    assert len(indexes) == len(heads) == len(set(indexes))
    # Each "+" follows a record that was written, or that was queued for the thread that writes.
    assert len(indexes) >= sum(1 + 150 * turn - MAX_WAITING_PIECES for turn in range(8))
