"""`nbx bulk` that stops early: spent tokens still count, and no file of the run is overwritten."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.factory import FAST
from tests.support.rows import RowServer, records, refuse, texts, write_rows
from tests.support.run import Runner
from tests.support.server import reset

OUT = Path("out.jsonl")
RUN = ("bulk", "in.jsonl", "-o", "out.jsonl")


@pytest.mark.parametrize(
    "target", ["in.jsonl", "./in.jsonl", "link.jsonl", "out.jsonl", "out.failed.jsonl", "no/such", "folder"]
)
def test_an_unusable_summary_file_is_refused_before_anything_is_sent(
    target: str, bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), 2)
    Path("link.jsonl").symlink_to("in.jsonl")
    Path("folder").mkdir()
    before = Path("in.jsonl").read_bytes()
    result = bulk(*RUN, "--summary", target)
    assert result.code == (74 if target in ("no/such", "folder") else 2), result.err
    assert (row_server.bodies, Path("in.jsonl").read_bytes(), OUT.exists()) == ([], before, False)


def test_the_summary_can_go_to_stdout_unless_the_answers_do(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), 2)
    result = bulk(*RUN, "--summary", "-")
    assert (result.code, json.loads(result.out)["answered"]) == (0, 2)
    assert not Path("-").exists()
    refused = bulk("bulk", "in.jsonl", "--summary", "-")
    assert (refused.code, refused.out, len(row_server.bodies)) == (2, "", 2)
    assert refused.err == (
        "nbx: --summary -\n  the answers are written to stdout\n  choose a file, or -o FILE\n"
    )


def test_the_summary_of_an_earlier_run_is_removed_if_the_new_run_has_none(
    bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), 2)
    assert bulk(*RUN, "--summary", "run.json").code == 0
    row_server.answer = lambda _: refuse(401, "no")
    assert bulk(*RUN, "--restart", "--summary", "run.json").code == 4
    assert json.loads(Path("run.json").read_bytes())["answered"] == 0
    assert bulk(*RUN, "--summary", "run.json", env={"NEBIUS_API_KEY": ""}).code == 4
    assert not Path("run.json").exists()


@pytest.mark.parametrize("flags", [(), ("--on-bad-row", "skip"), ("--shard", "2/2")])
def test_an_input_without_rows_is_reported(bulk: Runner, flags: tuple[str, ...]) -> None:
    write_rows(Path("in.jsonl"), 1 if "--shard" in flags else 0)
    result = bulk(*RUN, *flags)
    shard = " in shard 2/2" if "--shard" in flags else ""
    assert (result.code, f"nbx: in.jsonl has no rows{shard}\n" in result.err) == (0, True)


def test_an_unwritable_summary_does_not_hide_other_errors(bulk: Runner, row_server: RowServer) -> None:
    folder = Path("gone")
    folder.mkdir()

    def answer(prompt: str) -> list[bytes] | None:
        if prompt == "prompt 1" and folder.exists():
            shutil.rmtree(folder)
        return refuse(401, "no") if prompt == "prompt 1" else None  # type: ignore[return-value]

    row_server.answer = answer
    write_rows(Path("in.jsonl"), 3)
    words = (*RUN, "--concurrency", "1", "--summary", "gone/run.json")
    result = bulk(*words)
    assert result.code == 4
    assert "gone/run.json" in result.err
    assert "\n  the key is from NEBIUS_API_KEY: replace it there; to resume: nbx bulk in.jsonl" in result.err


def test_an_output_in_a_missing_folder_is_an_error(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), 1)
    assert bulk(*RUN).code == 0
    Path("parts.jsonl").write_bytes(Path("out.jsonl").read_bytes())
    row_server.asked.clear()
    for words in (
        ("bulk", "in.jsonl"),
        ("bulk", "merge", "out.jsonl", "parts.jsonl"),
        ("bulk", "export", "out.jsonl", "--csv"),
    ):
        result = bulk(*words, "-o", "no/out.jsonl")
        assert result.code == 74, words
        assert "No such file or directory\n  mkdir -p " in result.err, words
    assert not row_server.asked


def test_a_cap_holds_across_resumed_runs(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = lambda prompt: [reset] if prompt == "prompt 1" else None
    write_rows(Path("in.jsonl"), 3)
    # Row 0 takes 5 tokens. Each request for row 1 may have taken 24, including the first, which is sent
    # on the connection of row 0 and does not count as a retry. A fourth request would exceed the cap.
    words = (*RUN, "--concurrency", "1", "--max-tokens", "8", "--max-total-tokens", "100", "--retries", "9")
    first = bulk(*words)
    assert first.code == 10
    asked = row_server.asked["prompt 1"]
    assert asked == 3
    (left,) = [record for record in records(OUT) if record["error"]]
    assert (left["id"], left["attempts"]) == (1, asked)
    assert left["usage"]["prompt_tokens"] + left["usage"]["completion_tokens"] == 24 * asked
    for _ in range(2):
        assert bulk(*words).code == 10
    assert row_server.asked["prompt 1"] == asked
    row_server.answer = lambda _: None
    assert not Path("out.failed.jsonl").exists()
    higher = ("200" if word == "100" else word for word in words)
    assert bulk(*higher).code == 0
    assert len(records(OUT)) == len(texts(OUT)) == 3
    took = sum(r["usage"]["prompt_tokens"] + r["usage"]["completion_tokens"] for r in records(OUT))
    assert took == 24 * asked + 15  # the rewritten file still counts them


def test_a_row_that_a_stopped_run_did_not_finish_counts_as_missing_and_not_failed(
    bulk: Runner, row_server: RowServer
) -> None:
    row_server.answer = lambda prompt: [reset] if prompt == "prompt 1" else None
    write_rows(Path("in.jsonl"), 2)
    # Row 0 takes 5 tokens, a request for row 1 may have taken 24, and a second one would exceed the cap.
    stopped = bulk(*RUN, "--concurrency", "1", "--max-tokens", "8", "--max-total-tokens", "50")
    assert (stopped.code, "failed\t0\n" in stopped.err) == (10, True)
    exported = {
        ("--text",): "rows without an answer yet: 1; their lines are empty",
        ("--csv",): "rows without an answer yet: 1",
        ("--format", "html"): "answers that are still missing: 1; their cells are empty",
    }
    for words, note in exported.items():
        done = bulk("bulk", "export", "out.jsonl", *words)
        assert (done.code, done.err) == (9, f"nbx: {note}\n")
    assert ("no answer yet" in done.out, "failed" in done.out) == (True, False)
    merged = bulk("bulk", "merge", "out.jsonl")
    assert merged.code == 9
    assert merged.err.splitlines() == [
        "nbx: 2 rows of 1 file: 1 answered, 0 failed, 1 missing",
        "nbx: warning: 1 row without an answer, because a run stopped early",
    ]


def test_records_without_a_cost_count_at_the_prices_of_the_run(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), 20)
    assert bulk(*RUN, "--max-tokens", "2").code == 0  # 100 tokens, without a price
    write_rows(Path("in.jsonl"), 30)
    row_server.asked.clear()
    words = (*RUN, "--max-tokens", "2", "--price", "1000/1000", "--max-cost")
    result = bulk(*words, "0.1")
    assert (result.code, row_server.asked.total()) == (10, 0)
    assert "20 records of earlier runs without a cost: counted as $0.10" in result.err
    assert bulk(*words, "1").code == 0


def test_records_without_a_cost_need_a_known_price(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), [{"prompt": "x", "model": "their/own"}])
    assert bulk(*RUN).code == 0
    assert bulk("models").code == 0  # caches the list
    write_rows(Path("in.jsonl"), [{"id": "z", "prompt": "y", "model": FAST["id"]}])
    result = bulk(*RUN, "--max-tokens", "2", "--max-cost", "1", env={"NEBIUS_MODEL": ""})
    assert result.code == 2
    assert "the cost of 1 record of earlier runs is unknown" in result.err
    assert "y" not in row_server.asked


@pytest.mark.parametrize(
    "words",
    [
        ("-", "--template-file", "-"),
        ("-", "--api-key-file", "-"),
    ],
)
def test_using_stdin_twice_is_an_error(words: tuple[str, ...], bulk: Runner, row_server: RowServer) -> None:
    result = bulk("bulk", *words, "-o", "out.jsonl", stdin=b'T {prompt}\n"x"\n')
    assert result.code == 2
    assert "stdin is used twice" in result.err
    assert row_server.bodies == []


def test_a_wrong_model_in_a_row_fails_only_that_row(bulk: Runner, row_server: RowServer) -> None:
    row_server.answer = lambda prompt: refuse(404, "no such model") if prompt == "b" else None
    write_rows(Path("in.jsonl"), [{"id": "typo", "prompt": "b", "model": "typo"}, "a", "c"])
    assert bulk(*RUN, "--concurrency", "1").code == 9
    (failed,) = [record for record in records(OUT) if record["error"]]
    assert (failed["id"], failed["error"]["exit"], failed["error"]["status"]) == ("typo", 3, 404)
    assert len(texts(OUT)) == 2


def test_a_table_that_has_only_a_wrong_header_is_a_usage_error(bulk: Runner) -> None:
    Path("in.csv").write_text("question,answer\n")
    result = bulk("bulk", "in.csv", "-o", "out.jsonl", "--template", "{nosuch}")
    assert result.code == 2
    assert "no column 'nosuch'" in result.err


def test_an_export_replaces_a_file_only_with_force(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 1)
    assert bulk(*RUN).code == 0
    words = ("bulk", "export", "out.jsonl", "--text", "-o", "texts.txt")
    Path("texts.txt").write_text("mine")
    result = bulk(*words)
    assert (result.code, Path("texts.txt").read_text()) == (2, "mine")
    assert "--force replaces it" in result.err
    assert bulk(*words, "--force").code == 0
    assert Path("texts.txt").read_text() == " PROMPT 0\n"


def test_the_help_of_bulk_run_describes_the_flags_for_bulk_runs(bulk: Runner) -> None:
    text = " ".join(bulk("bulk", "run", "--help-all").out.replace("│", " ").split())
    assert "Time limit for one attempt" in text
    assert "with --json or --ndjson" not in text


def test_bad_rows_do_not_pile_up_behind_a_slow_first_row(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), ["x"])
    with Path("in.jsonl").open("a") as file:
        file.write("[\n" * 12_000)
    result = bulk("bulk", "in.jsonl", "--ordered", "--on-bad-row", "skip", "-q")
    assert result.code == 9
    assert [json.loads(line)["index"] for line in result.out.splitlines()] == list(range(12_001))
