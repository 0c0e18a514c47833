"""Positions in a file: how they are written, and where they split the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.request import split_file_at_cursor
from nebius_cli.request.split_file_at_cursor import Cursor

_ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(_ANY_TEXT, st.data())
def test_prefix_and_suffix_together_are_the_text_for_any_cursor(text: str, data: st.DataObject) -> None:
    lines = text.split("\n")
    line = data.draw(st.integers(1, len(lines)))
    width = len(lines[line - 1].removesuffix("\r"))
    column = data.draw(st.integers(1, width + 1))
    prefix, suffix = split_file_at_cursor.split(text, Cursor("f", line, column))
    assert prefix + suffix == text
    assert prefix.count("\n") == line - 1
    assert len(prefix.rpartition("\n")[2]) == column - 1


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("a.py:12", Cursor("a.py", 12, 1)),
        ("a.py:12:5", Cursor("a.py", 12, 5)),
        (r"C:\a.py:12:5", Cursor(r"C:\a.py", 12, 5)),
        ("a:1:2:3", Cursor("a:1", 2, 3)),
        ("-:3", Cursor("-", 3, 1)),
        ("a\nb:3", Cursor("a\nb", 3, 1)),
    ],
)
def test_a_cursor_is_written_as_editors_write_it(text: str, at: Cursor) -> None:
    assert split_file_at_cursor.parse(text) == at


@pytest.mark.parametrize(
    "text", ["", "a.py", ":3", "a.py:", "a.py:x", "a.py:1:", "a.py:-1", "a.py:1234567890"]
)
def test_an_invalid_cursor_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        split_file_at_cursor.parse(text)
    assert caught.value.why == "the format is FILE:LINE or FILE:LINE:COL"


@pytest.mark.parametrize(
    ("text", "why"),
    [("a.py:1:b", "COL must be a number: 'b'"), ("C:\\a.py:1:-2", "COL must be a number: '-2'")],
)
def test_a_column_that_is_not_a_number_is_reported(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        split_file_at_cursor.parse(text)
    assert caught.value.why == why


@pytest.mark.parametrize("text", ["a.py:0", "a.py:1:0"])
def test_lines_and_columns_count_from_one(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        split_file_at_cursor.parse(text)
    assert caught.value.why == "LINE and COL count from 1"


@pytest.mark.parametrize(
    ("where", "message", "why"),
    [
        ("f:4", "f has no line 4", "its last line is 3"),
        ("f:1:4", "line 1 of f has no column 4", "it ends at column 3"),
        ("f:3:2", "line 3 of f has no column 2", "it ends at column 1"),
    ],
)
def test_a_cursor_outside_the_file_is_refused(where: str, message: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        split_file_at_cursor.split("ab\r\ncd\n", split_file_at_cursor.parse(where))
    assert (str(caught.value), caught.value.why) == (message, why)
