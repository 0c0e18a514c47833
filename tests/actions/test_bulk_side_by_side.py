"""`nbx bulk export --side-by-side` and `--format html`: one line per row, one column per combination."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from nebius_cli.bulk.input.matrix_combination import Combination
from nebius_cli.bulk.input.row import BadRow, InMatrix, Row
from nebius_cli.bulk.output.record_format import encode_bad
from tests.support.answers import answer, failure, row, write
from tests.support.rows import RowServer, refuse, write_rows
from tests.support.run import Runner

MATRIX = ("--matrix", "temperature=0,0.7", "--matrix", "model=A,B")
HTML = ("--format", "html")
PARQUET = ("--format", "parquet")
HOSTILE = (
    '</td></div><script>alert(1)</script><img src="https://evil.example/x" onerror="alert(2)">'
    '<style>*{display:none}</style><base href="//evil.example">&lt;b&gt; "\'> {title} \x1b[2J \u202e ]]>'
)
HARMLESS = {
    *("html", "head", "meta", "title", "style", "body", "h1"),
    *("table", "thead", "tbody", "tr", "th", "td", "div", "wbr"),
}


class Page(HTMLParser):
    """The elements of a page: tags with their attributes, and the text of each cell."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self._in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


def combined(index: int, values: dict[str, Any], number: int = 0, count: int = 1, **more: Any) -> Row:
    """Return a row of the input in one combination of a matrix."""
    label = ",".join(f"{name}={value}" for name, value in values.items())
    found = row(index * count + number, own_id=f"{index}[{label}]", **more)
    found.in_matrix = InMatrix(Combination(label, values), index, index, is_first=number == 0)
    return found


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_csv_has_a_line_for_each_row_and_a_column_for_each_combination(bulk: Runner) -> None:
    write_rows(Path("in.jsonl"), [{"id": "a", "prompt": "one, two"}, {"prompt": [1, 2]}])
    assert bulk("bulk", "in.jsonl", "-o", "out.jsonl", *MATRIX).code == 0
    done = bulk("bulk", "export", "out.jsonl", "--csv", "--side-by-side")
    columns = [f"temperature={t},model={m}" for t in (0, 0.7) for m in "AB"]
    assert done.code == 0
    assert table(done.out) == [
        ["id", "index", "choice", "prompt", *columns, "error"],
        ["a", "0", "0", "one, two", *[" ONE, TWO"] * 4, ""],
        ["1", "1", "0", "[1,2]", *[" [1, 2]"] * 4, ""],
    ]


def test_answers_to_a_row_are_on_one_line_whenever_they_arrived(folder: Path, bare: Runner) -> None:
    hot, cold, late = ({"temperature": t} for t in (1, 0, 2))
    write(
        folder / "a",
        answer(combined(1, hot, 0, 2), "hot 1"),
        failure(combined(0, cold, 1, 2)),
        answer(combined(0, hot, 0, 2), "hot 0"),
        answer(combined(1, cold, 1, 2), "cold 1"),
        # A value that was added later, when each row had three combinations.
        answer(combined(0, late, 2, 3), "late 0"),
        answer(combined(0, cold, 1, 3), "cold 0"),
    )
    done = bare("bulk", "export", "a", "--csv", "--side-by-side")
    assert [line[:2] + line[4:] for line in table(done.out)] == [
        ["id", "index", "temperature=1", "temperature=0", "temperature=2", "error"],
        ["0", "0", "hot 0", "cold 0", "late 0", ""],
        ["1", "1", "hot 1", "cold 1", "", ""],
    ]
    assert (done.code, done.err) == (9, "nbx: answers that are still missing: 1; their cells are empty\n")


def test_columns_keep_their_order_if_the_first_row_has_no_answer_yet(folder: Path, bare: Runner) -> None:
    values = [{"model": name} for name in "CAB"]
    found = [answer(combined(1, value, number, 3)) for number, value in enumerate(values)]
    write(folder / "a", answer(combined(0, values[2], 2, 3)), *found)
    done = bare("bulk", "export", "a", "--csv", "--side-by-side")
    assert table(done.out)[0][4:] == ["model=C", "model=A", "model=B", "error"]


def test_a_failed_cell_is_empty_and_the_error_column_says_why(folder: Path, bare: Runner) -> None:
    values = {"model": "A"}
    bad = BadRow(2, 3, "no prompt", in_matrix=combined(1, values).in_matrix)
    write(folder / "a", failure(combined(0, values)), encode_bad(bad))
    done = bare("bulk", "export", "a", "--csv", "--side-by-side")
    assert [line[-2:] for line in table(done.out)[1:]] == [
        ["", "model=A: the server answered 500: it broke"],
        ["", "model=A: no prompt"],
    ]
    assert (done.code, done.err) == (9, "nbx: 2 rows failed and have an error instead of text\n")


def test_parquet_has_the_same_columns(folder: Path, bare: Runner) -> None:
    values = [{"model": "A"}, {"model": "B"}]
    said = answer(combined(0, values[0], 0, 2), "x").replace(b'"text":"x"', b'"text":"\\ud800 e"')
    answers = (
        answer(combined(1, values[0], 0, 2), "", "second"),
        answer(combined(1, values[1], 1, 2), "first"),
    )
    unprompted = b"".join(answers).replace(b'"prompt":', b'"was":')
    common = {"id": "1", "index": 1, "prompt": None, "error": None}
    write(folder / "a", said, failure(combined(0, values[1], 1, 2)), unprompted)
    assert bare("bulk", "export", "a", *PARQUET, "--side-by-side", "-o", "a.parquet").code == 9
    assert pq.read_table("a.parquet").to_pylist() == [
        {
            "id": "0",
            "index": 0,
            "choice": 0,
            "prompt": "Say it",
            "model=A": "\ufffd e",
            "model=B": None,
            "error": "model=B: the server answered 500: it broke",
        },
        # A missing value is null; an empty text is not.
        {**common, "choice": 0, "model=A": "", "model=B": "first"},
        {**common, "choice": 1, "model=A": "second", "model=B": None},
    ]


def test_each_of_several_answers_has_a_line(folder: Path, bare: Runner) -> None:
    one, two = {"n": 1}, {"n": 2}
    write(folder / "a", answer(combined(0, one, 0, 2), "x"), answer(combined(0, two, 1, 2), "y", "=z"))
    lines = table(bare("bulk", "export", "a", "--csv", "--side-by-side", "--escape-formulas").out)
    assert [line[2:] for line in lines[1:]] == [
        ["0", "Say it", "x", "y", ""],
        ["1", "Say it", "", "'=z", ""],
    ]


def test_a_run_without_a_matrix_has_one_column(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(1), "b"), answer(row(0), "a"))
    done = bare("bulk", "export", "a", "--csv", "--side-by-side")
    assert table(done.out)[0][4:] == ["text", "error"]
    assert [line[4] for line in table(done.out)[1:]] == ["a", "b"]
    assert "<td>" in bare("bulk", "export", "a", *HTML).out


def test_the_html_page_shows_every_answer_with_totals(folder: Path, bare: Runner) -> None:
    values = [{"model": "A"}, {"model": "B"}]
    write(
        folder / "out.jsonl",
        answer(combined(0, values[0], 0, 2), "  one\n two"),
        failure(combined(0, values[1], 1, 2)),
        answer(combined(1, values[0], 0, 2), "three", "four"),
    )
    done = bare("bulk", "export", "out.jsonl", *HTML, "-o", "page.html")
    assert (done.code, done.out) == (9, "")
    page = Page((folder / "page.html").read_text("utf-8"))
    assert page.rows == [
        [
            "row",
            "prompt",
            "model=A2 answered, 8 tokens, $0.500",
            "model=B0 answered, 1 failed, 4 tokens, $0.250",
        ],
        ["0", "Say it", "  one\n two", "the server answered 500: it broke"],
        ["1", "Say it", "three", "no answer yet"],
        ["1, choice 2", "", "four", "no answer yet"],
    ]


def test_an_answer_that_was_cut_by_max_tokens_is_marked(folder: Path, bare: Runner) -> None:
    cut = answer(row(0), "half").replace(b'"stop"', b'"length"')
    write(folder / "a", cut)
    assert Page(bare("bulk", "export", "a", *HTML).out).rows[1][2] == "halflength"


def test_hostile_text_is_escaped_in_the_html_page(folder: Path, bare: Runner) -> None:
    of = combined(0, {"model": HOSTILE}, prompt=HOSTILE)
    of.in_matrix = of.in_matrix and of.in_matrix._replace(row_id=HOSTILE)
    other = combined(0, {"model": "B"}, prompt=HOSTILE)
    other.in_matrix = other.in_matrix and other.in_matrix._replace(row_id=HOSTILE)
    broken = failure(other).replace(b"it broke", json.dumps(HOSTILE).encode()[1:-1])
    cut = answer(of, HOSTILE).replace(b'"stop"', json.dumps(HOSTILE).encode())
    write(folder / "<b>'&", cut, broken)
    text = bare("bulk", "export", "<b>'&", *HTML).out
    page = Page(text)
    assert {tag for tag, _ in page.tags} <= HARMLESS
    assert {(name, value) for _, attrs in page.tags for name, value in attrs.items()} == {
        ("lang", "en"),
        ("charset", "utf-8"),
        ("http-equiv", "Content-Security-Policy"),
        ("content", "default-src 'none'; style-src 'unsafe-inline'"),
        ("name", "referrer"),
        ("content", "no-referrer"),
        ("name", "viewport"),
        ("content", "width=device-width"),
        ("class", "text"),
        ("class", "note"),
        ("class", "error"),
        ("dir", "auto"),
    }
    assert sum(tag == "style" for tag, _ in page.tags) == 1
    assert "\x1b" not in text
    assert "\u202e" not in text
    shown = HOSTILE.replace("\x1b", "␛").replace("\u202e", "<U+202E>")
    assert page.rows[1][0].startswith(shown)
    assert (page.rows[1][1], page.rows[1][2]) == (shown, shown + shown)


@pytest.mark.parametrize("form", [HTML, ("--csv", "--side-by-side")], ids=str)
def test_memory_use_does_not_grow_with_the_answers(folder: Path, bare: Runner, form: tuple[str, ...]) -> None:
    def records() -> Iterator[bytes]:
        for index in range(1000):
            for number, model in enumerate("AB"):
                yield answer(combined(index, {"model": model}, number, 2), "x" * 20_000)

    with (folder / "a").open("wb") as file:
        file.writelines(records())
    tracemalloc.start()
    done = bare("bulk", "export", "a", *form, "-o", "out")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert done.code == 0
    assert (folder / "out").stat().st_size > 40_000_000
    assert most < 12_000_000


def test_flags_that_conflict_with_side_by_side_are_a_usage_error(folder: Path, bare: Runner) -> None:
    write(folder / "a", answer(row(0)))
    for words, said in (
        (("--text", "--side-by-side"), "--side-by-side cannot be used with text"),
        ((*HTML, "--csv"), "several export formats: csv, html"),
        ((), "set --format NAME, or choose a file name such as"),
        ((*HTML, "-0"), "-0 cannot be used with html"),
    ):
        failed = bare("bulk", "export", "a", *words)
        assert (failed.code, said in failed.err) == (2, True)


def test_malformed_records_are_shown_as_far_as_possible(folder: Path, bare: Runner) -> None:
    odd = (
        answer(row(0), "a").replace(b'"prompt":"Say it"', b'"row_index":-1,"matrix":[1],"prompt":null'),
        answer(row(1), "b").replace(b'"prompt":"Say it"', b'"row":{"x":1},"matrix":{"x":[null]},"prompt":7'),
        failure(row(2))
        .replace(b'{"exit":6,', b'{"exit":6,"message":null,')
        .replace(b'"message":"', b'"was":"'),
        answer(row(3)).replace(b'"choices":[', b'"choices":[\xff'),
    )
    write(folder / "a", *odd)
    done = bare("bulk", "export", "a", "--csv", "--side-by-side")
    assert [line[4:] for line in table(done.out)] == [
        ["x=[null]", "text", "error"],
        ["", "a", ""],
        ["b", "", ""],
        ["", "", "failed"],
    ]
    assert "partial or broken lines" in done.err


def test_a_run_in_which_all_rows_failed_is_exported_with_errors(bulk: Runner, row_server: RowServer) -> None:
    write_rows(Path("in.jsonl"), ["x"])
    row_server.answer = lambda _: refuse(400, "no such thing")
    assert bulk("bulk", "in.jsonl", "-o", "out.jsonl", *MATRIX).code == 9
    done = bulk("bulk", "export", "out.jsonl", *HTML)
    assert done.code == 9
    assert done.out.count("no such thing") == 4
