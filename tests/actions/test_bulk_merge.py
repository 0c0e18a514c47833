"""`nbx bulk merge`: each row once and in order, and a report of missing rows."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.input.row import BadRow
from nebius_cli.bulk.output.journal import Journal
from nebius_cli.bulk.output.record_format import encode_bad
from tests.support.answers import answer, failure, row, write
from tests.support.folder import names
from tests.support.run import Runner


def test_shards_become_one_file_in_the_order_of_the_rows(folder: Path, bare: Runner) -> None:
    records = [answer(row(n)) for n in range(7)]
    write(folder / "a", records[4], records[0], records[2], records[6])
    write(folder / "b", records[5], records[1], records[3])
    done = bare("bulk", "merge", "a", "b", "-o", "all.jsonl")
    assert (done.code, done.err) == (0, "nbx: 7 rows of 2 files: 7 answered, 0 failed, 0 missing\n")
    assert (folder / "all.jsonl").read_bytes() == b"".join(records)
    assert names(folder) == ["a", "all.jsonl", "b"]
    assert bare("bulk", "merge", "b", "a", "-q").out_bytes == b"".join(records)


@given(st.data())
def test_any_distribution_of_rows_over_files_merges_to_the_same_output(data: st.DataObject) -> None:
    import tempfile

    rows = data.draw(st.integers(1, 12))
    owners = data.draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows))
    order = data.draw(st.permutations(range(rows)))
    with tempfile.TemporaryDirectory() as name:
        parts = [Path(name) / str(part) for part in range(4)]
        for part, path in enumerate(parts):
            write(path, *(answer(row(n)) for n in order if owners[n] == part))
        done = Runner({})("bulk", "merge", *map(str, parts))
    assert (done.code, done.out_bytes) == (0, b"".join(answer(row(n)) for n in range(rows)))


def test_missing_rows_are_named_and_failed_ones_counted(folder: Path, bare: Runner) -> None:
    there = [0, 1, *range(4, 17), 25]
    write(folder / "a", *(answer(row(n)) for n in there))
    write(folder / "b", failure(row(30)))
    done = bare("bulk", "merge", "a", "b")
    assert done.code == 9
    assert "nbx: 31 rows of 2 files: 16 answered, 1 failed, 14 missing\n" in done.err
    assert "missing rows: 2-3, 17-24, 26-29\n" in done.err
    assert done.out_bytes == b"".join(answer(row(n)) for n in there) + failure(row(30))


def test_the_lists_of_failed_rows_that_a_wildcard_names_are_left_out(folder: Path, bare: Runner) -> None:
    write(folder / "a-1.jsonl", answer(row(0)))
    (folder / "a-1.failed.jsonl").write_text('{"id":1,"prompt":"x","error":{}}\n')
    write(folder / "a-2.jsonl", answer(row(1)))
    done = bare("bulk", "merge", *sorted(path.name for path in folder.iterdir()))
    assert (done.code, done.out_bytes) == (0, answer(row(0)) + answer(row(1)))
    assert "2 rows of 2 files" in done.err
    assert bare("bulk", "merge", "a-1.failed.jsonl").code == 2


def test_a_failed_row_makes_the_exit_code_9(folder: Path, bare: Runner) -> None:
    write(folder / "a", failure(row(0)))
    assert bare("bulk", "merge", "a").code == 9


def test_an_answer_is_preferred_to_an_error_whatever_the_order(folder: Path, bare: Runner) -> None:
    write(folder / "a", failure(row(0)), answer(row(1)), failure(row(2)), answer(row(2)))
    write(folder / "b", answer(row(0)), failure(row(1)), answer(row(3)), failure(row(3)))
    done = bare("bulk", "merge", "a", "b")
    assert (done.code, done.out_bytes) == (0, b"".join(answer(row(n)) for n in range(4)))


def test_the_answer_to_the_current_version_of_a_row_is_merged(folder: Path, bare: Runner) -> None:
    changed = row(0, body=b"{1}")
    write(folder / "a", answer(row(0)), answer(changed, "now"))
    assert bare("bulk", "merge", "a").out_bytes == answer(changed, "now")
    write(folder / "a", answer(row(0)), failure(changed))
    done = bare("bulk", "merge", "a")
    assert (done.code, done.out_bytes) == (9, failure(changed))


def test_two_failures_of_a_row_are_merged_into_one(folder: Path, bare: Runner) -> None:
    write(folder / "a", failure(row(0)))
    write(folder / "b", failure(row(0)))
    done = bare("bulk", "merge", "a", "b")
    assert (done.code, done.out_bytes) == (9, failure(row(0)))


def test_two_answers_to_a_row_are_an_error_that_names_both(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(1)), answer(row(0), "this"))
    write(folder / "b", answer(row(2)), failure(row(3)), answer(row(0), "that"))
    done = bare("bulk", "merge", "a", "b", "-o", "all")
    assert (done.code, done.out) == (65, "")
    assert "row 0 has two answers" in done.err
    assert "a:2 and b:3" in done.err
    assert names(folder) == ["a", "b"]


def test_identical_answers_to_a_row_are_merged_into_one(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0)), answer(row(1)))
    write(folder / "b", answer(row(1))[:-1])
    done = bare("bulk", "merge", "a", "b")
    assert (done.code, done.out_bytes) == (0, answer(row(0)) + answer(row(1)))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "no files to merge"),
        (["a", "./a"], "a is named twice"),
        (["a", "link"], "link is named twice"),
        (["a", "gone"], "cannot read gone"),
        (["a", "."], "cannot read ."),
        (["a", "notes"], "notes is not the output of nbx bulk"),
        (["a", "-o", "a"], "this is one of the files to merge"),
        (["a", "-o", "notes"], "--force replaces it"),
        (["a", "--input", "notes", "-o", "notes", "--force"], "this is the input"),
        (["a", "--input", "gone.csv"], "cannot read gone.csv"),
        (["a", "--invalid", "no"], "must be strict or replace"),
    ],
)
def test_an_invalid_merge_command_is_a_usage_error(
    folder: Path, bare: Runner, args: list[str], words: str
) -> None:
    write(folder / "a", answer(row(0)))
    (folder / "link").symlink_to("a")
    (folder / "notes").write_text("milk\n")
    done = bare("bulk", "merge", *args)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert (folder / "notes").read_text() == "milk\n"
    assert names(folder) == ["a", "link", "notes"]


def test_force_replaces_an_existing_file(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0)))
    (folder / "all").write_text("old")
    assert bare("bulk", "merge", "a", "-o", "all", "--force").code == 0
    assert (folder / "all").read_bytes() == answer(row(0))


def test_the_output_of_a_run_in_progress_is_neither_merged_nor_replaced(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0)))
    journal = Journal.open("b", restart=False, note=lambda _: None)
    for args in (["a", "b"], ["a", "-o", "b", "--force"]):
        done = bare("bulk", "merge", *args)
        assert done.code == 2
        assert f"another nbx bulk or nbx score is writing {folder / 'b'}" in done.err
    journal.close()
    assert bare("bulk", "merge", "a", "b").code == 0
    assert names(folder) == ["a", "b"]


def test_a_partial_record_is_reported_and_its_row_counts_as_missing(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0)), answer(row(2)), answer(row(1))[:40])
    done = bare("bulk", "merge", "a")
    assert (done.code, done.out_bytes) == (9, answer(row(0)) + answer(row(2)))
    assert "a has partial or broken lines" in done.err
    assert "missing rows: 1\n" in done.err


INPUTS = [
    ("in.jsonl", '{"id":"a","prompt":"x"}\n"plain"\n{"custom_id":"c","body":{}}\n{"id":"d"}\n'),
    ("in.csv", "prompt,id\nx,a\ny,\nz,c\n,d\n"),
]


@pytest.mark.parametrize(("name", "content"), INPUTS)
def test_with_an_input_rows_are_matched_by_id(folder: Path, bare: Runner, name: str, content: str) -> None:
    (folder / name).write_text(content)
    ids: list[str | int] = ["a", 1, "c", "d"]
    # Records written when the rows had other indexes, as before an insertion.
    records = [answer(row(index, own_id=own)) for index, own in zip((3, 1, 0, 2), ids, strict=True)]
    write(folder / "a", records[3], answer(row(9, own_id="gone")), records[1])
    write(folder / "b", records[0], records[2])
    records = [answer(row(index, own_id=own)) for index, own in enumerate(ids)]  # the current indexes
    done = bare("bulk", "merge", "a", "b", "--input", name)
    assert (done.code, done.out_bytes) == (0, b"".join(records))
    assert "of rows that are not in" in done.err
    done = bare("bulk", "merge", "b", "--input", name)
    assert (done.code, done.out_bytes) == (9, records[0] + records[2])
    assert "missing rows: 1, 3\n" in done.err


def test_bad_rows_of_the_input_are_matched_by_index(folder: Path, bare: Runner) -> None:
    (folder / "in.jsonl").write_text('{"id":"a","prompt":"x"}\nnot json\n{"id":"a","prompt":"y"}\n')
    bad = [encode_bad(BadRow(1, 2, "not JSON")), encode_bad(BadRow(2, 3, "used before"))]
    write(folder / "a", *bad, answer(row(0, own_id="a")), encode_bad(BadRow(8, 9, "not JSON")))
    done = bare("bulk", "merge", "a", "--input", "in.jsonl")
    assert (done.code, done.out_bytes) == (9, answer(row(0, own_id="a")) + b"".join(bad))
    assert "3 rows of 1 file: 1 answered, 2 failed, 0 missing" in done.err
    assert "of rows that are not in" in done.err


def test_missing_rows_at_the_end_of_the_input_are_reported(folder: Path, bare: Runner) -> None:
    (folder / "in.txt").write_text("a\nb\nc\n")
    write(folder / "a", answer(row(0)))
    done = bare("bulk", "merge", "a", "--input", "in.txt")
    assert (done.code, "missing rows: 1-2\n" in done.err) == (9, True)


def test_files_in_a_read_only_folder_can_be_merged(
    folder: Path, bare: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    write(folder / "a", answer(row(0)))
    monkeypatch.setattr("nebius_cli.system.lock.try_lock", refuse)
    assert bare("bulk", "merge", "a").out_bytes == answer(row(0))


def test_a_merge_to_a_full_device_is_an_output_error(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0)))
    done = bare("bulk", "merge", "a", "-o", "/dev/full")
    assert (done.code, "No space left on device" in done.err) == (74, True)


def test_a_merged_file_is_an_output_that_can_be_resumed(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(1)))
    write(folder / "b", answer(row(0)))
    assert bare("bulk", "merge", "a", "b", "-o", "all.jsonl").code == 0
    journal = Journal.open("all.jsonl", restart=False, note=lambda _: None)
    assert journal.has_answer(row(0))
    assert json.loads((folder / "all.jsonl").read_text().splitlines()[0])["index"] == 0
    journal.close()
