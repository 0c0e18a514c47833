"""`nbx bulk A B C`: several input files are one input, and each of their rows is sent once."""

import gzip
import os
import threading
from pathlib import Path

import pytest

from tests.support.rows import RowServer, records, refuse, texts, write_rows
from tests.support.run import Runner

OUT = Path("out.jsonl")


@pytest.fixture
def three(bulk: Runner) -> tuple[str, ...]:
    """Three files of different formats with two rows each."""
    del bulk
    write_rows(Path("a.jsonl"), [{"id": "first", "prompt": "a0"}, "a1"])
    Path("b.csv").write_text("prompt,temperature\nb0,0.5\nb1,\n")
    Path("c.txt.gz").write_bytes(gzip.compress(b"c0\nc1\n"))
    return "a.jsonl", "b.csv", "c.txt.gz"


def test_files_of_different_formats_form_one_input(
    bulk: Runner, row_server: RowServer, three: tuple[str, ...]
) -> None:
    assert bulk("bulk", *three, "-o", str(OUT), "--ordered").code == 0
    assert [(record["index"], record["id"], record["prompt"]) for record in records(OUT)] == [
        (0, "first", "a0"),
        (1, 1, "a1"),
        (2, 2, "b0"),
        (3, 3, "b1"),
        (4, 4, "c0"),
        (5, 5, "c1"),
    ]
    assert [body["prompt"] for body in row_server.bodies if "temperature" in body] == ["b0"]
    piped = bulk("bulk", "a.jsonl", "-", "c.txt.gz", "--ordered", stdin=b'"from stdin"\n')
    assert [line.split(":")[1].split(",")[0] for line in piped.out.splitlines()] == ['"first"', *"1234"]


def test_only_the_rows_of_a_file_added_at_the_end_are_sent(
    bulk: Runner, row_server: RowServer, three: tuple[str, ...]
) -> None:
    assert bulk("bulk", *three[:2], "-o", str(OUT)).code == 0
    row_server.requests.clear()
    assert bulk("bulk", *three, "-o", str(OUT)).code == 0
    assert sorted(body["prompt"] for body in row_server.bodies) == ["c0", "c1"]
    assert len(texts(OUT)) == 6


def test_shards_number_the_rows_across_all_files(bulk: Runner, three: tuple[str, ...]) -> None:
    assert bulk("bulk", *three, "-o", "s1.jsonl", "--shard", "1/2").code == 0
    assert bulk("bulk", *three, "-o", "s2.jsonl", "--shard", "2/2").code == 0
    assert sorted(record["prompt"] for record in records(Path("s2.jsonl"))) == ["a1", "b1", "c1"]
    merged = bulk("bulk", "merge", "s1.jsonl", "s2.jsonl")
    assert "6 rows of 2 files: 6 answered, 0 failed, 0 missing" in merged.err


def test_a_bad_row_is_reported_with_its_file(bulk: Runner, three: tuple[str, ...]) -> None:
    write_rows(Path("d.jsonl"), ["fine", {"id": "first", "prompt": "x"}])
    failed = bulk("bulk", *three, "d.jsonl", "-o", str(OUT))
    assert failed.code == 65
    assert "d.jsonl, line 2: id 'first' is used twice" in failed.err
    assert not OUT.exists()
    skipped = bulk("bulk", *three, "d.jsonl", "-o", str(OUT), "--on-bad-row", "skip")
    assert "d.jsonl, line 2: id 'first' is used twice; left out" in skipped.err
    (bad,) = [record["error"] for record in records(OUT) if record["error"] is not None]
    assert (bad["file"], bad["line"]) == ("d.jsonl", 2)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (("a.jsonl", "b.csv", "a.jsonl"), "a.jsonl is named twice"),
        (("a.jsonl", "link.jsonl"), "a.jsonl and link.jsonl are the same file"),
        (("-", "a.jsonl", "-"), "- is named twice"),
        (("a.jsonl", "gone.jsonl"), "cannot read gone.jsonl"),
        (("a.jsonl", "gone"), "cannot read gone"),
        (("a.jsonl", "b.dat"), "cannot tell the format of b.dat"),
        (("a.jsonl", "questions.csv"), "questions.csv has no column 'prompt'"),
        (("a.jsonl", "b.csv", "out.jsonl"), "-o out.jsonl"),
    ],
)
def test_invalid_input_files_are_reported_before_anything_is_sent(
    bulk: Runner, row_server: RowServer, three: tuple[str, ...], files: tuple[str, ...], said: str
) -> None:
    del three
    Path("link.jsonl").symlink_to("a.jsonl")
    Path("questions.csv").write_text("question\nwhy\n")
    Path("b.dat").touch()
    OUT.write_text("")
    failed = bulk("bulk", *files, "-o", str(OUT), stdin=b'"x"\n')
    assert (failed.code, said in failed.err) == (2, True), failed.err
    assert row_server.bodies == []


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("c.txt", "questions.csv"), "c.txt"),
        (("questions.csv", "c.txt"), "c.txt"),
        (("c.txt",), "c.txt"),
        (("-", "--format", "text"), "stdin"),
    ],
)
def test_a_text_file_without_the_column_of_the_template_is_reported_by_name(
    bulk: Runner, row_server: RowServer, words: tuple[str, ...], name: str
) -> None:
    Path("c.txt").write_text("a line\n")
    Path("questions.csv").write_text("question\nwhy\n")
    failed = bulk("bulk", *words, "--template", "{question}", stdin=b"x\n")
    assert failed.err.splitlines() == [
        f"nbx: {name} has no column 'question'",
        "  columns: prompt",
        "  plain text has only the column {prompt}, the whole line",
    ]
    assert (failed.code, row_server.bodies) == (2, [])


def test_a_file_that_changes_before_it_is_read_stops_the_run(
    bulk: Runner, row_server: RowServer, three: tuple[str, ...]
) -> None:
    def change(_: str) -> None:
        Path("b.csv").write_text("prompt\nother\nrows\nthan before\n")

    write_rows(Path("many.jsonl"), 500)
    row_server.answer = change
    ended = bulk("bulk", "many.jsonl", *three, "-o", str(OUT), "--concurrency", "1")
    assert (ended.code, "b.csv changed during the run" in ended.err) == (65, True), ended.err


def test_a_named_pipe_is_read_once_after_the_files(bulk: Runner, three: tuple[str, ...]) -> None:
    os.mkfifo("pipe.csv")
    writer = threading.Thread(target=lambda: Path("pipe.csv").write_text("prompt\npiped\n"))
    writer.start()
    done = bulk("bulk", *three, "pipe.csv", "-o", str(OUT))
    writer.join()
    assert (done.code, texts(OUT)[6]) == (0, " PIPED")


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="the system has no name for standard input")
def test_standard_input_given_under_two_names_is_a_usage_error(bulk: Runner, row_server: RowServer) -> None:
    result = bulk("bulk", "-", "/dev/stdin", "--format", "text", stdin=b"a\n")
    assert (result.code, "- and /dev/stdin are the same file" in result.err) == (2, True)
    assert not row_server.bodies


MATRIX = ("--matrix", "temperature=0,1")


def test_reordered_files_of_a_matrix_run_are_refused_and_not_paid_for_again(
    bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("a.jsonl"), ["a0", "a1"])
    write_rows(Path("b.jsonl"), ["b0", "b1"])
    assert bulk("bulk", "a.jsonl", "b.jsonl", "-o", str(OUT), *MATRIX).code == 0
    before, sent = OUT.read_bytes(), len(row_server.bodies)
    for files in (("b.jsonl", "a.jsonl"), ("b.jsonl",)):
        result = bulk("bulk", *files, "-o", str(OUT), *MATRIX)
        assert (result.code, "without an id moved" in result.err) == (2, True), files
    assert (OUT.read_bytes(), len(row_server.bodies)) == (before, sent)
    Path("c.jsonl").write_text('"c0"\n"c1"\n')  # other prompts at the same indexes are a new input
    assert bulk("bulk", "c.jsonl", "-o", str(OUT), *MATRIX).code == 0


def test_rows_moved_to_a_pipe_are_refused_and_not_paid_for_again(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("a.jsonl"), ["a0", "a1"])
    write_rows(Path("b.jsonl"), ["b0", "b1"])
    assert bulk("bulk", "a.jsonl", "b.jsonl", "-o", str(OUT)).code == 0
    before, sent = OUT.read_bytes(), len(row_server.bodies)
    result = bulk("bulk", "b.jsonl", "-", "-o", str(OUT), stdin=b'"a0"\n"a1"\n')
    assert (result.code, "or rows without an id have moved" in result.err) == (2, True)
    assert (OUT.read_bytes(), len(row_server.bodies)) == (before, sent)


@pytest.mark.parametrize("flags", [(), ("--on-bad-row", "skip"), ("--max-total-tokens", "9999")])
def test_answers_to_rows_without_an_id_move_with_their_rows(
    bulk: Runner, row_server: RowServer, flags: tuple[str, ...]
) -> None:
    write_rows(Path("a.jsonl"), [{"id": "a", "prompt": "a0"}])
    write_rows(Path("b.jsonl"), ["b0"])
    write_rows(Path("c.jsonl"), ["c0", "c1", "c0"])
    write_rows(Path("new.jsonl"), ["new", "b0"])  # a row before b0
    run = ("-o", str(OUT), "--max-tokens=8", *flags)
    assert bulk("bulk", "a.jsonl", "b.jsonl", "c.jsonl", *run).code == 0
    orders = {"a c b": " A0 C0 C1 C0 B0", "c b a": " C0 C1 C0 B0 A0", "new c a": " NEW B0 C0 C1 C0 A0"}
    for files, answers in orders.items():
        result = bulk("bulk", *(f"{name}.jsonl" for name in files.split()), *run)
        assert result.code == 0, result.err
        assert "without an id moved in the input; the answers were renumbered" in result.err
        export = bulk("bulk", "export", str(OUT), "--text")
        assert (export.code, export.out.replace("\n", "")) == (0, answers), files
    assert len(row_server.bodies) == 6  # only `new` was sent
    assert not Path("out.jsonl.old").exists()


def test_an_answer_whose_index_now_belongs_to_another_row_is_kept_in_a_copy(
    bulk: Runner, row_server: RowServer
) -> None:
    write_rows(Path("in.jsonl"), ["w", "x", "y", "z"])
    assert bulk("bulk", "in.jsonl", "-o", str(OUT)).code == 0
    before = OUT.read_bytes()
    write_rows(Path("in.jsonl"), ["w", "z"])
    result = bulk("bulk", "in.jsonl", "-o", str(OUT))
    assert (result.code, len(row_server.bodies)) == (0, 4), result.err
    assert texts(OUT)[1] == " Z"
    assert "earlier answers are kept in" in result.err
    (kept,) = Path().glob("out*.old*")
    assert kept.read_bytes() == before


def test_rows_with_ids_may_move_between_files_and_are_exported_in_the_new_order(
    bulk: Runner, row_server: RowServer
) -> None:
    for name in "ab":
        write_rows(Path(f"{name}.jsonl"), [{"id": f"{name}{i}", "prompt": f"{name}{i}"} for i in range(2)])
    write_rows(Path("c.jsonl"), [{"id": "c", "prompt": "c"}])
    assert bulk("bulk", "a.jsonl", "b.jsonl", "-o", str(OUT)).code == 0
    assert bulk("bulk", "c.jsonl", "b.jsonl", "a.jsonl", "-o", str(OUT)).code == 0
    assert row_server.asked.total() == 5
    done = bulk("bulk", "export", str(OUT), "--text")
    assert (done.code, done.out) == (0, " C\n B0\n B1\n A0\n A1\n")


def test_rows_with_equal_prompts_are_not_mistaken_for_moved_rows(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), ["same", "other", "same", "same"])
    refused = iter([True])
    row_server.answer = lambda _: refuse(400, "no") if next(refused, False) else None
    run = ("bulk", "in.jsonl", "-o", str(OUT), "--concurrency", "1")
    assert bulk(*run).code == 9  # the first row failed; two equal ones were answered
    assert bulk("bulk", "out.failed.jsonl", "-o", str(OUT)).code == 0
    assert row_server.asked.total() == 5
    lines = OUT.read_bytes().splitlines(keepends=True)
    OUT.write_bytes(b"".join(line for line in lines if b'"id":2,' not in line))  # as after a kill
    assert bulk(*run).code == 0
    assert row_server.asked.total() == 6
    write_rows(Path("in.jsonl"), ["other", "other", "same", "same"])  # edited in place
    assert bulk(*run).code == 0
    assert row_server.asked.total() == 7


def test_merge_leaves_out_answers_to_rows_that_are_no_longer_in_the_input(bulk: Runner) -> None:
    for name in "ab":
        write_rows(Path(f"{name}.jsonl"), [{"id": f"{name}{i}", "prompt": f"{name}{i}"} for i in range(2)])
    assert bulk("bulk", "a.jsonl", "-o", str(OUT)).code == 0
    run = bulk("bulk", "b.jsonl", "-o", str(OUT))
    assert "2 answers to rows that are not in this input; nbx bulk merge --input FILE leaves" in run.err
    export = bulk("bulk", "export", str(OUT), "--text")
    assert export.code == 9  # two rows have the index 0
    assert "2 rows left out: other rows have the same index" in export.err
    assert bulk("bulk", "merge", str(OUT), "--input", "b.jsonl", "-o", "b.out.jsonl").code == 0
    assert bulk("bulk", "export", "b.out.jsonl", "--text").out == " B0\n B1\n"
