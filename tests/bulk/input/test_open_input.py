"""Inputs of a bulk run in every format: their rows, line numbers, columns, and the errors in rows."""

import csv
import gzip
import io
import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.input import byte_source, fill_template, read_csv_and_tsv
from nebius_cli.bulk.input.build_row_request import RowReader
from nebius_cli.bulk.input.open_input import RowFile, open_rows
from nebius_cli.bulk.input.parse_row import UnreadableRow
from nebius_cli.bulk.input.row import BadRow, Row
from nebius_cli.core.errors_and_exit_codes import BadInputError, NbxError, UsageError
from nebius_cli.request.read_prompt import DecodeOptions

PLAIN = DecodeOptions()


def opened(data: bytes, format_: str, *, nul: bool = False, reading: DecodeOptions = PLAIN) -> RowFile:
    return open_rows("-", format_, nul=nul, reading=reading, stdin=io.BytesIO(data))


def rows(data: bytes, format_: str, *, nul: bool = False, reading: DecodeOptions = PLAIN) -> list[Any]:
    return list(opened(data, format_, nul=nul, reading=reading))


def refused(data: bytes, format_: str, kind: type[NbxError] = BadInputError) -> NbxError:
    with pytest.raises(kind) as caught:
        rows(data, format_)
    return caught.value


def flaws(data: bytes, format_: str) -> list[tuple[int, str]]:
    return [(line, row.why) for line, row in rows(data, format_) if isinstance(row, UnreadableRow)]


def test_lines_of_jsonl_are_unchanged_and_blank_ones_are_skipped() -> None:
    data = b'"a"\r\n\n \t\r\n{"prompt":"\xff"}\n3'
    assert rows(data, "jsonl") == [(1, b'"a"\r'), (4, b'{"prompt":"\xff"}'), (5, b"3")]
    assert rows(b"", "jsonl") == []


def test_lines_of_text_are_prompts() -> None:
    assert rows(b" a \nb\r\nc\rd\n\ne", "text") == [(1, " a "), (2, "b"), (3, "c\rd"), (4, ""), (5, "e")]
    assert rows(b"a\nb\r\n\0\0c", "text", nul=True) == [(1, "a\nb\r\n"), (2, ""), (3, "c")]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_any_texts_separated_by_nuls_are_read_unchanged(texts: list[str]) -> None:
    data = "".join(text + "\0" for text in texts).encode()
    found = [row for _, row in rows(b"\xef\xbb\xbf" + data, "text", nul=True)]
    assert found == texts


def test_undecodable_or_binary_text_makes_only_its_row_unreadable() -> None:
    assert flaws(b"a\nb\xff\nc\0\nd", "text") == [
        (2, "byte 0xff at offset 1 of the row is not UTF-8; set --encoding NAME or --invalid replace"),
        (3, "binary input: NUL at character 2"),
    ]
    reading = DecodeOptions("utf-8", replace_invalid=True)
    assert rows(b"b\xff", "text", reading=reading) == [(1, "b\ufffd")]
    assert rows("é\nb".encode("utf-16"), "text", reading=DecodeOptions("utf-16")) == [(1, "é"), (2, "b")]


def test_a_table_has_its_columns_and_the_first_line_of_each_row() -> None:
    data = b'\xef\xbb\xbfid,two words,c\r\na,"x, ""y""\r\nz",\r\n\r\nb, 1 ,2\n'
    file = opened(data, "csv")
    assert (file.format, file.columns) == ("csv", ("id", "two words", "c"))
    assert list(file) == [
        (2, {"id": "a", "two words": 'x, "y"\r\nz', "c": ""}),
        (5, {"id": "b", "two words": " 1 ", "c": "2"}),
    ]
    assert rows(b'a\tb\n1,\t"2\t3"\n', "tsv") == [(2, {"a": "1,", "b": "2\t3"})]


_CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(_CELL, min_size=n, max_size=n), min_size=1)))
def test_any_table_written_by_the_csv_module_is_read(table: list[list[str]]) -> None:
    for delimiter, format_ in ((",", "csv"), ("\t", "tsv")):
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        names = [f"column {n}" for n in range(len(table[0]))]
        writer.writerows([names, *table])
        found = rows(text.getvalue().encode(), format_)
        expected = [row for row in table if len(row) == 1 or any(row)]
        assert [list(row.values()) for _, row in found] == expected
        assert [list(row) for _, row in found] == [names] * len(expected)


def test_an_error_in_a_table_makes_only_its_row_unreadable() -> None:
    data = b'a,b\n1\n1,2,3\nx\xff,y\nx\0,y\n"p"q,r\ns,t\ru,v\n"multi\nline\xff",w\n1,2\n"open,\nx\n'
    assert flaws(data, "csv") == [
        (2, "1 cell, but 2 in the header"),
        (3, "3 cells, but 2 in the header"),
        (4, "byte 0xff at offset 1 of the row is not UTF-8; set --encoding NAME or --invalid replace"),
        (5, "binary input: NUL at character 2"),
        (6, "not CSV: ',' expected after '\"'"),
        (7, "not CSV: new-line character seen in unquoted field"),
        (8, "byte 0xff at offset 4 of the row is not UTF-8; set --encoding NAME or --invalid replace"),
        (11, "not CSV: a quote is not closed"),
    ]
    assert [line for line, row in rows(data, "csv") if isinstance(row, dict)] == [10]


LEFTOVERS = {
    "nameless columns": b"id,prompt,,\n1,a,,\n2,b,x,y\n",
    "a nameless column in the middle": b"id,,prompt\n1,,a\n2,x,b\n",
    "empty rows": b"id,prompt\n1,a\n,\n\n2,b\n,\n,\n",
    "empty cells beyond the header": b"id,prompt\n1,a,,,\n2,b,\n,,,,\n",
    "a line that names the separator": b"sep=;\r\nid;prompt\r\n1;a\r\n2;b\r\n",
    "the same in quotes behind a mark": b'\xef\xbb\xbf"sep=|"\nid|prompt\n1|a\n2|b\n',
    "a separator line of commas": b"sep=,\nid,prompt\n1,a\n2,b\n",
}


@pytest.mark.parametrize("data", LEFTOVERS.values(), ids=LEFTOVERS)
def test_empty_columns_and_rows_and_sep_lines_of_spreadsheets_are_ignored(data: bytes) -> None:
    file = opened(data, "csv")
    assert file.columns == ("id", "prompt")
    assert [row for _, row in file] == [{"id": "1", "prompt": "a"}, {"id": "2", "prompt": "b"}]


def test_line_numbers_include_the_line_that_names_the_separator() -> None:
    assert rows(b"sep=;\na;b\n1;2\n3\n", "csv")[0][0] == 3
    assert flaws(b"sep=;\na;b\n1;2\n3\nx\xff;\n", "csv") == [
        (4, "1 cell, but 2 in the header"),
        (5, "byte 0xff at offset 1 of the row is not UTF-8; set --encoding NAME or --invalid replace"),
    ]


def test_a_quoted_empty_cell_is_a_row_and_a_cell_without_a_column_is_an_error() -> None:
    assert rows(b'prompt\n""\n\na\n', "csv") == [(2, {"prompt": ""}), (4, {"prompt": "a"})]
    assert flaws(b"id,prompt\n1,a,,x\n", "csv") == [(2, "4 cells, but 2 in the header")]


def test_a_column_that_is_not_needed_may_occur_twice() -> None:
    data = io.BytesIO(b"prompt,x,x\na,1,2\n")
    file = open_rows("-", "csv", nul=False, reading=PLAIN, stdin=data, needs={"prompt"}.__contains__)
    assert [row["prompt"] for _, row in file if isinstance(row, dict)] == ["a"]


def test_a_header_of_many_columns_is_read_in_linear_time() -> None:
    def seconds(columns: int) -> float:
        names = ",".join(f"c{n}" for n in range(columns))
        data = f"prompt,{names}\nx{',1' * columns}\n".encode()
        begun = time.process_time()
        reader = RowReader({"model": "m"}, {}, fill_template.parse("{prompt}{c1}"))
        assert all(isinstance(row, Row) for row in reader.rows(opened(data, "csv")))
        reader = RowReader({"model": "m"}, {}, fill_template.parse("{question}"))
        with pytest.raises(UsageError, match="'question'"):
            reader.check_columns(names.split(","), "in.csv")
        return time.process_time() - begun

    assert min(seconds(40_000) for _ in range(3)) < 60 * min(seconds(2000) for _ in range(3))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_the_error_for_utf_16_and_utf_32_names_the_encoding_flag(encoding: str) -> None:
    data = "id,prompt\n1,a\n".encode(encoding)
    assert refused(data, "csv").why == f"the text is {encoding.upper()}; --encoding {encoding} reads it"
    assert rows(data, "csv", reading=DecodeOptions(encoding)) == [(2, {"id": "1", "prompt": "a"})]


@pytest.mark.parametrize(
    ("data", "what", "why"),
    [
        (b"", "stdin has no header row", "the file is empty"),
        (b"\n\n", "stdin has no header row", "the file is empty"),
        (b"a\rb\n", "stdin has no header row", "its lines end with CR, not LF or CRLF"),
        (b"a,b,a\n", "stdin has two columns named 'a'", "column names must be unique"),
    ],
)
def test_a_table_without_a_valid_header_is_bad_input(data: bytes, what: str, why: str) -> None:
    error = refused(data, "csv")
    assert (error.what, error.why) == (what, why)


def test_an_unclosed_quote_stops_reading_at_the_cell_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_csv_and_tsv, "MAX_CELL_CHARS", 1 << 20)
    error = refused(b'a\nx\n"open\n' + b"more\n" * 300_000, "csv")
    assert error.what == "stdin, line 3: a cell is longer than the limit of 1 Mi characters"
    assert error.why == "perhaps a quote is not closed"


def test_a_line_that_is_too_long_makes_only_its_row_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(byte_source, "MAX_LINE_BYTES", 50)
    for format_, data in (("jsonl", b'"%b"\n"b"\n'), ("text", b"%b\nb\n"), ("csv", b"a\n%b\nb\n")):
        found = rows(data % (b"a" * 300_000), format_)
        assert [isinstance(row, UnreadableRow) for _, row in found] == [True, False], format_
        assert found[0][1].why == "longer than the limit of 64 MiB"


def test_a_huge_line_is_not_held_in_memory() -> None:
    class Endless(io.RawIOBase):
        left = 200 << 20

        def read(self, size: int = -1, /) -> bytes:
            size = min(size, self.left)
            self.left -= size
            return b"a" * size

    tracemalloc.start()
    try:
        file = open_rows("-", "jsonl", nul=False, reading=PLAIN, stdin=Endless())
        assert list(file) == [(1, UnreadableRow("longer than the limit of 64 MiB"))]
        assert tracemalloc.get_traced_memory()[1] < 80 << 20
    finally:
        tracemalloc.stop()


def test_the_file_name_gives_the_format_and_the_compression(tmp_path: Path) -> None:
    for name, data in {
        "a.jsonl": b'"x"\n',
        "a.txt.gz": gzip.compress(b"x\n"),
        "a.csv.gz": gzip.compress(b"prompt\nx\n"),
    }.items():
        path = tmp_path / name
        path.write_bytes(data)
        with open_rows(str(path), None, nul=False, reading=PLAIN, stdin=None) as file:
            assert (file.seekable, file.size, file.name) == (True, len(data), str(path))
            ((_, row),) = file
            assert row in (b'"x"', "x", {"prompt": "x"})
            assert file.position == len(data)


def test_the_position_advances_with_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'"a"\n\n"b"\n"c"')
    with open_rows(str(path), None, nul=False, reading=PLAIN, stdin=None) as file:
        assert [file.position for _ in file] == [4, 9, 12]
    with open_rows(str(path), None, nul=False, reading=DecodeOptions("latin-1"), stdin=None) as file:
        assert [file.position for _ in file] == [12, 12, 12]


def test_stdin_is_read_as_it_arrives_and_is_not_seekable() -> None:
    class Slow:
        pieces: list[bytes]

        def __init__(self) -> None:
            self.pieces = [b'"a"\n"', b'b"\n']

        def read(self, _: int, /) -> bytes:
            return self.pieces.pop(0) if self.pieces else b""

        def fileno(self) -> int:
            raise OSError

    stdin = Slow()
    file = open_rows("-", None, nul=False, reading=PLAIN, stdin=stdin)
    assert (file.format, file.name, file.seekable, file.size) == ("jsonl", "stdin", False, None)
    found = iter(file)
    assert next(found) == (1, b'"a"')
    assert stdin.pieces == [b'b"\n']
    assert next(found) == (2, b'"b"')


@pytest.mark.parametrize(
    ("path", "format_", "nul", "what"),
    [
        ("-", "csv", True, "-0 cannot be used with csv input"),
        ("-", "parquet", False, "cannot read Parquet from stdin"),
        ("missing.jsonl", None, False, "cannot read missing.jsonl"),
        ("missing.parquet", None, False, "cannot read missing.parquet"),
        ("missing.doc", None, False, "cannot read missing.doc"),
        ("/dev/null", None, False, "cannot tell the format of /dev/null from its name"),
    ],
)
def test_an_unopenable_input_is_a_usage_error(path: str, format_: str | None, nul: bool, what: str) -> None:  # noqa: FBT001
    with pytest.raises(UsageError) as caught:
        open_rows(path, format_, nul=nul, reading=PLAIN, stdin=io.BytesIO())
    assert caught.value.what == what


_BYTES = st.binary() | st.text(st.sampled_from('"{}[]:,\\\n\r\t\0aé1')).map(str.encode)


@given(_BYTES, st.sampled_from(["jsonl", "csv", "tsv", "text"]), st.booleans(), st.booleans())
def test_any_bytes_give_rows_or_an_nbx_error(data: bytes, format_: str, nul: bool, lenient: bool) -> None:  # noqa: FBT001
    nul = nul and format_ == "text"
    reading = DecodeOptions("utf-8", replace_invalid=lenient)
    try:
        found = list(RowReader({"model": "m"}, {}).rows(opened(data, format_, nul=nul, reading=reading)))
    except NbxError:
        return
    assert [row.index for row in found] == list(range(len(found)))
    for row in found:
        assert isinstance(row, BadRow) or json.loads(row.body)["prompt"] == row.prompt
