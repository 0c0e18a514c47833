"""The excerpt of a text that is shown in lists."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.ledger.excerpts import excerpt

LONG = "one two three four five six seven eight nine ten eleven twelve"


@pytest.mark.parametrize(
    ("text", "words", "columns", "shown"),
    [
        ("short\n text", [], 20, "short text"),
        (LONG, [], 12, "one two thr…"),
        (LONG, ["ONE"], 12, "one two thr…"),
        (LONG, ["nowhere"], 12, "one two thr…"),
        (LONG, ["seven"], 20, "…e six seven eight …"),
        (LONG, ["twelve", "seven"], 20, "…e six seven eight …"),
        (LONG, ["twelve"], 20, "…leven twelve"),
        ("東京都に行く人", [], 8, "東京都…"),
        (LONG, [".*"], 12, "one two thr…"),
    ],
)
def test_an_excerpt_surrounds_the_first_match(text: str, words: list[str], columns: int, shown: str) -> None:
    assert excerpt(text, words, columns) == shown


@given(st.text(max_size=60), st.text(min_size=1, max_size=5), st.integers(3, 30))
def test_an_excerpt_never_exceeds_the_given_width(text: str, word: str, columns: int) -> None:
    shown = excerpt(text, [word], columns)
    assert sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in shown) <= columns
    assert shown.replace("…", "") in " ".join(text.split()).replace("…", "")
