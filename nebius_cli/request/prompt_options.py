"""The flags about the prompt of a request: its source, its encoding, and what it continues or fills in."""

from typing import NamedTuple


class PromptOptions(NamedTuple):
    """The flags about the prompt. Arguments, a template, files and lists are read in this order."""

    prompt: tuple[str, ...] = ()
    file: tuple[str, ...] = ()  # one prompt each
    template_file: str | None = None  # in which {stdin} is replaced by the input
    prompts: tuple[str, ...] = ()  # files of many prompts, one per line
    tokens: str | None = None  # JSON or @file
    null: bool = False
    encoding: str = "utf-8"
    invalid: str = "strict"
    strip_final_newline: bool = False
    allow_empty: bool = False
    suffix: str | None = None
    suffix_file: str | None = None
    infill: str | None = None  # a cursor `FILE:LINE[:COL]`
    infill_format: str | None = None
    continue_last: bool = False
    continue_from: str | None = None
    choice: str | None = None
    continued: str | None = None  # the earlier prompt and its answer, once they are known

    @property
    def has_text(self) -> bool:
        """Whether the prompt is given as text, in an argument or a file."""
        return bool(self.prompt or self.file or self.prompts) or self.template_file is not None

    @property
    def has_prompt(self) -> bool:
        """Whether the prompt is given by an argument or a flag, as text or as tokens."""
        return self.has_text or self.tokens is not None

    @property
    def is_infill(self) -> bool:
        """Whether text is to be inserted before other text."""
        return (self.suffix, self.suffix_file, self.infill) != (None, None, None)

    @property
    def continues(self) -> bool:
        """Whether the prompt is an earlier prompt with its answer."""
        return self.continue_last or self.continue_from is not None

    @property
    def stdin_is_prompt(self) -> bool:
        """Whether the prompt is read from stdin, because nothing else defines it."""
        return not self.has_prompt and self.infill is None and not self.continues
