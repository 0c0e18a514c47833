"""The rows and cells of the score tables."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.scoring import format_scores
from nebius_cli.scoring.likelihood_and_perplexity import Score, ScoredToken
from nebius_cli.terminal.sanitize import one_line

SCORE = Score((ScoredToken("a", None, 0), ScoredToken(" b", -2.5, 1)), -2.5, 1, 2, 0, "", 2)


def test_a_terminal_shows_four_decimals_and_plain_output_all() -> None:
    assert format_scores.measures(SCORE, drawn=True)[1][3] == ("perplexity", "12.1825")
    assert format_scores.measures(SCORE, drawn=False)[1][3] == ("perplexity", "12.182493960703473")
    assert format_scores.measures(SCORE, drawn=True)[1][1] == ("tokens scored", "1 of 2")
    assert format_scores.measures(SCORE, drawn=False)[1][1] == ("tokens scored", "1")


def test_a_token_without_a_prediction_has_a_dash() -> None:
    _, rows = format_scores.tokens(SCORE, drawn=False)
    assert rows == [('"a"', "0", "-"), ('" b"', "1", "-2.5")]


def test_a_token_that_is_part_of_a_character_is_shown_as_its_bytes() -> None:
    parts = (ScoredToken(" \ufffd", -1.0, 0, b" \xf0\x9f"), ScoredToken("\ufffd", -1.0, 1, "\ufffd".encode()))
    _, rows = format_scores.tokens(Score(parts, -2.0, 2, 4, 0, "", len(parts)), drawn=False)
    assert [row[0] for row in rows] == [r'" \xf0\x9f"', '"\ufffd"']


def test_candidates_are_listed_in_the_given_order_with_the_measures_they_win() -> None:
    other = Score(SCORE.tokens, -3.0, 2, 2, 0, "", 2)
    best = {"total": 0, "per_token": 1, "per_byte": 0}
    header, rows = format_scores.ranks([" b", " c"], [SCORE, other], [1, 0], best, drawn=False)
    assert header == ("candidate", "total", "per token", "per byte", "tokens", "best by")
    assert rows == [
        ('" c"', "-3.0", "-1.5", "-1.5", "2", "per token"),
        ('" b"', "-2.5", "-2.5", "-1.25", "1", "total, per byte"),
    ]
    assert format_scores.ranks([" b"], [SCORE], [0], {"total": 1}, drawn=False)[1][0][-1] == "-"


@pytest.mark.parametrize("text", ["  a  b ", "\n\t", "\u00a0x\u2003", '"', "日本"])
def test_a_quoted_text_in_a_table_cell_is_valid_json(text: str) -> None:
    assert json.loads(one_line(format_scores.quoted(text))) == text


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs"))))
def test_any_quoted_text_in_a_table_cell_is_valid_json(text: str) -> None:
    assert json.loads(one_line(format_scores.quoted(text))) == text
