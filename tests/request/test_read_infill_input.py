"""Where the prefix and the suffix of an infill come from; their text is unchanged."""

from typing import Any

import pytest

from nebius_cli.core.errors_and_exit_codes import BadInputError, UsageError
from nebius_cli.request import read_infill_input
from nebius_cli.request.prompt_options import PromptOptions
from nebius_cli.request.read_prompt import InputReaders


def gathered(
    *arguments: str, stdin: bytes = b"", files: dict[str, bytes] | None = None, **options: Any
) -> Any:
    readers = InputReaders(
        lambda: stdin, (files or {}).__getitem__, lambda text: text.encode("utf-8", "surrogateescape")
    )
    return read_infill_input.read_infill(PromptOptions(arguments, **options), readers)


def test_a_suffix_is_combined_with_the_prompt() -> None:
    assert gathered("a", suffix=" b ") == ("a", " b ")


def test_a_suffix_argument_is_taken_literally() -> None:
    assert gathered("a", stdin=b"unread", suffix="-") == ("a", "-")
    assert gathered("a", stdin=b"unread", suffix="{stdin}") == ("a", "{stdin}")


def test_a_suffix_file_is_read_completely_and_a_dash_means_stdin() -> None:
    assert gathered("a", files={"f": b"\r\nb\n"}, suffix_file="f") == ("a", "\r\nb\n")
    assert gathered("a", stdin=b"b\n", suffix_file="-") == ("a", "b\n")


def test_without_a_prompt_stdin_is_the_prefix() -> None:
    assert gathered(stdin=b"a\n", suffix="b") == ("a\n", "b")


def test_several_prompts_share_the_suffix() -> None:
    assert gathered("a", "b", suffix="c") == (["a", "b"], "c")


def test_reading_options_also_apply_to_the_suffix() -> None:
    files = {"f": b"\xe9\n"}
    options: dict[str, Any] = {"encoding": "latin-1", "strip_final_newline": True}
    assert gathered("a", files=files, suffix_file="f", **options) == ("a", "\xe9")


def test_a_suffix_that_is_not_valid_utf_8_is_refused() -> None:
    with pytest.raises(BadInputError, match="f is not valid UTF-8"):
        gathered("a", files={"f": b"\xff"}, suffix_file="f")
    with pytest.raises(BadInputError, match="argument is not valid UTF-8"):
        gathered("a", suffix="\udcff")


def test_one_side_may_be_empty_but_both_only_with_allow_empty() -> None:
    assert gathered("a", suffix="") == ("a", "")
    assert gathered("", suffix="b") == ("", "b")
    with pytest.raises(UsageError, match="the prompt is empty"):
        gathered("", suffix="")
    with pytest.raises(UsageError, match="prompt 2 is empty"):
        gathered("a", "", suffix="")
    assert gathered("", allow_empty=True, suffix="") == ("", "")


@pytest.mark.parametrize(
    ("cursor", "prefix", "suffix"),
    [
        ("f:1", "", "ab\r\ncd\n"),
        ("f:1:1", "", "ab\r\ncd\n"),
        ("f:1:2", "a", "b\r\ncd\n"),
        ("f:1:3", "ab", "\r\ncd\n"),
        ("f:2", "ab\r\n", "cd\n"),
        ("f:2:3", "ab\r\ncd", "\n"),
        ("f:3", "ab\r\ncd\n", ""),
    ],
)
def test_a_file_is_split_at_the_cursor(cursor: str, prefix: str, suffix: str) -> None:
    assert gathered(files={"f": b"ab\r\ncd\n"}, infill=cursor) == (prefix, suffix)


def test_stdin_is_split_at_the_cursor() -> None:
    assert gathered(stdin=b"ab", infill="-:1:2") == ("a", "b")


def test_a_column_counts_characters_not_bytes() -> None:
    file = {"f": "é\U0001f600x".encode()}
    assert gathered(files=file, infill="f:1:3") == ("é\U0001f600", "x")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(UsageError, match="the prompt is empty"):
        gathered(files={"f": b""}, infill="f:1")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            PromptOptions(("p",), suffix="a", suffix_file="f"),
            "--suffix and --suffix-file cannot be used together",
        ),
        (PromptOptions(suffix="a", infill="f:1"), "--infill cannot be used with a suffix"),
        (PromptOptions(suffix_file="a", infill="f:1"), "--infill cannot be used with a suffix"),
        (PromptOptions(("p",), infill="f:1"), "--infill cannot be used with a prompt"),
        (PromptOptions(tokens="[1]", infill="f:1"), "--infill cannot be used with a prompt"),
        (PromptOptions(tokens="[1]", suffix="a"), "--tokens cannot be used with a suffix"),
        (PromptOptions(("p",), infill_format="qwen"), "--infill-format without an infill"),
    ],
)
def test_options_that_exclude_or_need_each_other_are_refused(options: PromptOptions, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_infill_input.check_sources(options)
    assert str(caught.value) == message


@pytest.mark.parametrize("options", [{"tokens": "[1]"}, {"suffix": ""}, {"infill": "f:1"}])
def test_valid_combinations_of_options_are_accepted(options: Any) -> None:
    read_infill_input.check_sources(PromptOptions(**options))
