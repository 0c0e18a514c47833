"""`nbx bulk --matrix`: every combination of every row is sent once, under its own id."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.rows import RowServer, records, refuse, texts, write_rows
from tests.support.run import Runner

OUT = Path("out.jsonl")
RUN = ("bulk", "in.jsonl", "-o", "out.jsonl")
MATRIX = ("--matrix", "temperature=0,0.7", "--matrix", "model=A,B")
LABELS = [f"temperature={t},model={m}" for t in (0, 0.7) for m in "AB"]


def test_every_row_is_sent_in_every_combination(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), [{"id": "a", "prompt": "one"}, "two"])
    assert bulk(*RUN, *MATRIX, "--ordered").code == 0
    found = records(OUT)
    assert [record["id"] for record in found] == [f"{row}[{one}]" for row in ("a", 1) for one in LABELS]
    assert [record["index"] for record in found] == list(range(8))
    assert list(found[3])[6:] == ["error", "row", "row_index", "matrix", "prompt", "response"]
    assert [(record["row"], record["row_index"]) for record in found] == [("a", 0)] * 4 + [(1, 1)] * 4
    assert found[3]["matrix"] == {"temperature": 0.7, "model": "B"}
    sent = {(body["prompt"], body["temperature"], body["model"]) for body in row_server.bodies}
    assert sent == {(prompt, t, m) for prompt in ("one", "two") for t in (0, 0.7) for m in "AB"}
    assert len(row_server.bodies) == 8


def test_the_matrix_overrides_the_row_and_the_configuration(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), [{"prompt": "x", "temperature": 1, "max_tokens": 3}])
    assert bulk("config", "set", "temperature", "2").code == 0
    assert bulk(*RUN, "--matrix", "temperature=0,0.5").code == 0
    bodies = sorted(row_server.bodies, key=lambda body: float(body["temperature"]))
    common = {"model": "test/model", "prompt": "x", "max_tokens": 3}
    assert bodies == [{**common, "temperature": 0}, {**common, "temperature": 0.5}]


def test_a_template_makes_each_prompt_once_for_all_combinations(bulk: Runner) -> None:
    Path("in.csv").write_text("id,q\na,why\n")
    assert bulk("bulk", "in.csv", "-o", str(OUT), "--template", "Q: {q}", "--matrix", "n=1,2").code == 0
    assert {record["id"]: record["prompt"] for record in records(OUT)} == {
        "a[n=1]": "Q: why",
        "a[n=2]": "Q: why",
    }


def test_a_resumed_run_sends_only_the_missing_combinations(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), 20)
    capped = ("--max-tokens", "2", "--max-total-tokens", "300", "--concurrency", "1")
    assert bulk(*RUN, *MATRIX, *capped).code == 10
    before = len(texts(OUT))
    assert 0 < before < 80
    assert bulk(*RUN, *MATRIX, "--max-tokens", "2").code == 0
    assert len(row_server.bodies) == len(texts(OUT)) == 80


def test_only_the_combinations_with_an_added_value_are_sent(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), ["x", "y"])
    assert bulk(*RUN, "--matrix", "temperature=0,1").code == 0
    row_server.requests.clear()
    assert bulk(*RUN, "--matrix", "temperature=0,1,2").code == 0
    assert [body["temperature"] for body in row_server.bodies] == [2, 2]
    assert len(texts(OUT)) == 6


def test_rows_of_one_combination_share_requests(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), 10)
    assert bulk(*RUN, *MATRIX, "--group", "5").code == 0
    assert sorted(len(body["prompt"]) for body in row_server.bodies) == [5] * 8
    for record in records(OUT):
        assert record["response"]["choices"][0]["text"] == f" {record['prompt'].upper()}"


def test_shards_keep_the_combinations_of_a_row_together_and_merge(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), 5)
    for shard in ("1", "2"):
        assert bulk("bulk", "in.jsonl", "-o", f"s{shard}.jsonl", *MATRIX, "--shard", f"{shard}/2").code == 0
    assert {record["row"] for record in records(Path("s2.jsonl"))} == {1, 3}
    merged = bulk("bulk", "merge", "s1.jsonl", "s2.jsonl", "-o", "all.jsonl")
    assert (merged.code, "20 rows of 2 files: 20 answered" in merged.err) == (0, True)
    assert [record["index"] for record in records(Path("all.jsonl"))] == list(range(20))


def test_merge_checks_shards_against_several_inputs_and_the_matrix(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), [{"id": "a", "prompt": "x"}, "y", {"no": "prompt"}])
    Path("more.txt").write_text("z\n")
    files = ("in.jsonl", "more.txt")
    for shard in ("1/2", "2/2"):
        run = ("bulk", *files, "-o", f"s{shard[0]}.jsonl", *MATRIX, "--shard", shard, "--on-bad-row", "skip")
        assert bulk(*run).code in (0, 9)
    inputs = ("--input", "in.jsonl", "--input", "more.txt")
    merged = bulk("bulk", "merge", "s1.jsonl", "s2.jsonl", *inputs, *MATRIX)
    assert "16 rows of 2 files: 12 answered, 4 failed, 0 missing" in merged.err
    assert "left out" not in merged.err
    assert [json.loads(line)["index"] for line in merged.out.splitlines()] == list(range(16))
    part = bulk("bulk", "merge", "s1.jsonl", *inputs, *MATRIX)
    assert "16 rows of 1 file: 4 answered, 4 failed, 8 missing" in part.err
    without = bulk("bulk", "merge", "s1.jsonl", *inputs)
    assert "left out 8 records of rows that are not in in.jsonl and more.txt" in without.err
    failed = bulk("bulk", "merge", "s1.jsonl", *MATRIX)
    assert (failed.code, "--matrix requires --input" in failed.err) == (2, True)


def test_estimate_and_dry_run_count_and_show_every_combination(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), ["x", "y", "z"])
    shown = bulk("bulk", "in.jsonl", *MATRIX, "--dry-run").out.splitlines()
    assert [json.loads(line) for line in shown] == [
        {"model": m, "prompt": "x", "temperature": t} for t in (0, 0.7) for m in "AB"
    ]
    estimate = bulk(
        "bulk", "in.jsonl", *MATRIX, "--estimate", "--max-tokens", "5", "--price", "1/1", "--json"
    )
    assert (estimate.json["rows"], estimate.json["completion_tokens_at_most"]) == (12, 60)
    assert row_server.bodies == []


def test_a_cap_counts_every_combination(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), ["x"])
    unknown = bulk(*RUN, *MATRIX, "--max-cost", "1", "--max-tokens", "2")
    assert (unknown.code, "the price of A is unknown" in unknown.err) == (2, True)
    capped = ("--max-cost", "0.00002", "--max-tokens", "2", "--price", "1/1", "--concurrency", "1")
    assert bulk(*RUN, *MATRIX, *capped).code == 10
    assert len(texts(OUT)) == 2


def test_a_bad_row_is_reported_once_and_recorded_in_every_combination(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), ["x", {"no": 1}, {"id": 0, "prompt": "same id as x"}])
    failed = bulk(*RUN, *MATRIX)
    assert failed.code == 65
    assert failed.err.count("line 2") == failed.err.count("line 3") == 1
    assert "more" not in failed.err
    skipped = bulk(*RUN, *MATRIX, "--on-bad-row", "skip")
    assert skipped.code == 9
    assert skipped.err.count("in.jsonl, line 2") == 1
    assert sorted(record["index"] for record in records(OUT)) == list(range(12))
    assert len(texts(OUT)) == 4


def test_a_failed_combination_is_listed_with_its_values_and_sent_again(
    bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), ["x"])
    row_server.answer = lambda _: refuse(400, "no")
    assert bulk(*RUN, *MATRIX).code == 9
    listed = [json.loads(line) for line in Path("out.failed.jsonl").read_text().splitlines()]
    assert {row["id"]: (row["temperature"], row["model"]) for row in listed} == {
        f"0[{label}]": (t, m)
        for label, (t, m) in zip(LABELS, [(t, m) for t in (0, 0.7) for m in "AB"], strict=True)
    }
    row_server.answer = lambda _: None
    Path("failed.jsonl").write_bytes(Path("out.failed.jsonl").read_bytes())
    assert bulk(*RUN, *MATRIX).code == 0
    assert len(texts(OUT)) == 4
    assert not Path("out.failed.jsonl").exists()
    # The list can be an input itself, and its records still show their combination.
    assert bulk("bulk", "failed.jsonl", "-o", "again.jsonl", "--ordered").code == 0
    kept = ("id", "body_hash", "row", "row_index", "matrix")
    first, again = (
        [{name: one[name] for name in kept} for one in records(path)] for path in (OUT, Path("again.jsonl"))
    )
    assert sorted(first, key=str) == sorted(again, key=str)
    twice = bulk("bulk", "failed.jsonl", "-o", "twice.jsonl", *MATRIX)
    assert (twice.code, "the row is already one combination of a matrix" in twice.err) == (65, True)


def test_a_model_that_the_server_does_not_have_fails_only_its_combinations(
    bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), 3)
    usual = row_server._reply

    def reply(request: Any) -> Any:
        if request.method == "POST" and request.json["model"] == "B":
            return refuse(404, "no such model")
        return usual(request)

    row_server._reply = reply  # type: ignore[method-assign]
    done = bulk(*RUN, *MATRIX)
    assert done.code == 9
    assert {record["matrix"]["model"] for record in records(OUT) if record["error"] is None} == {"A"}
    assert len(texts(OUT)) == 6


def test_a_row_with_malformed_matrix_members_is_refused(bulk: Runner) -> None:
    whole = {"id": "0[n=1]", "prompt": "x", "row": 0, "row_index": 0, "matrix": {"n": 1}}
    for odd in ({"matrix": [1]}, {"row": None}, {"row_index": -1}, {"row_index": "0"}):
        write_rows(Path("in.jsonl"), [{**whole, **odd}])
        failed = bulk(*RUN)
        assert (failed.code, "matrix, row and row_index must be given together" in failed.err) == (65, True)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            ("--matrix", "temperature=0", "--temperature", "1"),
            "--temperature and --matrix temperature cannot be used together",
        ),
        (("--matrix", "max_tokens=0,5"), "--max-tokens 0"),
        (("--matrix", "model=A,B", "--local"), "--matrix model cannot be used with --local"),
        (("--matrix", "color=red"), "no request field 'color'"),
    ],
)
def test_a_matrix_that_cannot_be_sent_is_a_usage_error(
    bulk: Runner, flags: tuple[str, ...], said: str
) -> None:
    write_rows(Path("in.jsonl"), ["x"])
    done = bulk(*RUN, *flags)
    assert (done.code, said in done.err) == (2, True), done.err
    assert not OUT.exists()


def test_rows_from_a_pipe_are_sent_in_every_combination_in_order(bulk: Runner) -> None:
    piped = bulk("bulk", "--format", "text", "--ordered", *MATRIX, "--group", "2", stdin=b"a\nb\nc\n")
    lines = [json.loads(line) for line in piped.out.splitlines()]
    assert [line["id"] for line in lines] == [f"{row}[{one}]" for row in range(3) for one in LABELS]


def test_answers_are_in_order_after_values_were_added_or_moved(bulk: Runner, row_server: RowServer) -> None:
    rows = [{"id": own, "prompt": own} for own in "abc"]
    write_rows(Path("in.jsonl"), rows)
    assert bulk(*RUN, "--matrix", "temperature=0,0.7").code == 0
    assert bulk(*RUN, "--matrix", "temperature=0,0.7,1", "--ordered").code == 0
    assert len(row_server.bodies) == 9
    found = records(OUT)
    values = ("0", "0.7", "1")
    assert [record["id"] for record in found] == [f"{row}[temperature={t}]" for row in "abc" for t in values]
    assert [(record["index"], record["row_index"]) for record in found] == [(n, n // 3) for n in range(9)]
    texts = "".join(f" {row.upper()}\n" for row in "abc" for _ in values)
    assert bulk("bulk", "export", "out.jsonl", "--text").out == texts
    assert bulk("bulk", "merge", "out.jsonl", "-o", "merged.jsonl").code == 0
    assert Path("merged.jsonl").read_bytes() == OUT.read_bytes()
    write_rows(Path("in.jsonl"), rows[::-1])
    assert bulk(*RUN, "--matrix", "temperature=1,0,0.7", "--ordered").code == 0
    assert len(row_server.bodies) == 9
    found = records(OUT)
    order = [f"{row}[temperature={t}]" for row in "cba" for t in ("1", "0", "0.7")]
    assert [record["id"] for record in found] == order
    assert [(record["index"], record["row_index"]) for record in found] == [(n, n // 3) for n in range(9)]
    before = OUT.read_bytes()
    assert bulk(*RUN, "--matrix", "temperature=0", "--ordered").code == 0  # fewer values than before
    assert OUT.read_bytes() == before


def test_failed_rows_sent_again_into_the_same_file_keep_their_position(
    bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), [{"id": own, "prompt": own} for own in "abc"])
    row_server.answer = lambda prompt: refuse(400, "no") if prompt == "b" else None
    assert bulk(*RUN, "--matrix", "temperature=0,1").code == 9
    row_server.answer = lambda _: None
    assert bulk("bulk", "out.failed.jsonl", "-o", "out.jsonl").code == 0
    assert bulk("bulk", "export", "out.jsonl", "--text").out == " A\n A\n B\n B\n C\n C\n"


def test_merging_by_id_gives_each_record_the_index_of_its_row(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), [{"id": own, "prompt": own} for own in "abc"])
    assert bulk(*RUN).code == 0
    write_rows(Path("in.jsonl"), [{"id": own, "prompt": own} for own in "cab"])
    assert bulk("bulk", "merge", "out.jsonl", "--input", "in.jsonl", "-o", "merged.jsonl").code == 0
    found = [(record["id"], record["index"]) for record in records(Path("merged.jsonl"))]
    assert found == [("c", 0), ("a", 1), ("b", 2)]


def test_rows_that_were_reordered_get_their_new_index(bulk: Runner, row_server: RowServer) -> None:
    ids = [5, 3, 1, 8, 6, 4]
    write_rows(Path("in.jsonl"), [{"id": own, "prompt": f"p{own}"} for own in ids])
    assert bulk(*RUN).code == 0
    for first, second in ((0, 2), (1, 5), (3, 4), (0, 1)):
        ids[first], ids[second] = ids[second], ids[first]
        write_rows(Path("in.jsonl"), [{"id": own, "prompt": f"p{own}"} for own in ids])
        assert bulk(*RUN, "--ordered").code == 0
        assert [(record["id"], record["index"]) for record in records(OUT)] == [
            (own, index) for index, own in enumerate(ids)
        ]
    assert len(row_server.bodies) == len(ids)
