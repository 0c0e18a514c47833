"""The heading of one choice among several."""

import pytest

from nebius_cli.render.choice_heading import choice_name, heading


@pytest.mark.parametrize(
    ("index", "choices", "prompts", "name"),
    [
        (0, 3, 1, "choice 1"),
        (2, 3, 1, "choice 3"),
        (4, 3, 1, "choice 5"),
        (1, 1, 1, "choice 2"),
        (1, 3, 3, "prompt 2"),
        (3, 6, 3, "prompt 2, choice 2"),
        (5, 6, 3, "prompt 3, choice 2"),
    ],
)
def test_a_choice_is_named_by_its_prompt_and_its_number(
    index: int, choices: int, prompts: int, name: str
) -> None:
    assert choice_name(index, choices, prompts) == name


def test_a_heading_may_contain_a_note() -> None:
    assert heading(1, 2, 1) == "── choice 2 ──"
    assert heading(1, 2, 1, "stop") == "── choice 2 · stop ──"
