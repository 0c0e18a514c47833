"""CSV lines can be read back by any RFC 4180 reader; formulas are escaped on request."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core.write_csv import FORMULA_STARTS, csv_line

CELLS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5)


@given(st.lists(CELLS, min_size=1, max_size=5), st.sampled_from([",", "\t"]))
def test_written_rows_are_read_back(rows: list[list[str]], separator: str) -> None:
    text = "".join(csv_line(row, separator=separator) for row in rows)
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    assert [row or [""] for row in read] == rows


def test_each_line_ends_with_a_line_feed_whatever_its_cells_contain() -> None:
    assert csv_line(["a", None, 1, "", "b,c", 'd"e', "\r"]) == 'a,,1,,"b,c","d""e","\r"\n'


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_formulas_are_escaped_only_on_request(start: str) -> None:
    for text in (f"{start}1+1", f'{start}HYPERLINK("http://evil")'):
        (exact,) = next(csv.reader(io.StringIO(csv_line([text]), newline="")))
        (escaped,) = next(csv.reader(io.StringIO(csv_line([text], escape_formulas=True), newline="")))
        assert (exact, escaped) == (text, f"'{text}")


@pytest.mark.parametrize("value", [-1, -0.5, "text", "a=1", " =1", "", None])
def test_a_value_that_is_not_a_formula_stays_unchanged(value: object) -> None:
    assert csv_line([value], escape_formulas=True) == csv_line([value])
