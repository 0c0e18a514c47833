"""Results of many threads are all written, in the order of the input on request, and counted."""

import itertools
import json
import os
import threading
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nebius_cli.bulk.input.row import Row
from nebius_cli.bulk.options import BulkOptions, read
from nebius_cli.bulk.output.record_format import Result
from nebius_cli.bulk.output.stream_output import StreamOutput
from nebius_cli.bulk.result_writer import MAX_HELD_ROWS, ResultWriter, open_output
from nebius_cli.bulk.run_counts import RunCounts
from nebius_cli.core.errors_and_exit_codes import ServerError
from tests.support.rows import source_of, write_rows

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "cost": "0.5"}


def accept(row: Row) -> None:
    """Accept any row."""


def make_writer(**options: Any) -> tuple[ResultWriter, list[bytes], RunCounts]:
    """Return a writer, the data it has written, and its counts."""
    written: list[bytes] = []
    asked, counts = read(BulkOptions(on_bad_row="skip", **options), str), RunCounts()
    return ResultWriter(StreamOutput(written.append), asked, {}, counts), written, counts


def indexes(written: list[bytes]) -> list[int]:
    return [json.loads(line)["index"] for line in b"".join(written).splitlines()]


def answer(row: Row, error: ServerError | None = None) -> Result:
    return Result(row, 1, 0.1, dict(USAGE), error, None if error else {})


@pytest.mark.parametrize("ordered", [True, False])
def test_results_of_many_threads_are_all_written_and_ordered_on_request(
    tmp_path: Path, *, ordered: bool
) -> None:
    out, written, counts = make_writer(ordered=ordered)
    warned: list[str] = []
    path = write_rows(tmp_path / "in.jsonl", [*(str(n) for n in range(7)), 8, *(str(n) for n in range(292))])
    with source_of(path) as source:
        rows = [row for row in out.rows_to_send(source, accept, warned.append) if row]
    Random(1).shuffle(rows)

    def put(part: list[Row]) -> None:
        for row in part:
            out.put(answer(row, ServerError("broke") if row.index % 50 == 3 else None))

    threads = [threading.Thread(target=put, args=(rows[number::8],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out.finish(complete=True)
    found = indexes(written)
    assert (found if ordered else sorted(found)) == list(range(300))
    assert (counts.seen, counts.answered, counts.failed, counts.bad) == (300, 293, 7, 1)
    assert (counts.prompt_tokens, counts.completion_tokens) == (897, 598)
    assert counts.cost == Decimal("149.5")
    assert [line.startswith(f"{path}, line 8: ") for line in warned] == [True]


def test_no_more_rows_are_taken_while_too_many_results_are_held_back(tmp_path: Path) -> None:
    out, written, _ = make_writer(ordered=True)
    with source_of(write_rows(tmp_path / "in.jsonl", MAX_HELD_ROWS + 5)) as source:
        taken = [row for row in itertools.islice(out.rows_to_send(source, accept, len), MAX_HELD_ROWS) if row]
    assert not out.has_room()
    out.put(answer(taken[1]))
    assert (out.has_room(), written) == (False, [])
    out.put(answer(taken[0]))
    assert (out.has_room(), indexes(written)) == (True, [0, 1])


def test_bad_rows_wait_for_room_like_other_rows(tmp_path: Path) -> None:
    out, written, counts = make_writer(ordered=True)
    path = write_rows(tmp_path / "in.jsonl", ["first", *([8] * (MAX_HELD_ROWS + 5))])
    first, full = threading.Event(), threading.Event()

    def read() -> None:
        with source_of(path) as source:
            for row in out.rows_to_send(source, accept, len):
                if row is not None:
                    taken.append(row)
                    first.set()
        full.set()

    taken: list[Row] = []
    thread = threading.Thread(target=read)
    thread.start()
    assert first.wait(30)
    while out.has_room():
        assert not full.is_set()
    assert (counts.bad <= MAX_HELD_ROWS, written) == (True, [])
    out.put(answer(taken[0]))
    thread.join(30)
    assert indexes(written) == list(range(MAX_HELD_ROWS + 6))


def test_a_run_that_ends_early_writes_the_results_held_back(tmp_path: Path) -> None:
    out, written, _ = make_writer(ordered=True)
    with source_of(write_rows(tmp_path / "in.jsonl", 3)) as source:
        taken = [row for row in out.rows_to_send(source, accept, len) if row]
    out.put(answer(taken[2]))
    assert written == []
    out.finish(complete=False)
    assert indexes(written) == [2]


def test_a_named_pipe_is_closed_when_the_output_is_closed(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    output = open_output(BulkOptions(output=str(pipe)), lambda _: None, lambda _: None)
    output.append(b"{}\n")
    output.close()
    reader.join(30)
    assert read == [b"{}\n"]
