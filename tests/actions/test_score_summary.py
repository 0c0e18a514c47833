"""The totals of `nbx score --jsonl`: which rows they cover, and what they contain."""

import json
from pathlib import Path
from typing import Any

from tests.support.echo_server import EchoServer
from tests.support.rows import records, write_rows
from tests.support.run import Runner

OUT = Path("out.jsonl")
RUN = ("score", "--jsonl", "in.jsonl", "-o", "out.jsonl", "--summary", "run.json")
TEXTS = [{"id": f"id {n}", "context": "A row:", "text": " of" + " words" * n} for n in range(10)]
QUESTIONS: list[dict[str, Any]] = [
    {"context": f"Question {n}?", "choices": [" not at all", " yes"], "gold": int(n % 4 > 0)}
    for n in range(8)
]


def summary() -> Any:
    return json.loads(Path("run.json").read_bytes())


def test_the_totals_cover_only_rows_that_are_still_in_the_input(
    score: Runner, echo_server: EchoServer
) -> None:
    write_rows(Path("in.jsonl"), [*QUESTIONS, *TEXTS])
    assert score(*RUN).code == 0
    write_rows(Path("in.jsonl"), [*QUESTIONS[:4], *TEXTS[2:5]])
    echo_server.asked.clear()
    result = score(*RUN)
    assert (result.code, echo_server.asked) == (0, {})
    assert len(records(OUT)) == 18
    found = summary()
    assert (found["rows"], found["texts"], found["questions"]) == (7, 3, 4)
    assert (found["tokens_scored"], found["acc"]) == (3 + 4 + 5, 0.75)
    assert "3 texts, 12 tokens" in result.err
    assert ", 4 questions" in result.err
    assert "out.jsonl has 11 scores of rows that are not in this input; nbx bulk merge" in result.err


def test_with_a_pipe_the_totals_cover_all_records_and_a_note_says_so(score: Runner) -> None:
    lines = [json.dumps(row).encode() + b"\n" for row in TEXTS]
    run = ("score", "--jsonl", "-", "-o", "out.jsonl", "--summary", "run.json")
    assert score(*run, stdin=b"".join(lines)).code == 0
    result = score(*run, stdin=b"".join(lines[:4]))
    assert (result.code, summary()["texts"]) == (0, 10)
    assert "6 scores of rows that are not in this input, and the totals include them" in result.err


def test_the_old_score_of_a_changed_row_is_reported_and_not_in_the_totals(score: Runner) -> None:
    write_rows(Path("in.jsonl"), TEXTS)
    assert score(*RUN).code == 0
    write_rows(Path("in.jsonl"), [*TEXTS[:9], {**TEXTS[9], "text": " of other words"}])
    result = score(*RUN)
    assert (result.code, summary()["texts"]) == (0, 10)
    assert "out.jsonl has 1 score of other requests" in result.err
