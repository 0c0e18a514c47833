"""Rows of JSONL: texts, and multiple-choice questions."""

import pytest

from nebius_cli.core.errors import BadInputError
from nebius_cli.scoring.likelihood import Passage
from nebius_cli.scoring.rows import ScoreRow, parse_score_rows


def test_a_line_is_a_text_or_an_object() -> None:
    lines = '"one"\n\n{"text": "two", "id": "x", "other": 1}\r\n{"context": "", "text": "three"}\n'
    assert parse_score_rows(lines, "f", "C") == [
        ScoreRow(1, (Passage("one", "C"),)),
        ScoreRow("x", (Passage("two", "C"),)),
        ScoreRow(4, (Passage("three", ""),)),
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "expecting property name"),
        ("[]", "it is neither a text nor an object"),
        ("{}", "its text is missing or not a string"),
        ('{"text": 1}', "its text is missing or not a string"),
        ('{"text": "a", "context": null}', "its context is not a string"),
        ('{"text": "a", "choices": ["a", "b"]}', "both a text and choices"),
        ('{"choices": ["a"]}', "not a list of two or more"),
        ('{"choices": ["a", ""]}', "a choice is empty"),
        ('{"choices": ["a", 1]}', "a choice is empty or not a string"),
        ('{"choices": ["a", "b"], "gold": 2}', "its gold is not a number from 0 to 1"),
        ('{"choices": ["a", "b"], "gold": true}', "its gold is not a number from 0 to 1"),
    ],
)
def test_a_line_that_is_neither_is_named(line: str, why: str) -> None:
    with pytest.raises(BadInputError, match="f, line 2, ") as caught:
        parse_score_rows(f'"a"\n{line}\n', "f", "")
    assert why in caught.value.why


def test_a_question_has_a_passage_for_each_choice() -> None:
    [row] = parse_score_rows('{"id": 3, "context": "Q", "choices": [" a", " b"], "gold": 1}', "f", "C")
    assert row == ScoreRow(3, (Passage(" a", "Q"), Passage(" b", "Q")), is_question=True, gold=1)
    [row] = parse_score_rows('{"choices": [" a", " b"]}', "f", "C")
    assert row == ScoreRow(1, (Passage(" a", "C"), Passage(" b", "C")), is_question=True)
