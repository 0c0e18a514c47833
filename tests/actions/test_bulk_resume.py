"""`nbx bulk` resumes a stopped run: answered rows are skipped, and no answer is lost or duplicated."""

import json
import re
import time
from pathlib import Path

import pytest

from tests.support.rows import Held, RowServer, completion, records, refuse, texts, write_rows
from tests.support.run import Runner
from tests.support.server import Reply, hang_up

OUT = Path("out.jsonl")
RUN = ("bulk", "in.jsonl", "-o", "out.jsonl")
RESUME = "\n  to resume: nbx bulk in.jsonl -o out.jsonl"


def test_answered_rows_are_not_sent_again(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), 20)
    assert bulk(*RUN).code == 0
    before = OUT.read_bytes()
    write_rows(Path("in.jsonl"), 30)
    row_server.asked.clear()
    result = bulk(*RUN)
    assert result.code == 0
    assert "already answered\t20\n" in result.err
    assert set(row_server.asked) == {f"prompt {number}" for number in range(20, 30)}
    assert set(texts(OUT)) == set(range(30))
    assert OUT.read_bytes().startswith(before)


def test_bad_rows_of_a_resumed_run_are_reported_and_the_answers_are_kept(
    bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), 3)
    assert bulk(*RUN).code == 0
    before = OUT.read_bytes()
    with Path("in.jsonl").open("a") as file:
        file.write("[\n")
    assert (bulk(*RUN).code, bulk(*RUN, "--restart").code, OUT.read_bytes()) == (65, 65, before)
    assert row_server.asked.total() == 3


def test_an_input_that_changes_during_the_run_stops_it(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = held = Held()
    write_rows(Path("in.jsonl"), 30_000)
    with bulk.start(*RUN, "--concurrency", "1") as process:
        held.reached()
        with Path("in.jsonl").open("a") as file:
            file.write('"new"\n')
        held.let_go()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 65, err
    assert b"in.jsonl changed during the run" in err
    assert f"{RESUME} --concurrency 1\n".encode() in err
    assert 1 <= len(texts(OUT)) <= 1000


def test_a_changed_request_is_sent_again_and_its_answer_replaced(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), [{"id": "a", "prompt": "old"}, {"id": "b", "prompt": "same"}])
    assert bulk(*RUN).code == 0
    write_rows(Path("in.jsonl"), [{"id": "a", "prompt": "new"}, {"id": "b", "prompt": "same"}])
    row_server.asked.clear()
    assert bulk(*RUN).code == 0
    assert row_server.asked == {"new": 1}
    assert texts(OUT) == {"a": " NEW", "b": " SAME"}


@pytest.mark.parametrize(
    "flags", [("--temperature", "0"), ("--ai-project-id", "other"), ("--base-url", "http://127.0.0.1:9/v1")]
)
@pytest.mark.parametrize("survey", [(), ("--on-bad-row", "skip")])
def test_a_changed_flag_is_refused_instead_of_paying_for_every_row_again(
    flags: tuple[str, ...], survey: tuple[str, ...], bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), 3)
    assert bulk(*RUN).code == 0
    before = OUT.read_bytes()
    write_rows(Path("in.jsonl"), 5)
    changed = bulk(*RUN, *flags, *survey)
    assert (changed.code, OUT.read_bytes()) == (2, before), changed.err
    assert "every row of out.jsonl would be sent and paid for again" in changed.err
    assert bulk(*RUN, *survey).code == 0
    assert row_server.asked.total() == 5


def test_a_changed_flag_with_restart_sends_every_row_again(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), 3)
    assert bulk(*RUN).code == 0
    before = OUT.read_bytes()
    assert bulk(*RUN, "--ai-project-id", "other", "--restart").code == 0
    assert (row_server.asked.total(), Path("out.jsonl.old").read_bytes()) == (6, before)
    assert bulk(*RUN, "--ai-project-id", "other").code == 0
    assert row_server.asked.total() == 6


def test_answers_of_older_versions_are_valid_for_any_url(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), 3)
    assert bulk(*RUN).code == 0
    old = re.sub(rb'("body_hash":"[0-9a-f]{32})[0-9a-f]{8}"', rb'\1"', OUT.read_bytes())
    assert len(old) == OUT.stat().st_size - 3 * 8
    OUT.write_bytes(old)
    assert bulk(*RUN).code == 0
    assert row_server.asked.total() == 3


def test_answers_to_removed_rows_are_kept_and_reported(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 3)
    assert bulk(*RUN).code == 0
    write_rows(Path("in.jsonl"), 2)
    result = bulk(*RUN)
    assert "out.jsonl has 1 answer to rows that are not in this input; nbx bulk merge" in result.err
    assert set(texts(OUT)) == {0, 1, 2}


def test_restart_sends_every_row_again(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), 3)
    assert bulk(*RUN).code == 0
    assert bulk(*RUN, "--restart").code == 0
    assert set(row_server.asked.values()) == {2}
    assert len(records(OUT)) == 3
    assert bulk("bulk", "in.jsonl", "--restart").code == 2


def test_a_partial_record_is_removed_and_its_row_sent_again(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), 5)
    assert bulk(*RUN, "--concurrency", "1").code == 0
    OUT.write_bytes(OUT.read_bytes()[:-30])
    result = bulk(*RUN)
    assert result.code == 0
    assert "partial record" in result.err
    assert sorted(texts(OUT)) == [0, 1, 2, 3, 4]
    assert row_server.asked["prompt 4"] == 2


def test_a_refused_key_stops_the_run_and_fails_no_row(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = lambda prompt: refuse(401, "bad key") if prompt >= "prompt 5" else None
    write_rows(Path("in.jsonl"), [f"prompt {number}" for number in range(10)])
    result = bulk(*RUN, "--concurrency", "1", "--max-tokens", "2")
    assert result.code == 4
    assert result.err.count("answered 401") == 1
    again = "to resume: nbx bulk in.jsonl -o out.jsonl --concurrency 1 --max-tokens 2"
    assert result.err.endswith(f"\n  the key is from NEBIUS_API_KEY: replace it there; {again}\n")
    assert sorted(texts(OUT)) == [0, 1, 2, 3, 4] == [record["id"] for record in records(OUT)]
    assert row_server.asked.total() == 6
    row_server.answer = lambda _: None
    assert bulk(*RUN, "--concurrency", "1", "--max-tokens", "2").code == 0
    assert len(records(OUT)) == len(texts(OUT)) == 10


def test_a_model_that_does_not_exist_stops_the_run(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = lambda _: refuse(404, "no such model")
    write_rows(Path("in.jsonl"), 100)
    result = bulk(*RUN, "--concurrency", "2")
    assert (result.code, records(OUT)) == (3, [])
    assert row_server.asked.total() <= 2


def test_the_command_to_resume_hides_the_key_and_does_not_restart(
    bulk: Runner, row_server: RowServer
) -> None:
    row_server.answer = lambda _: [hang_up]
    write_rows(Path("in.jsonl"), 1)
    words = ("--restart", "--api-key", bulk.environ["NEBIUS_API_KEY"], "--stop", "a  b\n")
    result = bulk(*RUN, *words, "--retries", "0", env={"NEBIUS_API_KEY": ""})
    assert result.code == 7
    assert "to resume: nbx bulk in.jsonl -o out.jsonl --api-key KEY --stop $'a \\x20b\\x0a'" in result.err


def test_a_second_process_is_refused_while_the_first_one_runs(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = held = Held()
    write_rows(Path("in.jsonl"), 2)
    with bulk.start(*RUN) as first:
        held.reached()
        second = bulk(*RUN)
        assert second.code == 2
        assert "another nbx bulk or nbx score is writing" in second.err
        held.let_go()
        assert first.wait(30) == 0
    assert row_server.asked.total() == 2
    assert bulk(*RUN).code == 0


def test_a_run_that_was_stopped_by_a_full_disk_can_be_resumed(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), 200)
    with bulk.start(*RUN, "--max-tokens", "3", before="ulimit -f 20; ") as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 74, err
    assert f"{RESUME} --max-tokens 3\n".encode() in err
    kept = texts(OUT)
    assert 0 < len(kept) < 200
    seen = -1
    while seen != (seen := row_server.asked.total()):  # requests in flight arrive late
        time.sleep(0.3)
    row_server.asked.clear()
    assert bulk(*RUN, "--max-tokens", "3").code == 0
    assert len(texts(OUT)) == len(records(OUT)) == 200
    assert row_server.asked.total() == 200 - len(kept)


def test_bad_rows_are_reported_before_anything_is_sent(bulk: Runner, row_server: RowServer) -> None:
    Path("in.jsonl").write_text('"x"\n{"prompt": "y", "temprature": 1}\n[\n3\n4\n')
    result = bulk(*RUN)
    assert result.code == 65
    assert "in.jsonl, line 2: unknown member 'temprature' (did you mean temperature?)" in result.err
    assert "line 3: " in result.err
    assert "1 more" in result.err
    assert "--on-bad-row skip" in result.err
    assert (row_server.bodies, OUT.exists()) == ([], False)


def test_bad_rows_can_be_skipped(bulk: Runner, row_server: RowServer) -> None:
    Path("in.jsonl").write_text('"x"\n' + "[\n" * 12 + '"y"\n')
    result = bulk(*RUN, "--on-bad-row", "skip", "--ordered")
    assert result.code == 9
    assert result.err.count("; left out") == 10
    assert "12 bad rows" in result.err
    assert texts(OUT) == {0: " X", 13: " Y"}
    assert [record["index"] for record in records(OUT)] == list(range(14))
    assert records(OUT)[3]["error"]["line"] == 4
    piped = bulk("bulk", "in.jsonl", "--on-bad-row", "skip", "--ordered", "-q")
    assert [json.loads(line)["index"] for line in piped.out.splitlines()] == list(range(14))


def test_a_bad_row_in_a_pipe_stops_the_run_at_that_row(bulk: Runner, row_server: RowServer) -> None:
    result = bulk("bulk", "-", "-o", "out.jsonl", stdin=b'"a"\n"b"\n[\n"c"\n')
    assert result.code == 65
    assert "stdin, line 3" in result.err
    assert result.err.endswith("\n  --on-bad-row skip leaves bad rows out\n")
    assert texts(OUT) == {0: " A", 1: " B"}
    assert bulk("bulk", "-", "-o", "out.jsonl", stdin=b'"a"\n"b"\n"c"\n').code == 0
    assert texts(OUT) == {0: " A", 1: " B", 2: " C"}
    assert set(row_server.asked.values()) == {1}


def test_the_input_is_not_overwritten(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 1)
    before = Path("in.jsonl").read_bytes()
    assert bulk("bulk", "in.jsonl", "-o", "in.jsonl").code == 2
    assert Path("in.jsonl").read_bytes() == before


@pytest.mark.parametrize("answer", [completion(["x"])[:-20], completion(["x"], choices=[]), b"garbage"])
def test_an_incomplete_answer_is_retried(answer: bytes, bulk: Runner, row_server: RowServer) -> None:
    first: list[Reply] = [[answer, hang_up]]
    row_server.answer = lambda _: first.pop() if first else None
    write_rows(Path("in.jsonl"), ["x"])
    assert bulk(*RUN).code == 0
    assert (records(OUT)[0]["attempts"], texts(OUT)) == (2, {0: " X"})
