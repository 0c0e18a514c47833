"""Rows to score: texts, and multiple-choice questions."""

import json
from typing import Any

import pytest

from nebius_cli.scoring.likelihood_and_perplexity import Passage
from nebius_cli.scoring.parse_score_rows import ScoreRow, parse_score_row


def test_a_row_is_a_text_with_its_own_context_or_the_default_one() -> None:
    assert parse_score_row({"text": "two"}, "C") == ScoreRow((Passage("two", "C"),))
    assert parse_score_row({"context": "", "text": "three"}, "C") == ScoreRow((Passage("three", ""),))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({}, "text is missing, empty or not a string"),
        ({"text": 1}, "text is missing, empty or not a string"),
        ({"text": ""}, "text is missing, empty or not a string"),
        ({"text": "a", "context": None}, "context is not a string"),
        ({"text": "a", "choices": ["a", "b"]}, "the row has both text and choices"),
        ({"choices": ["a"]}, "choices must be a list of two or more"),
        ({"choices": ["a", ""]}, "a choice is empty"),
        ({"choices": ["a", 1]}, "a choice is empty or not a string"),
        (
            {"choices": ["a", "b"], "gold": 2},
            r"gold is 2, but must be a number from 0 to 1 \(the first choice is 0\)",
        ),
        ({"choices": ["a", "b"], "gold": True}, "gold is true, but must be a number from 0 to 1"),
        (
            {"choices": ["a", "b"], "gold": "B"},
            r"gold is \"B\", but must be .* jq -c '.gold \|= explode\[0\] - 65' converts A to Z",
        ),
        (
            {"choices": ["a", "b"], "gold": "1.5"},
            r'gold is "1.5", but must be a number from 0 to 1 \(the first choice is 0\);',
        ),
    ],
)
def test_a_row_that_is_neither_a_text_nor_a_question_is_refused(row: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_score_row(row, "")


def test_a_question_has_a_passage_for_each_choice() -> None:
    row = parse_score_row({"id": 3, "context": "Q", "choices": [" a", " b"], "gold": 1}, "C")
    assert row == ScoreRow((Passage(" a", "Q"), Passage(" b", "Q")), is_question=True, gold=1)
    assert row.prompts == ["Q a", "Q b"]
    row = parse_score_row({"choices": [" a", " b"]}, "C")
    assert row == ScoreRow((Passage(" a", "C"), Passage(" b", "C")), is_question=True)


@pytest.mark.parametrize("gold", [1.0, "1", "1.0", " 1"], ids=repr)
def test_a_gold_index_written_as_a_float_or_a_string_is_an_integer(gold: Any) -> None:
    row = parse_score_row({"choices": [" a", " b"], "gold": gold}, "")
    assert (row.gold, type(row.gold)) == (1, int)


@pytest.mark.parametrize(
    "row",
    [
        {"text": "a"},
        {"context": "Q", "text": "a"},
        {"choices": ["a", "b"]},
        {"choices": ["a", "b"], "gold": 0},
    ],
)
def test_a_row_written_as_json_keeps_its_context_even_if_it_is_empty(row: dict[str, Any]) -> None:
    written = parse_score_row(row, "").to_json()
    assert written == {"context": "", **row}
    assert parse_score_row(written, "another context") == parse_score_row(row, "")


def test_rows_that_differ_only_in_boundary_or_gold_have_different_identities() -> None:
    rows = ({"context": "a", "text": "bc"}, {"context": "ab", "text": "c"}, {"text": "abc"})
    questions = [{"choices": ["a", "b"], **({} if gold is None else {"gold": gold})} for gold in (None, 0, 1)]
    found = [parse_score_row(json.loads(json.dumps(row)), "") for row in (*rows, *questions)]
    assert len({(tuple(row.prompts), row.identity) for row in found}) == len(found)
