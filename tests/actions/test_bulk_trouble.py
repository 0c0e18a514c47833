"""`nbx bulk` with servers that fail: every row gets the right result, without needless requests."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from tests.support.bulk_server import BulkServer
from tests.support.rows import RowServer, records, refuse, texts, write_rows
from tests.support.run import Runner
from tests.support.server import closed_port

OUT = Path("out.jsonl")
RUN = ("bulk", "in.jsonl", "-o", "out.jsonl")
ROWS = int(os.environ.get("NBX_TEST_ROWS", "300"))  # 10,000 for the full acceptance test
RETRIES = 8


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[BulkServer]:
    """Run a server in its own process."""
    server = BulkServer(folder, *options)
    server.start()
    yield server
    server.kill()


def test_every_row_is_answered_although_a_fifth_of_all_requests_fails(bulk: Runner, tmp_path: Path) -> None:
    write_rows(Path("in.jsonl"), ROWS)
    with running(tmp_path, "--fail", "0.2", "--seed", "7") as server:
        env = {"NEBIUS_BASE_URL": server.url}
        result = bulk(*RUN, "--retries", str(RETRIES), "--concurrency", "64", "--max-tokens", "4", env=env)
        assert result.code == 0, result.err
        sent = server.sent()
    assert texts(OUT) == {number: f" prompt {number}" for number in range(ROWS)}
    assert len(records(OUT)) == ROWS
    attempts = {record["prompt"]: record["attempts"] for record in records(OUT)}
    # If an open connection ends before the first byte of an answer, the same attempt sends the request again.
    assert all(sent[prompt] <= 2 * attempts[prompt] for prompt in attempts)
    assert max(attempts.values()) <= 1 + 10 * RETRIES
    assert ROWS < sum(attempts.values()) < 1.6 * ROWS


def test_every_row_is_answered_with_automatic_concurrency_and_in_groups(bulk: Runner, tmp_path: Path) -> None:
    rows = ROWS // 4
    write_rows(Path("in.jsonl"), rows)
    with running(tmp_path, "--fail", "0.2", "--kinds", "500,reset,cut,garbage,unfinished") as server:
        env = {"NEBIUS_BASE_URL": server.url}
        result = bulk(*RUN, "--retries", str(RETRIES), "--group", "3", env=env)
        assert result.code == 0, result.err
    assert texts(OUT) == {number: f" prompt {number}" for number in range(rows)}


def test_no_row_is_lost_if_the_server_dies_and_restarts(bulk: Runner, tmp_path: Path) -> None:
    write_rows(Path("in.jsonl"), 400)
    with running(tmp_path, "--delay", "0.05") as server:
        with bulk.start(*RUN, "--concurrency", "8", env={"NEBIUS_BASE_URL": server.url}) as process:
            while server.sent().total() < 100:
                assert process.poll() is None
            server.kill()
            assert len(records(OUT)) < 400
            server.start()
            _, err = process.communicate(timeout=60)
            assert process.returncode == 0, err
        assert texts(OUT) == {number: f" prompt {number}" for number in range(400)}
        assert len(records(OUT)) == 400
        assert server.sent().total() < 400 + 40


def test_a_server_that_does_not_exist_stops_the_run_and_fails_no_row(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 100)
    url = f"http://127.0.0.1:{closed_port()}/v1"
    result = bulk(*RUN, "--retries", "1", env={"NEBIUS_BASE_URL": url})
    assert result.code == 7
    assert "; to resume: nbx bulk in.jsonl -o out.jsonl --retries 1\n" in result.err
    assert records(OUT) == []
    assert not Path("out.failed.jsonl").exists()


def test_a_wait_that_the_server_asks_for_is_respected(bulk: Runner, row_server: RowServer) -> None:
    refusals = [refuse(429, "slow down", Retry_After="0.2") for _ in range(5)]
    row_server.answer = lambda _: refusals.pop() if refusals else None
    write_rows(Path("in.jsonl"), 10)
    result = bulk(*RUN, "--retries", "1")
    assert result.code == 0, result.err
    assert len(texts(OUT)) == 10
    assert "retries\t5\n" in result.err


def test_the_number_of_retries_is_limited(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = lambda prompt: refuse(500, "broken") if prompt == "prompt 1" else None
    write_rows(Path("in.jsonl"), 3)
    assert bulk(*RUN, "--retries", "2").code == 9
    assert row_server.asked == {"prompt 0": 1, "prompt 1": 3, "prompt 2": 1}
    (failed,) = [record for record in records(OUT) if record["error"]]
    assert (failed["attempts"], failed["error"]["exit"], failed["error"]["status"]) == (3, 6, 500)


def test_an_output_name_that_is_too_long_fails_before_anything_is_sent(
    bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), 2)
    result = bulk("bulk", "in.jsonl", "-o", "x" * 300)
    assert (result.code, "File name too long" in result.err) == (74, True)
    assert row_server.requests == []
