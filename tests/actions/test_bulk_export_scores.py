"""`nbx bulk export` of scores: a row for each text, and one for each choice of a question."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.support.echo_server import EchoServer
from tests.support.rows import records, refuse, write_rows
from tests.support.run import Runner

OUT = Path("out.jsonl")
RUN = ("score", "--jsonl", "in.jsonl", "-o", "out.jsonl")
TEXTS = [{"id": f"id {n}", "context": f"Row {n}:", "text": " and its text"} for n in range(2)]
QUESTIONS: list[dict[str, Any]] = [
    {"id": f"q {n}", "context": f"Question {n}?", "choices": [" not at all", " yes"], "gold": 1}
    for n in range(2)
]
USAGE = ["prompt_tokens", "completion_tokens", "cost"]


def scored(score: Runner, rows: list[Any], *flags: str) -> list[Any]:
    """Score rows into OUT and return its records."""
    write_rows(Path("in.jsonl"), rows)
    done = score(*RUN, *flags)
    assert done.code in (0, 9), done.err
    return records(OUT)


def exported(score: Runner, *flags: str) -> list[dict[str, str]]:
    """Return the lines of the CSV export."""
    done = score("bulk", "export", "out.jsonl", "--csv", *flags)
    assert done.code in (0, 9), done.err
    return table(done.out)


def table(text: str, **dialect: Any) -> list[dict[str, str]]:
    """Return the lines of a table."""
    return list(csv.DictReader(io.StringIO(text, newline=""), **dialect))


def flattened(value: Any, prefix: str = "") -> dict[str, Any]:
    """Return the members of a record under their column names, with nested objects flattened."""
    found: dict[str, Any] = {}
    for name, member in value.items():
        nested = {"against": "against_", "kl": "kl_"}.get(name, "")
        found |= flattened(member, nested) if isinstance(member, dict) else {prefix + name: member}
    return found


def test_every_member_of_the_score_of_a_text_is_a_column(score: Runner) -> None:
    one, two = scored(score, TEXTS, "--against", "other", "--logprobs", "1")
    first, second = exported(score)
    hidden = {"body_hash", "attempts", "latency_s"}
    expected = {name: value for name, value in flattened(one).items() if name not in hidden}
    assert first.keys() == expected.keys() | {"error"}
    cells = {name: "" if value is None else str(value) for name, value in expected.items()}
    assert first == cells
    assert second["difference"] == str(two["difference"])
    assert float(first["log_likelihood"]) - float(first["against_log_likelihood"]) == one["difference"]


def test_a_text_has_the_columns_that_the_manual_names(score: Runner) -> None:
    scored(score, TEXTS)
    (first, _) = exported(score)
    names = ["id", "index", "model", "log_likelihood", "tokens", "tokens_scored", "bytes_scored"]
    names += ["per_token", "per_byte", "perplexity", "bits_per_byte", "tokens_floored", "spanning_token"]
    assert list(first) == [*names, "error", *USAGE]
    assert (first["id"], first["model"], first["tokens"], first["error"]) == ("id 0", "test/model", "3", "")


def test_each_choice_of_a_question_is_a_row_that_shows_whether_it_wins_and_is_right(score: Runner) -> None:
    one, _ = scored(score, QUESTIONS, "--against", "other")
    wrong, right, *_ = exported(score)
    assert list(wrong)[:5] == ["id", "index", "choice", "text", "is_gold"]
    assert [(row["id"], row["choice"], row["text"]) for row in (wrong, right)] == [
        ("q 0", "0", " not at all"),
        ("q 0", "1", " yes"),
    ]
    assert (wrong["is_gold"], right["is_gold"]) == ("0", "1")
    for name, winner in one["winners"].items():
        assert [row[f"wins_{name}"] for row in (wrong, right)] == [str(int(winner == n)) for n in range(2)]
        assert right[f"against_wins_{name}"] == str(int(one["against"]["winners"][name] == 1))
    for place, row in enumerate((wrong, right)):
        for member, value in one["choices"][place].items():
            assert row[member] == ("" if value is None else str(value))
        assert row["difference"] == str(one["differences"][place])
    # These are given once per question, so that means and sums over the column are right.
    assert (wrong["acc"], wrong["against_acc"], wrong["prompt_tokens"] != "") == ("1", "1", True)
    assert (right["acc"], right["against_acc"], right["prompt_tokens"]) == ("", "", "")


def test_a_question_without_a_right_choice_has_no_column_for_it(score: Runner) -> None:
    scored(score, [{key: value for key, value in QUESTIONS[0].items() if key != "gold"}])
    first, _ = exported(score)
    assert not {"is_gold", "acc"} & first.keys()
    assert "wins_total" in first


def test_texts_and_questions_of_one_file_share_a_table(score: Runner, echo_server: EchoServer) -> None:
    echo_server.answer = lambda prompt: refuse(400, "too long") if "=bad" in prompt else None
    bad = {"id": "=1+1", "text": "=bad text"}
    scored(score, [TEXTS[0], QUESTIONS[0], bad])
    done = score("bulk", "export", "out.jsonl", "-o", "out.csv")
    assert (done.code, done.err) == (9, "nbx: 1 row failed and has an error instead of a score\n")
    text, wrong, right, failed = table(Path("out.csv").read_text("utf-8"))
    assert (text["choice"], text["bytes_scored"] != "") == ("", True)
    assert (wrong["choice"], right["choice"], right["bytes_scored"]) == ("0", "1", "")
    assert failed["error"] == "the server answered 400: too long"
    assert failed["id"] == "=1+1"
    assert {name for name, cell in failed.items() if cell} <= {"id", "index", "error", *USAGE}
    assert exported(score, "--escape-formulas")[-1]["id"] == "'=1+1"
    assert text["log_likelihood"].startswith("-")  # a number is not a formula
    assert exported(score, "--escape-formulas")[0]["log_likelihood"] == text["log_likelihood"]


def test_an_output_of_failed_rows_is_exported_as_scores(score: Runner, echo_server: EchoServer) -> None:
    echo_server.answer = lambda _: refuse(400, "too long")
    scored(score, TEXTS[:1])
    done = score("bulk", "export", "out.jsonl", "--csv")
    assert (done.code, done.out.splitlines()[0]) == (9, ",".join(["id", "index", "error", *USAGE]))
    assert score("bulk", "export", "out.jsonl", "--text").code == 2


def test_parquet_and_tsv_have_the_same_columns_and_values_as_csv(score: Runner) -> None:
    scored(score, [QUESTIONS[0], {"id": 7, "text": "a b"}], "--price", "0.1/0.2")
    assert score("bulk", "export", "out.jsonl", "-o", "out.parquet").code == 0
    assert score("bulk", "export", "out.jsonl", "-o", "out.tsv").code == 0
    rows = pq.read_table("out.parquet").to_pylist()
    lines = exported(score)
    assert table(Path("out.tsv").read_text("utf-8"), delimiter="\t") == lines
    assert [list(row) for row in rows] == [list(line) for line in lines]
    for row, line in zip(rows, lines, strict=True):
        cells = {name: "" if value is None else str(value) for name, value in row.items() if name != "cost"}
        assert cells == {name: cell for name, cell in line.items() if name != "cost"}
        assert row["cost"] == (Decimal(line["cost"]) if line["cost"] else None)
    assert rows[0]["cost"] > 0
    assert (rows[2]["id"], rows[2]["choice"], type(rows[2]["log_likelihood"])) == ("7", None, float)


@pytest.mark.parametrize("flags", [("--text",), ("--format", "html"), ("--csv", "--side-by-side")])
def test_a_format_that_scores_do_not_support_is_refused_with_the_supported_ones(
    score: Runner, flags: tuple[str, ...]
) -> None:
    scored(score, TEXTS)
    done = score("bulk", "export", "out.jsonl", *flags)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("nbx: cannot export out.jsonl ")
    assert done.err.endswith(
        "  it has scores, which are exported as csv, tsv or parquet\n"
        "  nbx bulk export out.jsonl -o scores.csv\n"
    )


def test_a_record_changed_by_another_tool_is_exported_with_its_valid_values(score: Runner) -> None:
    one, two = scored(score, [QUESTIONS[0], TEXTS[0]])
    one |= {"choices": [7, {"text": 7, "log_likelihood": "x"}], "winners": [], "gold": "b"}
    OUT.write_text(json.dumps(one) + "\n" + json.dumps(two | {"tokens": -1, "per_byte": {}}) + "\n")
    assert score("bulk", "export", "out.jsonl", "-o", "out.parquet").code == 0
    first, second, text = pq.read_table("out.parquet").to_pylist()
    assert (first["log_likelihood"], second["log_likelihood"], second["text"]) == (None, None, "7")
    assert (text["tokens"], text["per_byte"]) == (None, None)


def test_scores_are_recognized_despite_a_damaged_first_record(score: Runner) -> None:
    scored(score, TEXTS)
    lines = OUT.read_bytes().splitlines(keepends=True)
    OUT.write_bytes(lines[0].replace(b'"tokens":', b'"tokens":\xff') + lines[1])
    done = score("bulk", "export", "out.jsonl", "--csv")
    assert done.code == 0
    assert done.err == "nbx: out.jsonl has partial or broken lines; they were left out\n"
    assert score("bulk", "in.jsonl", "-o", "out.jsonl").code == 2
