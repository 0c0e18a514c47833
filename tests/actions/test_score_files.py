"""The files of `nbx score --jsonl`: what it reads, and what an output may contain."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.echo_server import EchoServer
from tests.support.rows import records, refuse, write_rows
from tests.support.run import Runner

OUT = Path("out.jsonl")
RUN = ("score", "--jsonl", "in.jsonl", "-o", "out.jsonl")
TEXTS = [{"id": f"id {n}", "context": f"Row {n}:", "text": " and its text"} for n in range(2)]
BULK_CAUSES = "the model (m before, test/model now), a flag, the project or the base URL has changed"
QUESTIONS: list[dict[str, Any]] = [
    {"id": f"q {n}", "context": f"Question {n}?", "choices": [" not at all", " yes"], "gold": 1}
    for n in range(2)
]


def test_scores_and_answers_cannot_be_in_one_file(score: Runner, echo_server: EchoServer) -> None:
    write_rows(Path("in.jsonl"), TEXTS)
    write_rows(Path("prompts.jsonl"), [{"id": row["id"], "prompt": "another"} for row in TEXTS])
    assert score(*RUN).code == score("bulk", "prompts.jsonl", "-o", "answers.jsonl").code == 0
    echo_server.asked.clear()
    before = OUT.read_bytes()
    result = score("bulk", "prompts.jsonl", "-o", "out.jsonl")
    assert (result.code, result.out) == (2, "")
    assert result.err.endswith("out.jsonl has scores, not answers\n  choose another file\n")
    result = score("score", "--jsonl", "in.jsonl", "-o", "answers.jsonl")
    assert (result.code, "answers.jsonl has answers, not scores" in result.err) == (2, True)
    assert not echo_server.asked
    assert OUT.read_bytes() == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((), ("--tokens",)),
        (("--tokens",), ()),
        ((), ("--against", "other")),
        (("--against", "other"), ("--against", "other", "--tokens")),
        (("--against", "other"), ("--against", "other", "--logprobs", "1")),
        (("-m", "other"), ("-m", "one")),
        ((), ("--max-tokens", "0")),
    ],
)
def test_an_output_is_not_continued_with_a_flag_that_changes_its_records(
    score: Runner, echo_server: EchoServer, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    write_rows(Path("in.jsonl"), TEXTS[:3])
    assert score(*RUN, *before).code == 0
    echo_server.asked.clear()
    kept = OUT.read_bytes()
    result = score(*RUN, *after)
    assert result.code == 2
    assert "every row of out.jsonl would be sent and paid for again" in result.err
    assert "--restart starts over" in result.err
    assert (echo_server.asked, OUT.read_bytes()) == ({}, kept)
    assert score(*RUN, *before).code == 0  # the output is still complete for its own flags
    assert not echo_server.asked
    assert score(*RUN, *after, "--restart").code == 0
    assert all(("token_logprobs" in record) == ("--tokens" in after) for record in records(OUT))


def test_questions_can_follow_compared_texts_in_one_file(score: Runner) -> None:
    write_rows(Path("in.jsonl"), TEXTS)
    assert score(*RUN, "--against", "other").code == 0
    write_rows(Path("in.jsonl"), QUESTIONS)
    result = score(*RUN)
    assert result.code == 0, result.err
    assert "acc 1.0000 ± 0.0000" in result.err
    assert "minus" not in result.err


def test_a_failed_row_keeps_its_empty_context_in_the_next_run(score: Runner, echo_server: EchoServer) -> None:
    write_rows(Path("in.jsonl"), [{"id": 1, "context": "", "text": "a b c"}])
    echo_server.answer = lambda _: refuse(400, "too long")
    assert score(*RUN, "--context", "Once ").code == 9
    echo_server.answer = lambda _: None
    assert score("score", "--jsonl", "out.failed.jsonl", "-o", "again.jsonl", "--context", "Once ").code == 0
    assert set(echo_server.asked) == {"a b c"}


@pytest.mark.parametrize(
    ("command", "flags", "causes"),
    [
        (RUN, ("--tokens",), "a flag, the project or the base URL has changed"),
        (RUN, ("-m", "x"), "the model (test/model before, x now) has changed"),
        (RUN, ("--against", "x"), "a flag, the project or the base URL has changed"),
        # The server calls the model "m" in its answers, so it may still be the same.
        (("bulk", *RUN[2:]), ("--stop", "x"), BULK_CAUSES),
    ],
)
@pytest.mark.parametrize("has_id", [True, False])
def test_a_refusal_to_send_all_rows_again_names_only_what_may_have_changed(
    score: Runner, command: tuple[str, ...], flags: tuple[str, ...], causes: str, *, has_id: bool
) -> None:
    member = "prompt" if command[0] == "bulk" else "text"
    write_rows(Path("in.jsonl"), [{member: "One two", **({"id": "a"} if has_id else {})}])
    assert score(*command).code == 0
    result = score(*command, *flags)
    assert (result.code, "paid for again" in result.err) == (2, True), result.err
    moved = "" if has_id else ", or rows without an id have moved"
    assert f"\n  {causes}{moved}\n" in result.err


def test_a_file_in_another_encoding_is_read_with_the_flag_that_the_message_names(score: Runner) -> None:
    Path("in.jsonl").write_bytes('{"text": "caf\xe9 noir"}\n'.encode("latin-1"))
    result = score(*RUN)
    assert (result.code, "set --encoding NAME or --invalid replace" in result.err) == (65, True)
    assert score(*RUN, "--encoding", "latin-1").code == 0
    assert [record["log_likelihood"] for record in records(OUT)] == [-len(" noir") / 4]
    result = score("score", "text", "--encoding", "latin-1")
    assert (result.code, "--encoding requires --jsonl" in result.err) == (2, True)


def test_a_file_that_is_named_twice_is_refused_without_a_flag_of_bulk(score: Runner) -> None:
    write_rows(Path("in.jsonl"), [{"text": "One two"}])
    result = score(*RUN, "--jsonl", "in.jsonl")
    assert (result.code, result.err) == (2, "nbx: in.jsonl is named twice\n  each row is sent once\n")


def test_tokens_adds_the_tokens_of_each_choice_to_the_record_of_a_question(score: Runner) -> None:
    write_rows(Path("in.jsonl"), QUESTIONS)
    assert score(*RUN, "--tokens").code == 0
    for record in records(OUT):
        for choice in record["choices"]:
            logprobs = [token["logprob"] for token in choice["token_logprobs"]]
            assert sum(logprobs) == choice["log_likelihood"]


def test_an_input_without_rows_is_reported(score: Runner) -> None:
    Path("in.jsonl").touch()
    result = score("score", "--jsonl", "in.jsonl")
    assert (result.code, result.out, result.err) == (0, "", "nbx: in.jsonl has no rows\n")
    assert "stdin has no rows" in score("bulk", "-", "-o", "out.jsonl", stdin=b"").err


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=repr)
def test_an_empty_line_of_a_text_file_does_not_count_as_a_row(score: Runner, ending: str) -> None:
    lines = ["", "One two three", "", " ", "Four five six", "", ""]
    Path("in.txt").write_text(ending.join(lines), "utf-8", newline="")
    Path("in.jsonl").write_text("\n".join(json.dumps(line) if line else "" for line in lines), "utf-8")
    flags = ("-c", "Row:", "-o", "out.jsonl")
    for name in ("in.txt", "in.jsonl"):
        result = score("score", "--jsonl", name, "--restart", *flags)
        assert result.code == 0, result.err
        found = sorted(records(OUT), key=lambda record: record["index"])
        assert [(record["id"], record["tokens"]) for record in found] == [(0, 3), (1, 1), (2, 3)]
    for command in (("export", OUT, "-o", "out.csv"), ("merge", OUT, "-o", "merged.jsonl")):
        result = score("bulk", *map(str, command), "--input", "in.txt", "--force")
        assert result.code == 0, result.err
    result = score("bulk", "in.txt", "-o", "answers.jsonl")
    assert (result.code, "line 1: the prompt is empty" in result.err) == (65, True)


def test_a_bad_line_after_an_empty_one_has_its_own_number(score: Runner) -> None:
    Path("in.txt").write_bytes(b"\n\nOne two\n\n\xff\n")
    assert (
        "in.txt, line 5: byte 0xff at offset 0 of the row is not UTF-8"
        in score("score", "--jsonl", "in.txt").err
    )


def test_a_folder_is_reported_as_one_and_a_missing_file_gets_no_hint(score: Runner) -> None:
    result = score("score", "--jsonl", ".")
    assert (result.code, result.err) == (
        2,
        "nbx: cannot read .\n  it is a directory\n  name the files in it\n",
    )
    result = score("score", "--jsonl", "missing.txt")
    assert (result.code, "each line" in result.err) == (2, False)


def test_the_hint_for_a_format_that_contradicts_the_suffix_is_to_leave_it_out(score: Runner) -> None:
    Path("in.csv").write_text("text\na b\n", "utf-8")
    result = score("score", "--jsonl", "in.csv", "--format", "jsonl")
    assert result.code == 65
    assert result.err.endswith("\n  leave out --format: the suffix of in.csv means csv, not jsonl\n")


def test_one_warning_counts_the_rows_with_a_token_across_the_boundary(score: Runner) -> None:
    rows: list[Any] = [{"context": "One tw", "text": "o three"}] * 2 + [{"context": "One", "text": " two"}]
    write_rows(Path("in.jsonl"), rows)
    result = score("score", "--jsonl", "in.jsonl")
    assert result.code == 0, result.err
    said = "2 rows with a token that begins in the context and ends in the text, such as ' two': it counts as"
    assert result.err.count(said) == 1


def test_questions_without_a_context_are_counted_in_one_warning(score: Runner) -> None:
    write_rows(Path("in.jsonl"), [{"choices": ["a b", "c d"]}] * 2 + QUESTIONS[:0])
    result = score("score", "--jsonl", "in.jsonl")
    assert result.code == 0, result.err
    assert "2 questions without a context: the first token of each choice has no prediction" in result.err


def test_for_rows_that_would_fail_again_no_hint_suggests_repeating_the_run(
    score: Runner, echo_server: EchoServer
) -> None:
    write_rows(Path("in.jsonl"), ["a"])
    result = score(*RUN)
    assert (result.code, "repeat" in result.err) == (9, False)
    assert "out.failed.jsonl lists them; --context TEXT gives the first token a prediction\n" in result.err
    assert score("score", "--jsonl", "in.jsonl").err.endswith(
        "; --context TEXT gives the first token a prediction\n"
    )
    write_rows(Path("in.jsonl"), ["a b", "c d"])
    message = "This model's maximum context length is 1 token"
    echo_server.answer = lambda prompt: refuse(400, message) if "a" in prompt else None
    result = score(*RUN, "--restart")
    assert (result.code, "repeat" in result.err) == (9, False)
    assert "out.failed.jsonl lists them; shorten the text or split it" in result.err


def test_the_rows_of_several_files_are_scored_in_the_order_of_the_files(score: Runner) -> None:
    write_rows(Path("a.jsonl"), TEXTS)
    Path("b.csv").write_text("context,text\nRow 3:, and its text\n", "utf-8")
    result = score("score", "--jsonl", "a.jsonl", "--jsonl", "b.csv", "-o", "out.jsonl", "--ordered")
    assert result.code == 0, result.err
    assert [(row["id"], row["index"]) for row in records(OUT)] == [("id 0", 0), ("id 1", 1), (2, 2)]
    write_rows(Path("b.jsonl"), [TEXTS[0], {"text": "a b", "other": 1}])
    result = score("score", "--jsonl", "a.jsonl", "--jsonl", "b.jsonl")
    assert (result.code, "b.jsonl, line 2: unknown member 'other'" in result.err) == (65, True), result.err


@pytest.mark.parametrize("given", [("-f", "a", "-f", "b"), ("-f", "a", "--jsonl", "b"), ("a", "--file", "b")])
def test_only_one_text_can_be_given(score: Runner, given: tuple[str, ...]) -> None:
    result = score("score", *given)
    assert result.code == 2
    assert "more than one text" in result.err
    assert "--jsonl FILE scores each row of a file" in result.err


def test_a_note_for_a_text_file_of_rows_names_the_flag_for_one_text(score: Runner) -> None:
    Path("in.txt").write_text("Two words\nand three words\n", "utf-8")
    said = "each line of a text file is a row; nbx score -f FILE scores a file as one text"
    result = score("score", "--jsonl", "in.txt")
    assert (result.code, result.out.count("\n"), result.err.count(said)) == (0, 2, 1)
    assert said not in score("score", "--jsonl", "in.txt", "--format", "text").err


def test_the_summary_has_the_accuracy_of_all_records_and_counts_earlier_ones(
    score: Runner, echo_server: EchoServer
) -> None:
    write_rows(Path("in.jsonl"), QUESTIONS)
    echo_server.answer = lambda prompt: refuse(400, "too long") if "1?" in prompt else None
    assert score(*RUN, "--summary", "run.json").code == 9
    found = json.loads(Path("run.json").read_bytes())
    assert (found["questions"], found["acc"], found["acc_stderr"], found["left_out"]) == (1, 1.0, None, 0)
    echo_server.answer = lambda _: None
    assert score(*RUN, "--summary", "run.json").code == 0
    found = json.loads(Path("run.json").read_bytes())
    assert (found["questions"], found["acc"], found["acc_stderr"], found["left_out"]) == (2, 1.0, 0.0, 1)
    assert score("score", "--jsonl", "in.jsonl", "--summary", "run.json").code == 0  # scores on stdout
    assert json.loads(Path("run.json").read_bytes())["acc_norm"] == 0.0


def test_a_letter_for_the_right_choice_is_reported_with_the_expected_form(score: Runner) -> None:
    Path("in.csv").write_text('choices,gold\n"["" a"", "" b""]",1\n"["" a"", "" b""]",B\n', "utf-8")
    result = score("score", "--jsonl", "in.csv")
    assert result.code == 65
    assert 'line 3: gold is "B", but must be a number from 0 to 1 (the first choice is 0)' in result.err


def test_an_empty_file_name_does_not_mean_standard_input(score: Runner) -> None:
    result = score("score", "--jsonl", "", stdin=b'"a b"\n')
    assert (result.code, "cannot read" in result.err) == (2, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("score", "x", "-o", "out.jsonl"), "add --jsonl FILE; for one text, use > FILE"),
        (("perplexity", "x"), "nbx score computes perplexity and accuracy"),
        (("eval",), "nbx score computes perplexity and accuracy"),
    ],
)
def test_a_mistaken_command_gets_a_suggestion(score: Runner, given: tuple[str, ...], said: str) -> None:
    result = score(*given)
    assert (result.code, said in result.err) == (2, True), result.err


def test_choices_that_are_not_json_are_reported_with_an_example(score: Runner) -> None:
    Path("in.csv").write_text("context,choices\nQ,yes|no\n", "utf-8")
    result = score("score", "--jsonl", "in.csv")
    assert (result.code, 'it must be a JSON list such as [" green", " blue"]' in result.err) == (65, True)
