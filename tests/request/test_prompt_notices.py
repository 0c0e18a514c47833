"""What somebody at a terminal may not have meant about a prompt is noted."""

import pytest

from nebius_cli.request.prompt_notices import notices
from nebius_cli.request.prompt_options import PromptOptions


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (PromptOptions(prompt=("x",)), "piped input is not read; {stdin} in the prompt inserts it"),
        (PromptOptions(file=("f",)), "piped input is not read"),
    ],
)
def test_unread_input_of_a_pipe_is_noted_with_what_inserts_it(options: PromptOptions, said: str) -> None:
    assert list(notices(options, "x", unread=True, is_file=lambda _: False)) == [said]
    assert list(notices(options, "x", unread=False, is_file=lambda _: False)) == []
