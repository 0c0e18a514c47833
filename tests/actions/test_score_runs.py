"""`nbx score --jsonl -o`: the features of a bulk run, for scores."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.echo_server import EchoServer
from tests.support.ledger import rows_of
from tests.support.rows import records, refuse, write_rows
from tests.support.run import Runner

OUT = Path("out.jsonl")
RUN = ("score", "--jsonl", "in.jsonl", "-o", "out.jsonl")
TEXTS = [{"id": f"id {n}", "context": f"Row {n}:", "text": " and its text"} for n in range(40)]
QUESTIONS: list[dict[str, Any]] = [
    {"id": f"q {n}", "context": f"Question {n}?", "choices": [" not at all", " yes"], "gold": int(n % 4 > 0)}
    for n in range(8)
]


def accuracy(acc: str, norm: str, count: int) -> str:
    return f"acc {acc}, acc_norm {norm}, acc_bytes {norm}, {count} questions"


def totals(path: Path = OUT) -> dict[Any, float]:
    return {record["id"]: record["log_likelihood"] for record in records(path)}


def test_each_row_has_one_record_with_its_score_and_no_prompt(score: Runner, echo_server: EchoServer) -> None:
    write_rows(Path("in.jsonl"), TEXTS)
    result = score(*RUN)
    assert (result.code, result.out) == (0, ""), result.err
    assert totals() == {row["id"]: -len(" and its text") / 4 for row in TEXTS}
    assert set(echo_server.asked.values()) == {1}
    first = records(OUT)[0]
    assert list(first)[:8] == [
        "id", "index", "body_hash", "attempts", "latency_s", "usage", "error", "log_likelihood",
    ]  # fmt: skip
    assert "prompt" not in first
    assert "response" not in first
    assert "requests" in result.err  # the totals of the run


def test_a_run_resumes_where_it_stopped_and_its_accuracy_covers_all_questions(
    score: Runner, echo_server: EchoServer
) -> None:
    write_rows(Path("in.jsonl"), [*TEXTS, *QUESTIONS])
    echo_server.answer = lambda prompt: refuse(400, "too long") if "7" in prompt else None
    result = score(*RUN)
    assert result.code == 9
    assert accuracy("0.7143 ± 0.1844", "0.2857 ± 0.1844", 7) in result.err
    failed = {row["id"]: row for row in map(json.loads, Path("out.failed.jsonl").read_bytes().splitlines())}
    assert failed.keys() == {"id 7", "id 17", "id 27", "id 37", "q 7"}
    assert {name: failed["q 7"][name] for name in QUESTIONS[7]} == QUESTIONS[7]
    echo_server.answer = lambda _: None
    echo_server.asked.clear()
    result = score(*RUN)
    assert result.code == 0, result.err
    assert len(echo_server.asked) == 4 + 2
    assert accuracy("0.7500 ± 0.1637", "0.2500 ± 0.1637", 8) in result.err
    assert len(records(OUT)) == 48
    assert not Path("out.failed.jsonl").exists()


def test_failed_rows_can_be_the_input_of_another_run(score: Runner, echo_server: EchoServer) -> None:
    write_rows(Path("in.jsonl"), [TEXTS[0], QUESTIONS[0]])
    echo_server.answer = lambda _: refuse(400, "too long")
    assert score(*RUN).code == 9
    echo_server.answer = lambda _: None
    assert score("score", "--jsonl", "out.failed.jsonl", "-o", "again.jsonl").code == 0
    assert {record["id"] for record in records(Path("again.jsonl"))} == {"id 0", "q 0"}


def test_a_question_is_sent_in_one_request_and_fails_if_any_choice_fails(
    score: Runner, echo_server: EchoServer
) -> None:
    write_rows(Path("in.jsonl"), QUESTIONS[:2])
    assert score(*RUN, "--group", "1").code == 0
    assert sorted(len(body["prompt"]) for body in echo_server.bodies) == [2, 2]
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "cost": None}
    assert [record["usage"] for record in records(OUT)] == [usage, usage]
    echo_server.answer = lambda prompt: refuse(422, "no") if prompt.endswith("1? yes") else None
    assert score(*RUN, "--restart").code == 9
    found = {record["id"]: record["error"] for record in records(OUT)}
    assert found == {"q 0": None, "q 1": {"exit": 3, "status": 422, "message": "the server answered 422: no"}}


def test_a_changed_gold_or_context_boundary_is_scored_again(score: Runner, echo_server: EchoServer) -> None:
    write_rows(Path("in.jsonl"), [*TEXTS[:2], *QUESTIONS[:2]])
    assert score(*RUN).code == 0
    changed = {"id": "id 0", "context": "Row 0: and", "text": " its text"}
    write_rows(Path("in.jsonl"), [changed, TEXTS[1], QUESTIONS[0], {**QUESTIONS[1], "gold": 0}])
    echo_server.asked.clear()
    result = score(*RUN)
    assert result.code == 0, result.err
    assert len(echo_server.asked) == 3
    found = {record["id"]: record for record in records(OUT)}
    assert found["id 0"]["log_likelihood"] == -len(" its text") / 4
    assert (found["q 1"]["gold"], found["q 1"]["acc"]) == (0, 0)


def test_the_rows_of_csv_and_text_are_scored(score: Runner) -> None:
    with Path("in.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "context", "text", "choices", "gold", "other"])
        table.writerow(["a", "Row 1:", " and its text", "", "", "x"])
        table.writerow(["b", "Question?", "", '[" not at all", " yes"]', "1", ""])
    result = score("score", "--jsonl", "in.csv", "-o", "out.jsonl")
    assert result.code == 0, result.err
    one, two = sorted(records(OUT), key=lambda record: record["index"])
    assert (one["id"], one["log_likelihood"]) == ("a", -13 / 4)
    assert (two["id"], two["acc"], len(two["choices"])) == ("b", 1, 2)
    result = score("score", "--jsonl", "-", "--format", "text", stdin=b"Two words\nand three words\n")
    assert [json.loads(line)["tokens"] for line in result.out.splitlines()] == [2, 3]


def test_the_rows_of_parquet_are_scored(score: Runner) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = {"context": ["Question?", "Q"], "choices": [[" no", " yes"], [" a", " bc"]], "gold": [0, None]}
    parquet.write_table(arrow.table(table), "in.parquet")
    result = score("score", "--jsonl", "in.parquet", "-o", "out.jsonl")
    assert result.code == 0, result.err
    assert "acc 1.0000, acc_norm 0.0000, acc_bytes 0.0000, 1 question" in result.err


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("in.csv", "id,question\n1,x\n", "in.csv has no column text or choices"),
        ("in.csv", "id,choices\n1,[\n", "line 2: choices is not JSON"),
        ("in.jsonl", "3\n", "a row must be a string or an object"),
        ("in.jsonl", "[1]\n", "a row must be a string or an object; jq"),
        ("in.jsonl", '{"text": 1}\n', "text is missing, empty or not a string; a row is"),
        ("in.jsonl", '{"choices": ["a"]}\n', "choices must be a list of two or more; a question is"),
        ("in.jsonl", '{"id": "", "text": "a"}\n', "id is empty"),
        ("in.jsonl", '"a\n', "line 1: "),
    ],
)
def test_rows_that_cannot_be_scored_are_reported_before_anything_is_sent(
    score: Runner, echo_server: EchoServer, name: str, data: str, said: str
) -> None:
    Path(name).write_text(data, "utf-8")
    result = score("score", "--jsonl", name, "-o", "out.jsonl")
    assert result.code in (2, 65)
    assert said in result.err
    assert not echo_server.bodies


def test_bad_rows_can_be_skipped(score: Runner) -> None:
    write_rows(Path("in.jsonl"), [TEXTS[0], {"text": ""}])
    assert score(*RUN, "--on-bad-row", "skip").code == 9
    assert {record["id"]: record["error"] is None for record in records(OUT)} == {"id 0": True, 1: False}


def test_a_run_stops_before_exceeding_a_cap_and_a_higher_cap_resumes_it(
    score: Runner, echo_server: EchoServer
) -> None:
    write_rows(Path("in.jsonl"), TEXTS)
    flags = ("--group", "2", "--concurrency", "1", "--price", "1/1")
    result = score(*RUN, *flags, "--max-total-tokens", "150")
    assert result.code == 10
    assert "raise --max-total-tokens to continue" in result.err
    scored = len(records(OUT))
    assert 0 < scored < 40
    assert sum((record["usage"] or {}).get("prompt_tokens", 0) for record in records(OUT)) <= 150
    assert score(*RUN, *flags, "--max-cost", "1").code == 0
    assert echo_server.asked.total() == 40
    assert len(totals()) == 40


def test_the_ledger_has_a_row_for_each_request_and_a_spent_budget_stops_the_run(
    score: Runner, echo_server: EchoServer
) -> None:
    write_rows(Path("in.jsonl"), TEXTS[:20])
    assert score(*RUN, "--group", "10", "--price", "1/2").code == 0
    rows = rows_of(score)
    assert [row["prompt_tokens"] for row in rows] == [50, 50]
    assert len({row["run"] for row in rows}) == 1
    score("config", "set", "budget.daily", "0.000001")
    before = len(echo_server.bodies)
    result = score(*RUN, "--restart", "--price", "1/2")
    assert (result.code, len(echo_server.bodies)) == (10, before)


def test_merged_shards_have_the_accuracy_of_all_rows(score: Runner, echo_server: EchoServer) -> None:
    write_rows(Path("in.jsonl"), QUESTIONS)
    for number in (1, 2, 3):
        flags = ("--shard", f"{number}/3", "-o", f"out-{number}.jsonl")
        assert score("score", "--jsonl", "in.jsonl", *flags).code == 0
    assert score("bulk", "merge", *(f"out-{n}.jsonl" for n in (1, 2, 3)), "-o", "all.jsonl").code == 0
    before = len(echo_server.bodies)
    result = score("score", "--jsonl", "in.jsonl", "-o", "all.jsonl")
    assert (result.code, len(echo_server.bodies)) == (0, before)
    assert accuracy("0.7500 ± 0.1637", "0.2500 ± 0.1637", 8) in result.err


def test_estimate_and_dry_run_send_nothing(score: Runner, echo_server: EchoServer) -> None:
    write_rows(Path("in.jsonl"), [*QUESTIONS, *TEXTS])
    estimate = score(*RUN, "--estimate", "--json", "--price", "1/1").json
    assert (estimate["rows"], estimate["completion_tokens_at_most"]) == (48, 8 * 2 + 40)
    body = score(*RUN, "--dry-run").json
    assert body["prompt"] == ["Question 0? not at all", "Question 0? yes"]
    assert (body["echo"], body["logprobs"], body["max_tokens"], body["temperature"]) == (True, 1, 1, 0)
    assert not echo_server.bodies
    assert not OUT.exists()


def test_two_models_are_compared_and_the_means_cover_all_rows(score: Runner, echo_server: EchoServer) -> None:
    write_rows(Path("in.jsonl"), TEXTS[:4])
    flags = ("-m", "one", "--against", "other", "--logprobs", "2")
    echo_server.answer = lambda prompt: refuse(400, "too long") if "3" in prompt else None
    assert score(*RUN, *flags).code == 9
    echo_server.answer = lambda _: None
    result = score(*RUN, *flags)
    assert result.code == 0, result.err
    assert len(records(OUT)) == 4
    for record in records(OUT):
        assert (record["log_likelihood"], record["against"]["log_likelihood"]) == (-13 / 4, -13 / 2)
        assert (record["difference"], record["kl"]["tokens"]) == (13 / 4, 3)
    assert "one minus other: log-likelihood 3.2500 ± 0.0000 on average over 4 texts" in result.err
    assert "(12 tokens)" in result.err


def test_a_server_that_ignores_echo_ends_the_run_early(score: Runner, echo_server: EchoServer) -> None:
    write_rows(Path("in.jsonl"), [{"text": f"Row {n}"} for n in range(2000)])
    echo_server.echoes = False
    result = score(*RUN, "--group", "1")
    assert result.code == 3
    assert "it ignores echo" in result.err
    assert len(echo_server.bodies) < 100
    assert not any(record["error"] is None for record in records(OUT))


def test_a_server_without_echo_gets_one_prompt_logprobs_request_per_prompt(
    score: Runner, echo_server: EchoServer
) -> None:
    write_rows(Path("in.jsonl"), [*TEXTS, *QUESTIONS])
    echo_server.echoes, echo_server.has_prompt_logprobs = False, True
    result = score(*RUN)
    assert result.code == 0, result.err
    assert result.err.count("the server does not echo prompts") == 1
    assert {record["log_likelihood"] for record in records(OUT) if "choices" not in record} == {-13 / 4}
    second = [body for body in echo_server.bodies if "prompt_logprobs" in body]
    assert len(second) == 40 + 2 * 8
    assert all(isinstance(body["prompt"], str) and "echo" not in body for body in second)
    echo_server.asked.clear()
    assert score(*RUN).code == 0  # the request differs, but the row is the same
    assert not echo_server.asked


def test_a_server_without_arrays_gets_one_prompt_per_request(score: Runner, echo_server: EchoServer) -> None:
    write_rows(Path("in.jsonl"), QUESTIONS * 1 + TEXTS)
    echo_server.accepts_arrays = False
    result = score(*RUN, "--retries", "0", "--concurrency", "2")
    assert result.code == 0, result.err
    assert result.err.count("does not accept several prompts per request") == 1
    assert len([body for body in echo_server.bodies if isinstance(body["prompt"], list)]) <= 3
    assert len(records(OUT)) == 48


@pytest.mark.parametrize(
    "flags", [("-o", "x.jsonl"), ("--max-cost", "1"), ("--concurrency", "2"), ("--dry-run",)]
)
def test_flags_about_rows_need_jsonl(score: Runner, flags: tuple[str, ...]) -> None:
    result = score("score", "a text", *flags)
    assert result.code == 2
    assert "requires --jsonl" in result.err


def test_candidates_are_ranked_by_a_server_without_echo(score: Runner, echo_server: EchoServer) -> None:
    echo_server.echoes, echo_server.has_prompt_logprobs = False, True
    candidates = [" " + "x" * length for length in range(1, 18)]  # more than fit into one request
    result = score("rank", "-c", "Q:", *candidates, "--json")
    assert result.code == 0, result.err
    assert [entry["candidate"] for entry in result.json["candidates"]] == list(range(17))
    assert len([body for body in echo_server.bodies if "prompt_logprobs" in body]) == 17


def test_records_summary_and_the_refusal_of_a_changed_model_name_the_model(
    score: Runner,
) -> None:
    write_rows(Path("in.jsonl"), [*TEXTS[:2], QUESTIONS[0]])
    assert score(*RUN, "--against", "other", "--summary", "run.json").code == 0
    summary = json.loads(Path("run.json").read_bytes())
    for found in (*records(OUT), summary):
        assert (found["model"], found["against_model"]) == ("test/model", "other")
    assert (summary["texts"], summary["questions"]) == (2, 1)
    assert summary["against"]["tokens_scored"] == summary["tokens_scored"] > 0
    result = score(*RUN, "-m", "third", "--against", "other")
    assert result.code == 2
    assert "\n  the model (test/model before, third now) has changed\n" in result.err
