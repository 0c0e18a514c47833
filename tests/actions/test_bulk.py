"""`nbx bulk`: every row gets its answer, under its own id, whatever the row looks like."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest

from tests.support.rows import RowServer, completion, late, records, refuse, texts, write_rows
from tests.support.run import Runner
from tests.support.server import Reply

OUT = Path("out.jsonl")
RUN = ("bulk", "in.jsonl", "-o", "out.jsonl")


def test_each_row_has_one_record_with_the_answer_to_its_own_prompt(
    bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), 100)
    result = bulk(*RUN, "--max-tokens", "4")
    assert (result.code, result.out) == (0, ""), result.err
    assert texts(OUT) == {number: f" PROMPT {number}" for number in range(100)}
    assert set(row_server.asked.values()) == {1}
    record = next(record for record in records(OUT) if record["id"] == 7)
    assert list(record) == [
        "id", "index", "body_hash", "attempts", "latency_s", "usage", "error", "prompt", "response",
    ]  # fmt: skip
    assert (record["index"], record["attempts"], record["prompt"]) == (7, 1, "prompt 7")
    assert record["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "cost": None}
    assert record["response"] == json.loads(completion(["prompt 7"]).partition(b"\r\n\r\n")[2])
    assert not Path("out.failed.jsonl").exists()


def test_the_word_run_is_optional(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 2)
    assert bulk("bulk", "run", *RUN[1:]).code == 0
    assert bulk("-q", *RUN).code == 0


def test_a_row_overrides_a_flag_which_overrides_the_config_file(bulk: Runner, row_server: RowServer) -> None:
    rows = [
        "plain",
        {"id": "own", "prompt": "p", "temperature": 0.5, "params": {"top_k": 3}},
        {"custom_id": "batch", "body": {"prompt": "q", "max_tokens": 1, "min_p": 0.1}},
        {"prompt": [1, 2, 3]},
    ]
    write_rows(Path("in.jsonl"), rows)
    assert bulk("config", "set", "top_p", "0.5").code == 0
    assert bulk(*RUN, "--max-tokens", "9", "--temperature", "0", "--param", "seed=1").code == 0
    found = {str(body["prompt"]): body for body in row_server.bodies}
    common = {"model": "test/model", "top_p": 0.5, "seed": 1, "max_tokens": 9, "temperature": 0}
    assert found == {
        "plain": {**common, "prompt": "plain"},
        "p": {**common, "prompt": "p", "temperature": 0.5, "top_k": 3},
        "q": {**common, "prompt": "q", "max_tokens": 1, "min_p": 0.1},
        "[1, 2, 3]": {**common, "prompt": [1, 2, 3]},
    }
    assert set(texts(OUT)) == {0, "own", "batch", 3}


def test_unset_leaves_out_a_configured_field(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), ["x"])
    assert bulk("config", "set", "top_p", "0.5").code == 0
    assert bulk(*RUN, "--unset", "top_p").code == 0
    assert row_server.bodies == [{"model": "test/model", "prompt": "x"}]


def test_a_template_makes_prompts_from_columns(bulk: Runner) -> None:
    table = io.StringIO()
    csv.writer(table).writerows([["id", "question"], ["a", "one, two"], ["b", "x\ny"]])
    Path("in.csv").write_text(table.getvalue())
    assert bulk("bulk", "in.csv", "-o", "out.jsonl", "--template", r"Q: {question}\nA:").code == 0
    assert {record["id"]: record["prompt"] for record in records(OUT)} == {
        "a": "Q: one, two\nA:",
        "b": "Q: x\ny\nA:",
    }
    missing = bulk("bulk", "in.csv", "-o", "o2.jsonl", "--template", "{answer}")
    assert missing.code == 2
    assert "no column 'answer'" in missing.err


def test_text_and_gzip_input_are_read_by_suffix_by_format_and_from_a_pipe(bulk: Runner) -> None:
    Path("in.txt.gz").write_bytes(gzip.compress(b"one\r\ntwo\n"))
    assert bulk("bulk", "in.txt.gz", "-o", "a.jsonl").code == 0
    assert texts(Path("a.jsonl")) == {0: " ONE", 1: " TWO"}
    piped = bulk("bulk", "--format", "text", "-0", "-o", "b.jsonl", stdin=b"one\ntwo\0three")
    assert piped.code == 0
    assert texts(Path("b.jsonl")) == {0: " ONE\nTWO", 1: " THREE"}
    assert bulk("bulk", "-", "-o", "c.jsonl", stdin=b'"x"\n').code == 0


def test_without_an_output_file_answers_are_printed_in_order_if_requested(
    bulk: Runner, row_server: RowServer
) -> None:
    row_server.answer = late("prompt 0", "prompt 40")
    write_rows(Path("in.jsonl"), 60)
    result = bulk("bulk", "in.jsonl", "--ordered", "--no-prompt", "--concurrency", "16")
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert [line["id"] for line in lines] == list(range(60))
    assert "prompt" not in lines[0]


def test_ordered_output_equals_the_sorted_unordered_output(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = late("prompt 0", "prompt 100")
    write_rows(Path("in.jsonl"), 200)
    assert bulk(*RUN, "--concurrency", "32").code == 0
    assert bulk("bulk", "in.jsonl", "-o", "ordered.jsonl", "--ordered", "--concurrency", "32").code == 0
    ordered = records(Path("ordered.jsonl"))
    assert [record["index"] for record in ordered] == list(range(200))
    assert records(OUT)[0]["index"] != 0
    unordered = sorted(records(OUT), key=lambda record: int(record["index"]))
    for record in (*ordered, *unordered):
        del record["latency_s"]
    assert ordered == unordered


def test_a_group_shares_a_request_and_one_bad_prompt_fails_only_its_row(
    bulk: Runner, row_server: RowServer
) -> None:
    row_server.answer = lambda prompt: refuse(400, "no such prompt") if prompt == "prompt 5" else None
    write_rows(Path("in.jsonl"), 12)
    result = bulk(*RUN, "--group", "6", "-n", "2")
    assert result.code == 9
    assert set(texts(OUT)) == set(range(12)) - {5}
    for record in records(OUT):
        if record["id"] != 5:
            choices = record["response"]["choices"]
            assert [choice["index"] for choice in choices] == [0, 1]
            assert {choice["text"] for choice in choices} == {f" PROMPT {record['id']}"}
    assert len(row_server.bodies) < 12


def test_a_row_that_fails_is_recorded_listed_and_sent_again(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = lambda prompt: refuse(422, "not that") if "3" in prompt else None
    write_rows(Path("in.jsonl"), [{"id": f"r{number}", "prompt": f"p {number}"} for number in range(5)])
    result = bulk(*RUN)
    assert result.code == 9
    assert "failed\t1\n" in result.err
    (failed,) = [record for record in records(OUT) if record["error"]]
    assert (failed["id"], failed["response"]) == ("r3", None)
    assert failed["error"] == {"exit": 3, "status": 422, "message": "the server answered 422: not that"}
    listed = Path("out.failed.jsonl")
    assert [row["id"] for row in records(listed)] == ["r3"]
    row_server.answer = lambda _: None
    assert bulk("bulk", str(listed), "-o", "again.jsonl").code == 0
    assert texts(Path("again.jsonl")) == {"r3": " P 3"}
    assert bulk(*RUN).code == 0
    assert set(texts(OUT)) == {f"r{number}" for number in range(5)}
    assert len(records(OUT)) == 5
    assert not listed.exists()


def test_quiet_prints_nothing_and_the_summary_is_written_to_a_file(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 3)
    result = bulk(*RUN, "-q", "--summary", "run.json", "--price", "1/10")
    assert (result.code, result.out, result.err) == (0, "", "")
    reported = json.loads(Path("run.json").read_bytes())
    assert (reported["rows"], reported["answered"], reported["requests"], reported["stopped"]) == (
        3,
        3,
        3,
        None,
    )
    assert (reported["prompt_tokens"], reported["completion_tokens"], reported["cost_usd"]) == (
        9,
        6,
        "0.000069",
    )


def test_quiet_still_reports_failed_rows(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = lambda prompt: refuse(422, "not that") if "3" in prompt else None
    write_rows(Path("in.jsonl"), 5)
    result = bulk(*RUN, "-q")
    told = "nbx: 1 row failed\n  the server answered 422: not that (1)\n"
    told += "  out.failed.jsonl lists them; repeat the command to retry them\n"
    assert (result.code, result.err) == (9, told)


def test_the_most_common_reasons_for_failed_rows_are_reported_with_counts(
    bulk: Runner, row_server: RowServer
) -> None:
    def answer(prompt: str) -> Reply | None:
        number = int(prompt.rsplit(maxsplit=1)[-1])
        return refuse(422, f"prompt {'ABC'[number]} is odd") if number < 3 else refuse(400, "too long")

    row_server.answer = answer
    Path("in.jsonl").write_text("".join(f'"row {number}"\n' for number in range(10)))
    result = bulk(*RUN)
    why = result.err.partition("nbx: 10 rows failed\n")[2].splitlines()[0]
    assert why.startswith("  the server answered 400: too long (7); the server answered 422: ")
    assert why.endswith("; other reasons (1)")


def test_a_run_stopped_by_a_wrong_key_shows_no_table_of_zeros(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = lambda _: refuse(401, "no such key")
    write_rows(Path("in.jsonl"), 3)
    result = bulk(*RUN)
    assert (result.code, result.err.splitlines()[0]) == (4, "nbx: the server answered 401")
    assert "answered\t0" not in result.err


def test_a_warning_about_doubtful_flags_is_printed_once(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 3)
    result = bulk(*RUN, "-n", "2", "--temperature", "0", "--stop", r"\n")
    assert result.code == 0
    assert result.err.count("n above 1 with temperature 0") == 1
    assert result.err.count("a backslash and an n") == 1


def test_a_dry_run_shows_the_first_body_and_needs_no_key(bare: Runner, tmp_path: Path) -> None:
    path = str(write_rows(tmp_path / "in.jsonl", ["x", "y"]))
    result = bare("bulk", path, "--dry-run", "-m", "m", "--max-tokens", "3")
    assert (result.code, result.out) == (0, '{"model":"m","prompt":"x","max_tokens":3}\n')
    assert "\x9b" not in bare("bulk", path, "--dry-run", "-m", "m\x9b", stdout_tty=True).out
    (tmp_path / "in.jsonl").write_text("")
    assert bare("bulk", path, "--dry-run", "-m", "m").code == 65
    (tmp_path / "in.jsonl").write_text("{")
    assert bare("bulk", path, "--dry-run", "-m", "m").code == 65


@pytest.mark.parametrize("tty", [True, False])
def test_without_an_input_file_the_usage_is_shown(bulk: Runner, *, tty: bool) -> None:
    result = bulk("bulk", stdin=b"" if tty else None, stdin_tty=tty)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("nbx: no file given\n  nbx bulk prompts.jsonl")


def test_an_empty_input_is_a_success(bulk: Runner) -> None:
    Path("in.jsonl").write_text("")
    assert bulk(*RUN).code == 0


def test_without_a_key_nothing_is_read_or_written(bare: Runner, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "in.jsonl", ["x"])
    result = bare("bulk", str(path), "-m", "m", "-o", str(tmp_path / "out.jsonl"))
    assert result.code == 4
    assert not (tmp_path / "out.jsonl").exists()


def test_a_missing_model_is_a_usage_error_instead_of_failed_rows(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 3)
    result = bulk(*RUN, env={"NEBIUS_MODEL": ""})
    assert (result.code, OUT.exists()) == (2, False)
    assert result.err.startswith("nbx: no model is set\n")


def test_shards_share_the_rows_and_the_limits(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 10)
    for number in (1, 2, 3):
        result = bulk("bulk", "in.jsonl", "-o", f"{number}.jsonl", "--shard", f"{number}/3", "--rpm", "6000")
        assert result.code == 0
        assert "divided among the 3 shards" in result.err
    assert [sorted(texts(Path(f"{number}.jsonl"))) for number in (1, 2, 3)] == [
        [0, 3, 6, 9],
        [1, 4, 7],
        [2, 5, 8],
    ]
    assert bulk("bulk", "merge", "1.jsonl", "2.jsonl", "3.jsonl", "-o", "all.jsonl").code == 0
    assert [record["id"] for record in records(Path("all.jsonl"))] == list(range(10))
