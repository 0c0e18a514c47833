"""Token IDs as the prompt: the two valid forms, and what is refused."""

from typing import Any

import pytest

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.request import read_prompt
from nebius_cli.request.prompt_options import PromptOptions
from nebius_cli.request.read_prompt import InputReaders


def tokens_of(text: str, *, stdin: bytes = b"", file: bytes = b"") -> Any:
    """Return the prompt for `--tokens TEXT`."""
    readers = InputReaders(lambda: stdin, lambda _: file, str.encode)
    return read_prompt.read_prompt(PromptOptions(tokens=text), readers)


def must_not_be_read(path: str = "stdin") -> bytes:
    raise AssertionError(f"{path} was read")


TOKENS = [("[1,2]", [1, 2]), (" [[1], [2, 3]] ", [[1], [2, 3]]), ("[0]", [0]), ("[]", []), ("[[]]", [[]])]


@pytest.mark.parametrize(("text", "value"), TOKENS)
def test_token_ids_are_one_array_or_several(text: str, value: Any) -> None:
    assert read_prompt.parse_tokens(text) == value
    assert tokens_of(text) == value
    assert tokens_of("@f", file=text.encode()) == value
    assert tokens_of("@-", stdin=text.encode() + b"\n") == value


NO_TOKENS = ["5", '"a"', "{}", "[-1]", "[1.5]", "[true]", '["a"]', "[[1],2]", "[1,[2]]", "[[[1]]]", "null"]


@pytest.mark.parametrize("text", NO_TOKENS)
def test_json_that_is_not_an_array_of_token_ids_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--tokens must be token IDs"):
        read_prompt.parse_tokens(text)


def test_tokens_that_are_not_json_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot parse --tokens"):
        read_prompt.parse_tokens("1,2")


@pytest.mark.parametrize("sources", [{"prompt": ("a",)}, {"file": ("f",)}, {"prompts": ("f",)}])
def test_tokens_and_text_prompts_together_are_refused(sources: Any) -> None:
    readers = InputReaders(must_not_be_read, must_not_be_read, str.encode)
    with pytest.raises(UsageError, match="--tokens and text prompts cannot be used together"):
        read_prompt.read_prompt(PromptOptions(**sources, tokens="@f"), readers)
