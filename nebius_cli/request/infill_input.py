"""Reads the text before and after an infill: a prompt and a suffix, or a file split at a position."""

from typing import NamedTuple

from nebius_cli.core.errors import UsageError
from nebius_cli.request import read_prompt, split_at_position
from nebius_cli.request.read_prompt import DecodeOptions, InputReaders, PromptSources


class InfillSources(NamedTuple):
    """Where an infill goes: before a suffix, before the text of a file, or at a cursor `FILE:LINE[:COL]`."""

    suffix: str | None = None
    suffix_file: str | None = None
    cursor: str | None = None

    @property
    def given(self) -> bool:
        """Whether any of them was given."""
        return (self.suffix, self.suffix_file, self.cursor) != (None, None, None)


def check_sources(sources: InfillSources, prompts: PromptSources, format_name: str | None = None) -> None:
    """Raise UsageError for options that exclude or need each other, before anything is read."""
    if not sources.given:
        if format_name is not None:
            raise UsageError(
                "--infill-format without an infill", "it needs --suffix, --suffix-file or --infill"
            )
        return
    if sources.suffix is not None and sources.suffix_file is not None:
        raise UsageError(
            "--suffix and --suffix-file together", "a prompt has only one suffix", "keep one of them"
        )
    if sources.cursor is not None:
        if sources.suffix is not None or sources.suffix_file is not None:
            raise UsageError(
                "--infill with a suffix", "the suffix is what follows the position in the file", "keep one"
            )
        if prompts.given:
            raise UsageError(
                "--infill with a prompt",
                "the prompt is what precedes the position in the file",
                "with a prompt, use --suffix TEXT or --suffix-file FILE",
            )
    if prompts.tokens is not None:
        raise UsageError("--tokens with a suffix", "the infill markers are text", "give the prefix as text")


def read_infill(
    sources: InfillSources,
    prompts: PromptSources,
    readers: InputReaders,
    options: DecodeOptions,
    *,
    nul: bool,
    allow_empty: bool = False,
) -> tuple[str | list[str], str]:
    """Return the prefix, or one for each of several prompts, and the suffix that follows each of them.

    Raises UsageError, and BadInputError for bytes that are not text. Either side may be empty, not both.
    """
    prefix: str | list[str]
    if sources.cursor is not None:
        at = split_at_position.parse(sources.cursor)
        try:
            text = read_prompt.read_text(at.file, readers, options)
        except UsageError as error:
            file, _, line = at.file.rpartition(":")
            if file:  # the name of a file may contain a colon, so this is only likely
                error.why = f"{error.why}; if {line!r} is meant as LINE, it must be a number"
            raise
        prefix, suffix = split_at_position.split(text, at)
    else:
        prefix = read_prompt.read_texts(prompts, readers, options, nul=nul, allow_empty=allow_empty)
        if sources.suffix_file is not None:
            suffix = read_prompt.read_text(sources.suffix_file, readers, options)
        else:
            typed = sources.suffix or ""
            suffix = read_prompt.decode_argument(typed, readers.raw(typed))
    if not suffix and not allow_empty:
        read_prompt.check_not_empty(prefix)
    return prefix, suffix
