"""Tokens written to a pipe: exact values, one line for each token as it arrives."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.render.token_tsv import TokenTsv, row
from nebius_cli.response.answer_events import Event, Finished, Frame, TextDelta
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.response.token_logprobs import Alternative, TokenLogprob
from tests.support.logprobs import completions, delta
from tests.support.screen import FakeTerminal, streams_on


def lines(*events: Event, choices: int = 1) -> list[list[str]]:
    """Return the columns of each line that is written for these events."""
    glass = FakeTerminal()
    rows = TokenTsv(streams_on(glass).write_out, choices)
    for event in events:
        rows.event(event)
    rows.finish(Completion(choices))
    assert glass.text.endswith("\n") or not glass.text
    return [line.split("\t") for line in glass.text.splitlines()]


def test_a_line_has_every_figure_of_a_token_in_full_precision() -> None:
    logprobs = completions(("a\tb", 0.25, {"c": 0.5, "d": 0.125}))
    ((choice, position, text, logprob, probability, surprise, entropy, rank, others),) = lines(
        TextDelta(0, "a\tb", logprobs)
    )
    assert (choice, position, text, rank) == ("1", "1", "a\\tb", "2")
    assert float(logprob) == math.log(0.25)
    assert (float(probability), float(surprise)) == (math.exp(math.log(0.25)), 2.0)
    # 0.5, 0.25, 0.125, and 0.125 for all other tokens.
    assert math.isclose(float(entropy), 1.75)
    assert json.loads(others) == [["c", math.log(0.5)], ["a\tb", math.log(0.25)], ["d", math.log(0.125)]]


def test_an_unknown_figure_is_an_empty_column() -> None:
    assert lines(delta(("x", None, {}))) == [["1", "1", "x", "", "", "", "", "", ""]]


def test_text_without_tokens_is_a_row_of_its_own() -> None:
    assert lines(TextDelta(0, "some text"), Frame({}))[0][2] == "some text"


def test_an_impossible_token_has_infinite_figures_and_null_in_its_json() -> None:
    token = TokenLogprob("x", -math.inf, (Alternative("y", -0.5), Alternative("x", -math.inf, chosen=True)))
    columns = row(1, 1, token).rstrip("\n").split("\t")
    assert columns[3:6] == ["-inf", "0.0", "inf"]
    assert columns[7:] == [">=2", '[["y",-0.5],["x",null]]']


def test_choices_are_written_one_after_another_and_numbered_from_one() -> None:
    second = delta(("c", 0.5, {}), ("d", 0.5, {}), index=1)
    first = delta(("a", 0.5, {}), ("b", 0.5, {}))
    out = lines(second, Finished(1, "stop"), first, Finished(0, "stop"), choices=2)
    assert [columns[:3] for columns in out] == [
        ["1", "1", "a"],
        ["1", "2", "b"],
        ["2", "1", "c"],
        ["2", "2", "d"],
    ]


@given(st.text(), st.text())
def test_any_token_is_one_line_of_nine_columns(text: str, other: str) -> None:
    line = row(1, 1, TokenLogprob(text, -1.0, (Alternative(other, -0.5),)))
    assert line.count("\n") == 1
    assert line.count("\t") == 8
    assert json.loads(line.split("\t")[8])[0][0] == other
