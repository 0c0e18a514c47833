"""Notes about a prompt that the user may not have intended."""

import pytest

from nebius_cli.request.prompt_notices import notices
from nebius_cli.request.prompt_options import PromptOptions


@pytest.mark.parametrize(
    ("options", "notice"),
    [
        (PromptOptions(prompt=("x",)), "piped input is not read; write {stdin} in the prompt to insert it"),
        (PromptOptions(file=("f",)), "piped input is not read"),
    ],
)
def test_unread_piped_input_is_reported_with_how_to_insert_it(options: PromptOptions, notice: str) -> None:
    assert list(notices(options, "x", unread=True, is_file=lambda _: False)) == [notice]
    assert list(notices(options, "x", unread=False, is_file=lambda _: False)) == []
