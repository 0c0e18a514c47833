"""The heat view on a fake terminal: what is written when, and where rows end."""

import math

import pytest

from nebius_cli.render.heat_view import Heat
from nebius_cli.render.output_options import Layout, Mode, OutputOptions, View
from nebius_cli.response.answer_events import Event, Finished, Frame, TextDelta
from nebius_cli.response.events_to_answer import Completion
from tests.support.logprobs import FRANCE, completions, delta
from tests.support.screen import FakeTerminal, streams_on

SURE, DOUBTFUL = "\x1b[38;5;231;48;5;17m", "\x1b[38;5;16;48;5;226m"
OFF = "\x1b[0m"


def heat(glass: FakeTerminal, choices: int = 1, *, color: bool = True, columns: int = 80) -> Heat:
    streams = streams_on(glass, environ={"COLUMNS": str(columns)})
    show = OutputOptions(Mode.TEXT, Layout(), choices, view=View.HEAT, color_out=color)
    return Heat(streams, streams.write_out, show)


def drawn(*events: Event, choices: int = 1, color: bool = True, columns: int = 80) -> str:
    """Return what is written for these events up to the summary and legend."""
    glass = FakeTerminal()
    part = heat(glass, choices, color=color, columns=columns)
    for event in events:
        part.event(event)
    return glass.text


def finished(*events: Event, choices: int = 1, color: bool = False, columns: int = 80) -> list[str]:
    glass = FakeTerminal()
    part = heat(glass, choices, color=color, columns=columns)
    for event in events:
        part.event(event)
    part.finish(Completion(choices))
    return glass.text.split("\n")


def test_each_token_is_written_in_its_colours_as_it_arrives() -> None:
    glass = FakeTerminal()
    part = heat(glass)
    part.event(delta((" Paris", 0.95, {})))
    assert glass.text == f"{SURE} Paris{OFF}"
    part.event(delta(("!", 0.001, {})))
    assert glass.text == f"{SURE} Paris{OFF}{DOUBTFUL}!{OFF}"


def test_text_without_log_probabilities_has_the_default_colours() -> None:
    assert drawn(delta(("The", None, {}))) == "The"
    assert drawn(TextDelta(0, "text")) == "text"


def test_a_newline_ends_the_colour_and_is_a_coloured_space_on_an_empty_row() -> None:
    assert drawn(delta((".\n", 0.95, {}))) == f"{SURE}.{OFF}\n"
    assert drawn(delta(("\n\n", 0.95, {}))) == f"{SURE} {OFF}\n{SURE} {OFF}\n"


def test_without_colour_marks_are_written_before_the_newline() -> None:
    rows = finished(delta(("a", 0.95, {}), (" b\n", 0.12, {}), ("c", 0.002, {}), ("d", None, {})))
    assert rows[:2] == ["a b{12}", "c{<1}d{?}"]
    assert rows[3:] == ["{12} = 12 %, unmarked = 50 % or more", ""]


def test_a_wrapped_row_is_erased_to_its_end_but_a_full_row_is_not() -> None:
    erase = "\x1b[K"
    assert erase not in drawn(delta(("x" * 10, 0.95, {})), columns=10)
    assert drawn(delta(("x" * 11, 0.95, {})), columns=10).endswith(OFF + erase)
    assert erase not in drawn(delta(("x" * 20, 0.95, {})), columns=10)
    assert erase not in drawn(delta(("x" * 9, None, {}), ("yy", None, {})), columns=10)
    # A newline alone at the right edge gets no space, because that would start a new row.
    assert drawn(delta(("x" * 10, None, {}), ("\n", 0.95, {})), columns=10) == "x" * 10 + "\n"


@pytest.mark.parametrize(
    ("text", "wraps"),
    [
        ("日" * 5, False),
        ("日" * 5 + "x", True),
        ("x日日日日日", True),
        ("\tx", False),
        ("\txyz", True),
        ("e\u0301" * 10, False),
    ],
)
def test_wide_characters_tabs_and_accents_are_measured(text: str, *, wraps: bool) -> None:
    assert drawn(delta((text, 0.95, {})), columns=10).endswith("\x1b[K") == wraps


def test_choices_are_written_one_after_another_each_with_its_summary() -> None:
    first, second = delta(("a", 0.25, {})), delta(("b\n", 0.5, {}), index=1)
    rows = finished(second, first, Finished(1, "stop"), Finished(0, "stop"), choices=2)
    assert rows == [
        "── choice 1 ──",
        "a{25}",
        "1 token at 2.00 bits, perplexity 4",
        "── choice 2 ──",
        "b",
        "1 token at 1.00 bits, perplexity 2",
        "{12} = 12 %, unmarked = 50 % or more",
        "",
    ]


def test_the_summary_is_dim_if_colour_is_on() -> None:
    rows = finished(delta(("a", 0.25, {})), color=True)
    assert rows[1] == "\x1b[2m1 token at 2.00 bits, perplexity 4\x1b[0m"


def test_an_answer_in_one_piece_is_coloured_token_by_token() -> None:
    text = drawn(delta(*FRANCE))
    assert text.count(OFF) == len(FRANCE)


def test_text_without_log_probabilities_is_text_without_a_legend() -> None:
    assert finished(TextDelta(0, "text"), Finished(0, "stop")) == ["text", ""]
    assert finished(Frame({})) == [""]


def test_tokens_without_text_are_drawn_with_the_character_that_the_next_token_ends() -> None:
    events = [
        TextDelta(0, "", completions(("", 0.04, {}))),
        TextDelta(0, "\u2019", completions(("\u2019", 0.1, {}))),
    ]
    assert drawn(*events) == f"{DOUBTFUL}\u2019{OFF}"


def test_parts_of_a_character_are_drawn_in_the_colour_of_their_joint_probability() -> None:
    entries = [
        {"token": "\ufffd", "bytes": [0xE2], "logprob": math.log(0.04)},
        {"token": "\ufffd", "bytes": [0x80, 0x99], "logprob": math.log(0.1)},
    ]
    assert drawn(TextDelta(0, "\u2019", {"content": entries})) == f"{DOUBTFUL}\u2019{OFF}"
