"""Where an infill's prefix and suffix come from, to the byte."""

from typing import Any

import pytest

from nebius_cli.core.errors import BadInputError, UsageError
from nebius_cli.request import infill_input
from nebius_cli.request.infill_input import InfillSources
from nebius_cli.request.read_prompt import DecodeOptions, InputReaders, PromptSources

AS_IT_IS = DecodeOptions()


def gathered(
    sources: InfillSources,
    *arguments: str,
    stdin: bytes = b"",
    reading: DecodeOptions = AS_IT_IS,
    allow_empty: bool = False,
    files: dict[str, bytes] | None = None,
    **prompts: Any,
) -> Any:
    readers = InputReaders(
        lambda: stdin, (files or {}).__getitem__, lambda text: text.encode("utf-8", "surrogateescape")
    )
    given_prompts = PromptSources(arguments, **prompts)
    return infill_input.read_infill(
        sources, given_prompts, readers, reading, nul=False, allow_empty=allow_empty
    )


def test_a_suffix_goes_with_the_prompt() -> None:
    assert gathered(InfillSources(suffix=" b "), "a") == ("a", " b ")


def test_a_suffix_is_taken_as_it_is_written() -> None:
    assert gathered(InfillSources(suffix="-"), "a", stdin=b"unread") == ("a", "-")
    assert gathered(InfillSources(suffix="{stdin}"), "a", stdin=b"unread") == ("a", "{stdin}")


def test_a_suffix_file_is_read_whole_and_a_minus_is_stdin() -> None:
    assert gathered(InfillSources(suffix_file="f"), "a", files={"f": b"\r\nb\n"}) == ("a", "\r\nb\n")
    assert gathered(InfillSources(suffix_file="-"), "a", stdin=b"b\n") == ("a", "b\n")


def test_without_a_prompt_stdin_is_the_prefix() -> None:
    assert gathered(InfillSources(suffix="b"), stdin=b"a\n") == ("a\n", "b")


def test_several_prompts_share_the_suffix() -> None:
    assert gathered(InfillSources(suffix="c"), "a", "b") == (["a", "b"], "c")


def test_reading_options_hold_for_the_suffix_too() -> None:
    reading = DecodeOptions("latin-1", strip_final_newline=True)
    found = gathered(InfillSources(suffix_file="f"), "a", reading=reading, files={"f": b"\xe9\n"})
    assert found == ("a", "\xe9")


def test_a_suffix_that_is_no_text_is_refused() -> None:
    with pytest.raises(BadInputError, match="f is not valid UTF-8"):
        gathered(InfillSources(suffix_file="f"), "a", files={"f": b"\xff"})
    with pytest.raises(BadInputError, match="argument is not valid UTF-8"):
        gathered(InfillSources(suffix="\udcff"), "a")


def test_one_side_may_be_empty_and_both_only_when_allowed() -> None:
    assert gathered(InfillSources(suffix=""), "a") == ("a", "")
    assert gathered(InfillSources(suffix="b"), "") == ("", "b")
    with pytest.raises(UsageError, match="the prompt is empty"):
        gathered(InfillSources(suffix=""), "")
    with pytest.raises(UsageError, match="prompt 2 is empty"):
        gathered(InfillSources(suffix=""), "a", "")
    assert gathered(InfillSources(suffix=""), "", allow_empty=True) == ("", "")


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
    assert gathered(InfillSources(cursor=cursor), files={"f": b"ab\r\ncd\n"}) == (prefix, suffix)


def test_stdin_is_split_too() -> None:
    assert gathered(InfillSources(cursor="-:1:2"), stdin=b"ab") == ("a", "b")


def test_a_column_counts_characters_not_bytes() -> None:
    file = {"f": "é\U0001f600x".encode()}
    assert gathered(InfillSources(cursor="f:1:3"), files=file) == ("é\U0001f600", "x")


def test_an_empty_file_has_nothing_around_the_cursor() -> None:
    with pytest.raises(UsageError, match="the prompt is empty"):
        gathered(InfillSources(cursor="f:1"), files={"f": b""})


@pytest.mark.parametrize(
    ("sources", "prompts", "message"),
    [
        (InfillSources("a", "f"), PromptSources(("p",)), "--suffix and --suffix-file together"),
        (InfillSources("a", cursor="f:1"), PromptSources(), "--infill with a suffix"),
        (InfillSources(suffix_file="a", cursor="f:1"), PromptSources(), "--infill with a suffix"),
        (InfillSources(cursor="f:1"), PromptSources(("p",)), "--infill with a prompt"),
        (InfillSources(cursor="f:1"), PromptSources(tokens="[1]"), "--infill with a prompt"),
        (InfillSources("a"), PromptSources(tokens="[1]"), "--tokens with a suffix"),
    ],
)
def test_sources_that_exclude_each_other_are_refused(
    sources: InfillSources, prompts: PromptSources, message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        infill_input.check_sources(sources, prompts)
    assert str(caught.value) == message


def test_a_format_without_an_infill_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        infill_input.check_sources(InfillSources(), PromptSources(("p",)), "qwen")
    assert str(caught.value) == "--infill-format without an infill"


def test_sources_that_go_together_are_let_through() -> None:
    infill_input.check_sources(InfillSources(), PromptSources(tokens="[1]"))
    infill_input.check_sources(InfillSources(""), PromptSources())
    infill_input.check_sources(InfillSources(cursor="f:1"), PromptSources())
    assert not InfillSources().given
