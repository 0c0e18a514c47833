"""Reads the text before and after an infill: a prompt and a suffix, or a file split at a position."""

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.request import read_prompt, split_file_at_cursor
from nebius_cli.request.prompt_options import PromptOptions
from nebius_cli.request.read_prompt import InputReaders


def check_sources(options: PromptOptions) -> None:
    """Raise UsageError for options that exclude or need each other, before anything is read."""
    if not options.is_infill:
        if options.infill_format is not None:
            raise UsageError(
                "--infill-format without an infill",
                "it is used only with --suffix, --suffix-file or --infill",
            )
        return
    if options.suffix is not None and options.suffix_file is not None:
        raise UsageError(
            "--suffix and --suffix-file cannot be used together",
            "a prompt has only one suffix",
            "keep one of them",
        )
    if options.infill is not None:
        if options.suffix is not None or options.suffix_file is not None:
            raise UsageError(
                "--infill cannot be used with a suffix",
                "the suffix is the text after the position in the file",
                "keep one of them",
            )
        if options.has_prompt:
            raise UsageError(
                "--infill cannot be used with a prompt",
                "the prompt is the text before the position in the file",
                "with a prompt, use --suffix TEXT or --suffix-file FILE",
            )
    if options.tokens is not None:
        raise UsageError(
            "--tokens cannot be used with a suffix", "the infill markers are text", "give the prefix as text"
        )


def read_infill(options: PromptOptions, readers: InputReaders) -> tuple[str | list[str], str]:
    """Return the prefix, or one for each of several prompts, and the suffix that follows each of them.

    Raises UsageError, and BadInputError for bytes that are not text. One side may be empty, but not both.
    """
    decoding = read_prompt.decoding_of(options)
    prefix: str | list[str]
    if options.infill is not None:
        at = split_file_at_cursor.parse(options.infill)
        try:
            text = read_prompt.text_of_file(at.file, readers, decoding)
        except UsageError as error:
            file, _, line = at.file.rpartition(":")
            if file:  # the name of a file may contain a colon, so this is only likely
                error.why = f"{error.why}; if {line!r} is meant as LINE, it must be a number"
            raise
        prefix, suffix = split_file_at_cursor.split(text, at)
    else:
        prefix = read_prompt.read_texts(options, readers)
        if options.suffix_file is not None:
            suffix = read_prompt.text_of_file(options.suffix_file, readers, decoding)
        else:
            typed = options.suffix or ""
            suffix = read_prompt.decode_argument(typed, readers.raw(typed))
    if not suffix and not options.allow_empty:
        read_prompt.check_not_empty(prefix)
    return prefix, suffix
