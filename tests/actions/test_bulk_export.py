"""`nbx bulk export`: the exact texts, and a report of every gap."""

import csv
import io
from pathlib import Path

import pytest

from nebius_cli.bulk.input.row import BadRow
from nebius_cli.bulk.output.journal import Journal
from nebius_cli.bulk.output.record_format import Result, encode, encode_bad
from tests.support.answers import USED, answer, failure, response, row, write
from tests.support.run import Runner

# Scripts may read columns by position, so new columns can only be added at the end.
HEADER = b"id,index,choice,text,finish_reason,error,prompt_tokens,completion_tokens,cost,prompt\n"
HIDDEN = "nbx: warning: 1 row left out: other rows have the same index; "


def test_texts_are_exported_in_row_order_each_with_its_terminator(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(1), " two\nlines", "b"), answer(row(0), "é"))
    done = bare("bulk", "export", "a", "--text")
    assert (done.code, done.out) == (0, "é\n two\nlines\nb\n")
    done = bare("bulk", "export", "a", "--text", "-0")
    assert (done.out, done.err) == ("é\0 two\nlines\0b\0", "")


@pytest.mark.parametrize(("flags", "end", "said"), [((), "\n", "newlines"), (("-0",), "\0", "NUL")])
def test_texts_that_contain_the_terminator_are_counted(
    folder: Path, bare: Runner, flags: tuple[str, ...], end: str, said: str
) -> None:
    write(folder / "a", answer(row(0), f"one{end}two{end}"), answer(row(1), end, end), answer(row(2), "x"))
    done = bare("bulk", "export", "a", "--text", *flags)
    assert done.err.startswith(f"nbx: 3 texts contain {said}, so line N is not always row N; ")
    assert "keeps the texts apart\n" in done.err
    assert done.code == 0
    assert bare("bulk", "export", "a", "--csv").err == ""


def test_line_n_belongs_to_row_n_whatever_the_order_of_the_records(folder: Path, bare: Runner) -> None:
    retried = (failure(row(1)), answer(row(4), "4"), answer(row(2), "2"), answer(row(1), "1"))
    write(
        folder / "a", *retried, answer(row(9, own_id="moved"), "gone"), answer(row(9), "9"), failure(row(7))
    )
    done = bare("bulk", "export", "a", "--text")
    assert (done.code, done.out) == (9, "\n1\n2\n\n4\n\n\n\n\n9\n")
    assert done.err.splitlines() == [
        f"{HIDDEN}--input FILE puts rows in order, --csv exports all",
        "nbx: 1 row failed; its line is empty",
        "nbx: rows without an answer yet: 5; their lines are empty",
    ]
    table = list(csv.DictReader(io.StringIO(bare("bulk", "export", "a", "--csv").out)))
    assert [line["index"] for line in table] == ["1", "2", "4", "7", "9", "9"]


@pytest.mark.parametrize(
    ("earlier", "later", "code", "said"),
    [
        (answer(row(0, own_id="a")), answer(row(0, own_id="b"), "b"), 9, HIDDEN),
        (failure(row(0, own_id="a")), answer(row(0, own_id="b"), "b"), 9, HIDDEN),
        (encode_bad(BadRow(0, 1, "no")), answer(row(0, own_id="b"), "b"), 0, ""),  # the fixed row has an id
        (answer(row(0)), failure(row(0, body=b"{1}")), 9, "nbx: 1 row failed; its line is empty\n"),
        (answer(row(0)), answer(row(0, body=b"{1}"), "b"), 0, ""),
    ],
    ids=["answer", "failure", "bad row", "changed and failed", "changed"],
)
def test_a_row_hidden_by_another_row_with_its_index_is_reported(
    folder: Path, bare: Runner, earlier: bytes, later: bytes, code: int, said: str
) -> None:
    write(folder / "a", earlier, later)
    done = bare("bulk", "export", "a", "--text")
    assert (done.code, done.out) == (code, "\n" if "failed" in said else "b\n")
    assert done.err.startswith(said)
    assert bool(done.err) == bool(said)


def test_a_record_with_an_index_far_beyond_all_others_counts_as_damaged(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0)), answer(row(10**14)))
    done = bare("bulk", "export", "a", "--text")
    assert (done.code, "has a record with the index 100000000000000" in done.err) == (65, True)


def test_a_record_with_a_damaged_response_is_left_out(folder: Path, bare: Runner) -> None:
    for damage in (b"\xff", b"9" * 5000, b"[" * 5000, b"NaN,"):
        bad = answer(row(1)).replace(b'"choices":[', b'"choices":[' + damage)
        write(folder / "a", answer(row(0), "a"), bad, answer(row(2), "c"))
        done = bare("bulk", "export", "a", "--text")
        assert done.code in (0, 9), done.err
        assert done.out.splitlines()[0::2] == ["a", "c"]


def test_a_failed_row_keeps_its_line_and_is_reported(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0), "a"), failure(row(1)), encode_bad(BadRow(2, 3, "no")), answer(row(3)))
    done = bare("bulk", "export", "a", "--text", "-0")
    assert (done.code, done.out) == (9, "a\0\0\0said\0")
    assert done.err == "nbx: 2 rows failed; their lines are empty\n"
    done = bare("bulk", "export", "a", "--csv")
    assert done.code == 9
    assert done.err == "nbx: 2 rows failed and have an error instead of text\n"
    write(folder / "a", failure(row(0)))
    assert bare("bulk", "export", "a", "--text").err == "nbx: 1 row failed; its line is empty\n"
    assert bare("bulk", "export", "a", "--csv").err == "nbx: 1 row failed and has an error instead of text\n"


def test_exported_csv_is_read_back_byte_for_byte(folder: Path, bare: Runner) -> None:
    nasty = '=1+1,"x"\r\n\u2028\0é'
    write(
        folder / "a",
        answer(row(0, nasty, own_id='i"d'), nasty, "2nd"),
        failure(row(1)),
        encode_bad(BadRow(2, 3, "no")),
    )
    done = bare("bulk", "export", "a", "--csv", "-o", "a.csv")
    assert (done.code, done.out) == (9, "")
    data = (folder / "a.csv").read_bytes()
    assert data.startswith(HEADER)
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))
    assert [list(row.values()) for row in rows] == [
        ['i"d', "0", "0", nasty, "stop", "", "3", "4", "0.25", nasty],
        ['i"d', "0", "1", "2nd", "stop", "", "", "", "", nasty],
        ["1", "1", "", "", "", "the server answered 500: it broke", "3", "4", "0.25", "Say it"],
        ["2", "2", "", "", "", "no", "", "", "", ""],
    ]


def test_csv_has_a_column_for_prompts_of_every_kind(folder: Path, bare: Runner) -> None:
    without = encode(Result(row(2), 1, 0, None, None, response("c")), with_prompt=False)
    write(folder / "a", answer(row(0, [5, 6])), failure(row(1, "=1+1")), without)
    lines = list(csv.DictReader(io.StringIO(bare("bulk", "export", "a", "--csv", "--escape-formulas").out)))
    assert [line["prompt"] for line in lines] == ["[5,6]", "'=1+1", ""]


def test_choices_are_exported_in_the_order_of_their_indexes(folder: Path, bare: Runner) -> None:
    turned = response("a", "b")
    turned["choices"].reverse()
    write(folder / "a", encode(Result(row(0), 1, 0, None, None, turned), with_prompt=True))
    assert bare("bulk", "export", "a", "--text").out == "a\nb\n"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'{"choices":[{"text":null}]}', b"\n"),
        (b'{"choices":[7,{"text":"x","index":"?"}]}', b"x\n"),
        (b'{"choices":{}}', b"\n"),
        (b"{}", b"\n"),
        (b'{"choices":[{"text":"\\ud83d\\ude00\\ud800"}]}', "😀\ufffd\n".encode()),
    ],
)
def test_a_response_of_another_shape_is_exported_with_the_text_it_has(
    folder: Path, bare: Runner, raw: bytes, text: bytes
) -> None:
    write(folder / "a", encode(Result(row(0), 1, 0, dict(USED), None, raw), with_prompt=False))
    assert bare("bulk", "export", "a", "--text").out_bytes == text
    assert bare("bulk", "export", "a", "--csv").code == 0


def test_only_the_last_answer_to_a_row_is_exported(folder: Path, bare: Runner) -> None:
    write(folder / "a", failure(row(0)), answer(row(1), "old"), answer(row(0), "a"), answer(row(1), "new"))
    done = bare("bulk", "export", "a", "--text")
    assert (done.code, done.out) == (0, "a\nnew\n")


def test_an_export_during_a_run_has_the_answers_so_far(folder: Path, bare: Runner) -> None:
    journal = Journal.open("a", restart=False, note=lambda _: None)
    journal.append(answer(row(0), "a"))
    with (folder / "a").open("ab") as file:
        file.write(answer(row(1))[:50])
    done = bare("bulk", "export", "a", "--text")
    assert (done.code, done.out) == (0, "a\n")
    assert done.err == "nbx: a has partial or broken lines; they were left out\n"
    journal.close()


def test_control_characters_are_replaced_on_a_terminal(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0), "\x1b[2J"))
    assert bare("bulk", "export", "a", "--text", stdout_tty=True).out == "␛[2J\n"
    assert bare("bulk", "export", "a", "--text").out == "\x1b[2J\n"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "no file to export"),
        (["a"], "set --format NAME, or choose a file name"),
        (["a", "--text", "--csv"], "keep one of them"),
        (["a", "--csv", "-0"], "-0 cannot be used with --csv"),
        (["a", "--csv", "-o", "a"], "this is the file to export"),
        (["a", "-o", "a.csv.gz"], "does not compress"),
        (["gone", "--csv"], "No such file or directory"),
        (["-", "--csv"], "it is read twice"),
        ([".", "--csv"], "it is read twice"),
        (["notes", "--csv"], "notes is not the output of nbx bulk"),
    ],
)
def test_an_invalid_export_command_is_a_usage_error(
    folder: Path, bare: Runner, args: list[str], words: str
) -> None:
    write(folder / "a", answer(row(0)))
    (folder / "notes").write_text("milk\n")
    done = bare("bulk", "export", *args)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert (folder / "a").read_bytes() == answer(row(0))


def test_a_failed_export_keeps_the_old_file(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0)))
    done = bare("bulk", "export", "a", "--text", "-o", "/dev/full")
    assert done.code == 74
    (folder / "out.txt").write_text("old")
    with (folder / "a").open("ab") as file:
        file.write(b"7\n")
    assert bare("bulk", "export", "a", "--text", "-o", "out.txt").code == 2
    assert (folder / "out.txt").read_text() == "old"


def test_formulas_can_be_escaped_for_spreadsheets(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0, own_id="=cmd|'/c calc'!A0"), '=HYPERLINK("http://evil")'))
    exact = list(csv.reader(io.StringIO(bare("bulk", "export", "a", "--csv").out)))[1]
    safe = list(csv.reader(io.StringIO(bare("bulk", "export", "a", "--csv", "--escape-formulas").out)))[1]
    assert exact[0::3][:2] == ["=cmd|'/c calc'!A0", '=HYPERLINK("http://evil")']
    assert safe == [f"'{cell}" if cell.startswith("=") else cell for cell in exact]
    assert bare("bulk", "export", "a", "--text", "--escape-formulas").code == 2


def test_exported_tsv_is_read_back_byte_for_byte(folder: Path, bare: Runner) -> None:
    nasty = ' a,b\t"x"\r\n\u2028é'
    write(folder / "a", answer(row(0, own_id="i\td"), nasty, "2, nd"))
    done = bare("bulk", "export", "a", "--format", "tsv")
    assert done.out.splitlines()[0].split("\t")[:4] == ["id", "index", "choice", "text"]
    rows = list(csv.reader(io.StringIO(done.out, newline=""), delimiter="\t"))
    assert [line[:4] for line in rows[1:]] == [["i\td", "0", "0", nasty], ["i\td", "0", "1", "2, nd"]]
    assert "\t2, nd\t" in done.out  # a comma needs no quotes here
    (folder / "rows.tsv").write_bytes(done.out_bytes)
    dry_run = bare("bulk", "rows.tsv", "--template", "{text}", "-m", "m", "--on-bad-row", "skip", "--dry-run")
    assert dry_run.json["prompt"] == nasty


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        *[("x.csv", "csv"), ("x.tsv", "tsv"), ("x.tab", "tsv"), ("x.txt", "text"), ("x.text", "text")],
        *[("x.parquet", "parquet"), ("x.pq", "parquet"), ("x.y.HTML", "html"), ("x.htm", "html")],
    ],
)
def test_the_suffix_of_the_file_chooses_the_format(
    folder: Path, bare: Runner, name: str, format_: str
) -> None:
    write(folder / "a", answer(row(0), "one\ttwo"))
    assert bare("bulk", "export", "a", "-o", name).code == 0
    assert bare("bulk", "export", "a", "--format", format_, "-o", "other").code == 0
    assert (folder / name).read_bytes() == (folder / "other").read_bytes()


@pytest.mark.parametrize("name", ["answers", "answers.json", "csv", "x.csv/csv", "-", "/dev/null"])
def test_a_file_name_that_implies_no_format_needs_a_flag(folder: Path, bare: Runner, name: str) -> None:
    (folder / "x.csv").mkdir()
    write(folder / "a", answer(row(0), "text"))
    done = bare("bulk", "export", "a", "-o", name)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(
        "nbx: unknown export format json\n" if "json" in name else "nbx: no export format\n"
    )
    assert "set --format NAME, or choose a file name such as -o answers.csv" in done.err
    assert bare("bulk", "export", "a", "-o", name, "--text").code == 0


def test_a_flag_overrides_the_suffix(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0), "text"))
    assert bare("bulk", "export", "a", "--text", "-o", "x.csv").code == 0
    assert (folder / "x.csv").read_text() == "text\n"


@pytest.mark.parametrize("name", ["parquet", "html", "tsv"])
def test_a_format_typed_as_a_flag_gets_a_suggestion(bare: Runner, name: str) -> None:
    failed = bare("bulk", "export", "a", f"--{name}")
    assert (failed.code, f"did you mean --format {name}?" in failed.err) == (2, True), failed.err
