"""Rows as a table for people, and as lines for programs."""

from collections.abc import Sequence

from nebius_cli.terminal.write_table import Cells, TableStyle, columns_that_fit, width_of, write_table
from tests.support.screen import FakeTerminal, streams_on

HEADER = ("name", "value")
ROWS = (("model", "meta-llama/Llama"), ("[bold]", ":smile: 42"))


def table(*, drawn: bool, color: bool = False, columns: int = 80, rows: Sequence[Cells] = ROWS) -> str:
    """Return the table as it is written."""
    glass = FakeTerminal()
    streams = streams_on(glass, environ={"COLUMNS": str(columns)})
    write_table(HEADER, rows, streams.write_out, streams, TableStyle(), drawn=drawn, color=color)
    return glass.text


def test_for_programs_each_row_is_a_line_of_cells_separated_by_tabs() -> None:
    assert table(drawn=False) == "model\tmeta-llama/Llama\n[bold]\t:smile: 42\n"


def test_a_cell_cannot_break_its_row() -> None:
    assert table(drawn=False, rows=[("a\tb\n", "c\x1b")]) == "a b\tc␛\n"


def test_for_people_there_is_a_header_and_markup_is_shown_literally() -> None:
    lines = [line.rstrip() for line in table(drawn=True).splitlines()]
    assert lines[0] == "name     value"
    assert set(lines[1]) == {"─"}
    assert lines[2:] == ["model    meta-llama/Llama", "[bold]   :smile: 42"]


def test_without_colour_there_is_no_escape_sequence() -> None:
    assert "\x1b" not in table(drawn=True)
    assert "\x1b[1m" in table(drawn=True, color=True)


def test_a_long_value_is_wrapped_and_never_truncated() -> None:
    text = table(drawn=True, columns=30, rows=[("model", "m" * 100)])
    assert max(map(len, text.splitlines())) <= 30
    assert "".join(text.split()).endswith("m" * 100)


def test_a_column_that_does_not_fit_is_skipped_and_narrower_ones_still_follow() -> None:
    widths = {"id": 6, "text": 30, "cost": 5}
    assert [columns_that_fit(widths, columns) for columns in (4, 6, 13, 14, 47)] == [
        [],
        ["id"],
        ["id"],
        ["id", "cost"],
        ["id", "text", "cost"],
    ]
    assert [width_of([]), width_of([6, 30, 5])] == [0, 47]
