"""The table of tokens on a terminal: one row for each token as it arrives, and as many columns as fit."""

import pytest

from nebius_cli.render.output_options import Layout, Mode, OutputOptions, View
from nebius_cli.render.token_table_view import TokenTable, packed
from nebius_cli.response.answer_events import Event, Finished, TextDelta
from nebius_cli.response.events_to_answer import Completion
from tests.support.logprobs import FRANCE, completions, delta
from tests.support.screen import FakeTerminal, streams_on


def table(glass: FakeTerminal, choices: int = 1, *, color: bool = False, columns: int = 80) -> TokenTable:
    streams = streams_on(glass, environ={"COLUMNS": str(columns)})
    return TokenTable(
        streams,
        streams.write_out,
        OutputOptions(Mode.TEXT, Layout(), choices, view=View.TABLE, color_out=color),
    )


def drawn(*events: Event, choices: int = 1, color: bool = False, columns: int = 80) -> list[str]:
    """Return the rows without the blanks on their right."""
    glass = FakeTerminal()
    part = table(glass, choices, color=color, columns=columns)
    for event in events:
        part.event(event)
    part.finish(Completion(choices))
    return [row.rstrip() for row in glass.text.split("\n")]


PARIS = delta((" Paris", 0.5, {" the": 0.25, " a": 0.124}))


def test_a_row_shows_all_figures_of_a_token() -> None:
    assert drawn(PARIS, columns=100) == [
        "token             prob   logprob   bits  entropy  rank  also likely, %",
        '" Paris"           50%   -0.6931   1.00     1.75     1  " the" 25  " a" 12',
        "1 token at 1.00 bits, perplexity 2",
        "",
    ]


def test_each_row_is_written_when_its_token_arrives() -> None:
    glass = FakeTerminal()
    part = table(glass)
    for count, entry in enumerate(FRANCE, start=1):
        part.event(delta(entry))
        assert glass.text.count("\n") == count + 1


def test_a_window_that_is_too_narrow_still_shows_everything() -> None:
    rows = drawn(PARIS, columns=10)
    assert "".join(row[24:] for row in rows[1:-2]) == '" the" 25" a" 12'


@pytest.mark.parametrize(
    ("columns", "titles"),
    [
        (40, ["token", "prob", "also"]),
        (50, ["token", "prob", "bits", "also"]),
        (60, ["token", "prob", "bits", "rank", "also"]),
        (72, ["token", "prob", "bits", "entropy", "rank", "also"]),
        (100, ["token", "prob", "logprob", "bits", "entropy", "rank", "also"]),
    ],
)
def test_a_narrow_terminal_has_fewer_columns_and_every_row_fits(columns: int, titles: list[str]) -> None:
    rows = drawn(delta(*FRANCE), columns=columns)
    assert rows[0].split()[: len(titles)] == titles
    assert max(map(len, rows)) <= columns


def test_markup_and_control_characters_in_tokens_are_shown_literally() -> None:
    texts = (" [bold]\n", "\x1b[31m", ":smile:", "a\u202eb", "日本語日本語日本語")
    entry = completions(*((text, 0.5, {}) for text in texts))
    rows = drawn(TextDelta(0, "".join(texts), entry))
    names = [row[:14].rstrip() for row in rows[1:]]
    assert names[:4] == ['" [bold]\\n"', '"␛[31m"', '":smile:"', '"a<U+202E>b"']
    # A long token continues on the next row.
    assert "".join(rows[5].split()[0] + rows[6].split()[0]) == '"日本語日本語日本語"'


def test_unknown_figures_are_question_marks() -> None:
    assert drawn(TextDelta(0, "text"))[1].split() == ['"text"', "?", "?", "?", "?"]


def test_choices_are_written_one_after_another_under_their_own_heading() -> None:
    second = delta(("b", 0.25, {}), index=1)
    rows = drawn(second, PARIS, Finished(0, "stop"), Finished(1, "stop"), choices=2)
    assert [row.split("  ")[0] for row in rows] == [
        "── choice 1 ──",
        "token",
        '" Paris"',
        "1 token at 1.00 bits, perplexity 2",
        "── choice 2 ──",
        "token",
        '"b"',
        "1 token at 2.00 bits, perplexity 4",
        "",
    ]


def test_only_the_token_itself_has_the_colour_of_its_probability() -> None:
    glass = FakeTerminal()
    table(glass, color=True).event(delta(("x", 0.95, {"y": 0.01})))
    row = glass.text.split("\n")[1]
    assert row.startswith('\x1b[38;5;231;48;5;17m"x"\x1b[0m  ')
    assert row.count("\x1b") == 2
    assert glass.text.startswith("\x1b[1mtoken ")


def test_the_parts_of_a_character_have_the_colour_of_their_joint_probability() -> None:
    glass = FakeTerminal()
    table(glass, color=True).event(TextDelta(0, "日", completions(("", 0.95, {}), ("日", 0.001, {}))))
    first, last = glass.text.split("\n")[1:3]
    assert first.startswith('\x1b[38;5;16;48;5;226m""\x1b[0m  ')
    assert last.startswith('\x1b[38;5;16;48;5;226m"日"\x1b[0m  ')
    assert "95%" in first


def test_texts_are_packed_side_by_side_and_split_only_if_too_long() -> None:
    assert packed(["aa 1", "bb 2", "cc 3"], 10) == ["aa 1  bb 2", "cc 3"]
    assert packed(["aa 1", "bb 2"], 4) == ["aa 1", "bb 2"]
    assert packed(["日本語 1"], 4) == ["日本", "語 1"]
    assert packed([], 10) == []
