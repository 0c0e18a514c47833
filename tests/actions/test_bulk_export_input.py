"""`nbx bulk export --input`: exactly the rows of the input; missing rows are counted, even at the end."""

import csv
import io
from pathlib import Path

import pytest

from nebius_cli.bulk.input.row import BadRow
from nebius_cli.bulk.output.record_format import encode_bad
from tests.support.answers import answer, failure, row, write
from tests.support.rows import RowServer, write_rows
from tests.support.run import Runner

MATRIX = ("--matrix", "temperature=0,1")
INPUT = ("--input", "in.jsonl")


def indexes(text: str) -> list[tuple[str, str]]:
    """Return index and ID of each line of a CSV export."""
    return [(line["index"], line["id"]) for line in csv.DictReader(io.StringIO(text, newline=""))]


@pytest.mark.parametrize("flags", [("--text",), ("--csv",), ("--format", "parquet")], ids=str)
def test_the_rows_that_a_stopped_run_did_not_reach_are_counted(
    bulk: Runner, row_server: RowServer, flags: tuple[str, ...]
) -> None:
    write_rows(Path("in.jsonl"), 9)
    stopped = bulk("bulk", "in.jsonl", "-o", "a", "--max-tokens", "1", "--max-total-tokens", "30")
    assert stopped.code == 10
    reached = len(row_server.bodies)
    assert 0 < reached < 9
    assert bulk("bulk", "export", "a", *flags).code == 0  # the output alone does not show it
    done = bulk("bulk", "export", "a", *flags, *INPUT)
    empty = "; their lines are empty" if flags == ("--text",) else ""
    assert (done.code, f"nbx: rows without an answer yet: {9 - reached}{empty}\n" in done.err) == (9, True)
    if flags == ("--text",):
        assert done.out_bytes.count(b"\n") == 9
    assert bulk("bulk", "in.jsonl", "-o", "a", "--max-tokens", "1").code == 0
    done = bulk("bulk", "export", "a", *flags, *INPUT)
    assert (done.code, "without an answer" in done.err) == (0, False)


def test_rows_are_exported_in_input_order_and_other_rows_are_left_out(folder: Path, bare: Runner) -> None:
    write_rows(folder / "in.jsonl", [{"id": "b", "prompt": "x"}, {"id": "a", "prompt": "x"}, "plain"])
    gone = [answer(row(7, own_id="gone")), encode_bad(BadRow(8, 9, "no"))]
    write(folder / "a", answer(row(0, own_id="a"), "A"), answer(row(1, own_id="b"), "B"), *gone)
    done = bare("bulk", "export", "a", "--csv", *INPUT)
    assert indexes(done.out) == [("0", "b"), ("1", "a")]
    assert done.err.splitlines() == [
        "nbx: left out 2 records of rows that are not in in.jsonl",
        "nbx: rows without an answer yet: 1",
    ]
    done = bare("bulk", "export", "a", "--text", *INPUT)
    assert (done.code, done.out) == (9, "B\nA\n\n")


def test_two_rows_with_the_same_index_are_both_exported_in_input_order(folder: Path, bare: Runner) -> None:
    write_rows(folder / "in.jsonl", [{"id": "b", "prompt": "x"}, {"id": "a", "prompt": "x"}])
    write(folder / "a", answer(row(0, own_id="a"), "A"), answer(row(0, own_id="b"), "B"))
    assert bare("bulk", "export", "a", "--text").code == 9
    done = bare("bulk", "export", "a", "--text", *INPUT)
    assert (done.code, done.out, done.err) == (0, "B\nA\n", "")


def test_bad_rows_of_the_input_count_as_failed_and_not_as_missing(folder: Path, bare: Runner) -> None:
    (folder / "in.jsonl").write_text('{"id":"a","prompt":"x"}\nnot json\n{"id":"a","prompt":"y"}\n')
    bad = [encode_bad(BadRow(1, 2, "not JSON")), encode_bad(BadRow(2, 3, "used before"))]
    write(folder / "a", *bad, answer(row(0, own_id="a")))
    done = bare("bulk", "export", "a", "--csv", *INPUT)
    assert indexes(done.out) == [("0", "a"), ("1", "1"), ("2", "2")]
    assert done.err == "nbx: 2 rows failed and have an error instead of text\n"


@pytest.mark.parametrize("flags", [(), INPUT], ids=["alone", "input"])
def test_a_bad_row_that_was_fixed_is_exported_only_with_its_answer(
    folder: Path, bare: Runner, flags: tuple[str, ...]
) -> None:
    write_rows(folder / "in.jsonl", [{"id": "b", "prompt": "x"}])
    write(folder / "a", encode_bad(BadRow(0, 1, "no")), answer(row(0, own_id="b"), "B"))
    done = bare("bulk", "export", "a", "--csv", *flags)
    assert (done.code, done.err, indexes(done.out)) == (0, "", [("0", "b")])


def test_a_damaged_record_counts_as_missing_and_a_failed_one_as_failed(folder: Path, bare: Runner) -> None:
    write_rows(folder / "in.jsonl", 4)
    damaged = answer(row(1)).replace(b'"choices":[', b'"choices":[\xff')
    write(folder / "a", answer(row(0)), damaged, failure(row(2)), answer(row(3)))
    done = bare("bulk", "export", "a", "--csv", *INPUT)
    assert done.err.splitlines()[1:] == [
        "nbx: 1 row failed and has an error instead of text",
        "nbx: rows without an answer yet: 1",
    ]


def test_an_input_much_longer_than_the_output_does_not_count_as_damage(folder: Path, bare: Runner) -> None:
    (folder / "in.txt").write_bytes(b"x\n" * 300_000)
    write(folder / "a", answer(row(299_999)))
    done = bare("bulk", "export", "a", "--text", "--input", "in.txt")
    assert (done.code, done.out) == (9, "\n" * 299_999 + "said\n")


@pytest.mark.parametrize("flags", [("--csv",), ("--csv", "--side-by-side"), ("--format", "html")], ids=str)
def test_missing_answers_of_a_matrix_are_counted_in_all_combinations(
    bulk: Runner, row_server: RowServer, flags: tuple[str, ...]
) -> None:
    write_rows(Path("in.jsonl"), [{"id": "a", "prompt": "x"}])
    assert bulk("bulk", "in.jsonl", "-o", "a", *MATRIX).code == 0
    # The row has moved, and another one has no answer at all.
    write_rows(Path("in.jsonl"), [{"id": "b", "prompt": "x"}, {"id": "a", "prompt": "x"}])
    done = bulk("bulk", "export", "a", *flags, *INPUT, *MATRIX)
    assert (done.code, "yet: 2" in done.err or "still missing: 2;" in done.err) == (9, True), done.err
    if "--csv" in flags:
        assert {line[0] for line in indexes(done.out)} <= {"1", "2", "3"}
    del row_server
    for wrong in (INPUT, (*INPUT, "--matrix", "top_p=0,1")):
        refused = bulk("bulk", "export", "a", *flags, *wrong)
        assert (refused.code, "answers of a run with --matrix temperature" in refused.err) == (2, True)


def test_several_inputs_and_standard_input_are_read(folder: Path, bare: Runner) -> None:
    (folder / "one.txt").write_text("x\ny\n")
    write(folder / "a", answer(row(0)), answer(row(1)), answer(row(2)))
    done = bare("bulk", "export", "a", "--csv", "--input", "one.txt", "--input", "-", stdin=b'"z"\n"last"\n')
    assert (done.code, done.err) == (9, "nbx: rows without an answer yet: 1\n")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--matrix", "temperature=0,1"), "--matrix requires --input"),
        (("--input", "gone.jsonl"), "cannot read gone.jsonl"),
        (("--input", "in.jsonl", "-o", "in.jsonl", "--force"), "this is the input"),
        (("--input", "in.data"), "nbx bulk merge --input FILE --format NAME"),  # --format is the export's
    ],
)
def test_an_input_that_cannot_be_used_is_a_usage_error(
    folder: Path, bare: Runner, flags: tuple[str, ...], words: str
) -> None:
    write_rows(folder / "in.jsonl", 1)
    (folder / "in.data").write_text("x")
    write(folder / "a", answer(row(0)))
    done = bare("bulk", "export", "a", "--csv", *flags)
    assert (done.code, done.out, words in done.err) == (2, "", True), done.err
