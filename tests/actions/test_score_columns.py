"""`nbx score --jsonl` with unknown members and columns: what is refused and suggested."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.documented_commands import ROOT, blocks, environ, run
from tests.support.echo_server import EchoServer
from tests.support.rows import write_rows
from tests.support.run import Runner

RUN = ("score", "--jsonl", "in.jsonl", "-o", "out.jsonl")
QUESTION = {"context": "Question?", "choices": [" not at all", " yes"]}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            {"question": "Q:", "answer": " A"},
            "unknown member 'question'; a row can have id, choices, context, ",
        ),
        ({"query": "Q:", "choices": [" A", " B"], "gold": 0}, "unknown member 'query'; a row can have id, "),
        (
            {"contxt": "Q:", "text": " A"},
            "unknown member 'contxt' (did you mean context?); a row can have id, ",
        ),
    ],
)
def test_a_row_with_an_unknown_member_is_reported_before_anything_is_sent(
    score: Runner, echo_server: EchoServer, row: dict[str, Any], said: str
) -> None:
    write_rows(Path("in.jsonl"), ["a text", row])
    result = score(*RUN)
    assert (result.code, f"line 2: {said}" in result.err) == (65, True), result.err
    assert not echo_server.bodies


@pytest.mark.parametrize(
    ("row", "program"),
    [
        ({"id": 1, "question": "Q:", "answer": "A"}, '{context: .question, id, text: (" " + .answer)}'),
        ({"query": "Q:", "choices": [" A", " B"], "gold": 0}, "{context: .query, choices, gold}"),
        ({"question": "Q:", "choices": [" A", " B"]}, "{context: .question, choices}"),
        *(
            (
                {"question": "Q:", "choices": [" A", " B"], name: 1},
                f"{{context: .question, choices, gold: .{name}}}",
            )
            for name in ("answer", "label", "target", "Gold")
        ),
        ({"context": "Q:", "choices": [" A", " B"], "label": 1}, "{context, choices, gold: .label}"),
        ({"context": "Q:", "answer": "A"}, '{context, text: (" " + .answer)}'),
    ],
)
def test_the_message_about_an_unknown_member_has_the_jq_program_that_renames_it(
    score: Runner, row: dict[str, Any], program: str
) -> None:
    write_rows(Path("in.jsonl"), [row])
    result = score(*RUN)
    assert (result.code, f"; jq -c '{program}' renames them\n" in result.err) == (65, True), result.err


@pytest.mark.parametrize(
    "row", [{"question": "Q:", "answer 1": "A"}, {"context": "Q:", "topic": "A"}], ids=str
)
def test_a_row_without_a_recognizable_text_gets_no_jq_program(score: Runner, row: dict[str, Any]) -> None:
    write_rows(Path("in.jsonl"), [row])
    assert "jq" not in score(*RUN).err


@pytest.mark.parametrize("flags", [(), ("--against", "other")], ids=str)
def test_one_note_says_that_questions_without_gold_have_no_accuracy(
    score: Runner, flags: tuple[str, ...]
) -> None:
    said = "nbx: no question has a gold answer, so no accuracy is computed\n"
    write_rows(Path("in.jsonl"), [QUESTION, QUESTION])
    result = score("score", "--jsonl", "in.jsonl", *flags)
    assert (result.code, result.err.count(said)) == (0, 1), result.err
    assert said not in score("-q", "score", "--jsonl", "in.jsonl", *flags).err
    write_rows(Path("in.jsonl"), [QUESTION, {**QUESTION, "gold": 1}])
    assert said not in score("score", "--jsonl", "in.jsonl", *flags).err


def test_the_columns_that_are_not_scored_are_named_once(score: Runner) -> None:
    Path("in.csv").write_text('question,gold,choices,subject\nQ,0,"["" a"", "" b""]",x\n', "utf-8")
    result = score("score", "--jsonl", "in.csv", "-c", "Q:", "-o", "out.jsonl")
    assert result.code == 0, result.err
    assert result.err.count("ignored columns") == 1
    assert "in.csv: ignored columns: question, subject\n" in result.err


@pytest.mark.parametrize("column", ["question", "Query", "input"])
def test_a_table_whose_questions_are_in_another_column_than_context_is_refused(
    score: Runner, echo_server: EchoServer, column: str
) -> None:
    Path("in.csv").write_text(f'{column},gold,choices\nQ,0,"["" a"", "" b""]"\n', "utf-8")
    result = score("score", "-q", "--jsonl", "in.csv")
    assert result.code == 2
    assert f"in.csv: no column named context; the column '{column}' would be ignored" in result.err
    assert "rename that column to context, or set --context TEXT for all rows" in result.err
    assert not echo_server.bodies


def test_only_the_files_that_have_an_ignored_column_are_named(score: Runner) -> None:
    Path("a.csv").write_text("text,topic\na b,x\n", "utf-8")
    Path("b.csv").write_text("text\na b\n", "utf-8")
    Path("c.csv").write_text("text,topic\na b,x\n", "utf-8")
    result = score("score", "--jsonl", "a.csv", "--jsonl", "b.csv", "--jsonl", "c.csv")
    assert result.code == 0, result.err
    assert [line for line in result.err.splitlines() if "ignored" in line] == [
        "nbx: a.csv, c.csv: ignored columns: topic"
    ]


RECIPE = 'docs/scoring.md, "Questions in columns", shows how to convert other tables'


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        ("question,A,B,C,D,answer", RECIPE),
        ("context,A,B,C,D,gold", RECIPE),
        ("Text,label", "rename the column 'Text' to text"),
        ("id,choice", "rename the column 'choice' to choices"),
        ("text;label", "if cells are separated by ;, add the line sep=; at the top of the file"),
        ("text\tlabel", "set --format tsv: its cells are separated by tabs"),
    ],
)
def test_a_table_with_neither_texts_nor_choices_is_refused_with_a_hint(
    score: Runner, echo_server: EchoServer, header: str, hint: str
) -> None:
    Path("in.csv").write_text(f"{header}\n", "utf-8")
    result = score("score", "--jsonl", "in.csv")
    assert result.code == 2
    columns = header.replace(",", ", ").replace("\t", " ")
    assert result.err == f"nbx: in.csv has no column text or choices\n  columns: {columns}\n  {hint}\n"
    assert not echo_server.bodies


def test_the_documented_script_converts_a_table_with_a_column_for_each_choice(
    score: Runner, tmp_path: Path
) -> None:
    document = (ROOT / "docs" / "scoring.md").read_text("utf-8")
    assert "### Questions in columns\n" in document
    [block] = [block for block in blocks(document, "sh") if "csv.DictReader" in block]
    script, _, command = block.rpartition("\nnbx ")
    table = '\ufeffquestion,A,B,C,D,answer\r\n"Ice, when warm,",é,is water,burns,sinks,B\r\n'
    Path("mc.csv").write_text(table, "utf-8", newline="")
    assert run(script, Path.cwd(), environ()).stdout == ""
    choices = [" é", " is water", " burns", " sinks"]
    expected = {"context": "Ice, when warm,", "choices": choices, "gold": 1}
    assert json.loads(Path("mc.jsonl").read_bytes()) == expected
    result = score(*command.split())
    assert (result.code, ", 1 question" in result.err) == (0, True), result.err


def test_a_null_member_counts_as_absent_as_in_a_table(score: Runner) -> None:
    nothing = {"id": None, "context": None, "text": None, "choices": None, "gold": None, "error": None}
    write_rows(Path("in.jsonl"), [{**nothing, "text": "a b c"}, {**nothing, "choices": QUESTION["choices"]}])
    result = score("score", "--jsonl", "in.jsonl", "-c", "Question?")
    assert result.code == 0, result.err
    nulls = list(map(json.loads, result.out.splitlines()))
    write_rows(Path("in.jsonl"), ["a b c", {"choices": QUESTION["choices"]}])
    absent = list(map(json.loads, score("score", "--jsonl", "in.jsonl", "-c", "Question?").out.splitlines()))
    assert [record["id"] for record in nulls] == [0, 1]
    assert [record["body_hash"] for record in nulls] == [record["body_hash"] for record in absent]
    write_rows(Path("in.jsonl"), [{**nothing, "context": "Q:"}])
    assert "text is missing, empty or not a string" in score("score", "--jsonl", "in.jsonl").err
