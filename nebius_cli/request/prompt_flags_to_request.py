"""Makes a request from the flags about the prompt: the prompt as given, or an infill."""

from collections.abc import Callable, Collection, Iterator, Mapping
from shlex import quote
from typing import Any, NamedTuple

from nebius_cli.core.errors import UsageError
from nebius_cli.request import read_prompt
from nebius_cli.request.field_table import BY_NAME
from nebius_cli.request.parse_and_check_values import Value
from nebius_cli.request.read_prompt import DecodeOptions, InputReaders, Prompt, PromptSources
from nebius_cli.request.request_body import CompletionRequest

TYPE_CHECKING = False
if TYPE_CHECKING:  # most requests are no infills
    from nebius_cli.request.infill_input import InfillSources


class PromptOptions(NamedTuple):
    """What was typed about the prompt."""

    prompt: tuple[str, ...] = ()
    file: tuple[str, ...] = ()
    template_file: str | None = None
    prompts: tuple[str, ...] = ()
    tokens: str | None = None
    null: bool = False
    encoding: str = "utf-8"
    invalid: str = "strict"
    strip_final_newline: bool = False
    allow_empty: bool = False
    suffix: str | None = None
    suffix_file: str | None = None
    infill: str | None = None
    infill_format: str | None = None
    continue_last: bool = False
    continue_from: str | None = None
    choice: str | None = None
    continued: str | None = None  # the earlier prompt and its answer, once they are known

    @property
    def sources(self) -> PromptSources:
        """Where the prompts are."""
        return PromptSources(self.prompt, self.file, self.prompts, self.tokens, self.template_file)

    @property
    def is_infill(self) -> bool:
        """Whether text is to be inserted before other text."""
        return (self.suffix, self.suffix_file, self.infill) != (None, None, None)

    @property
    def infill_sources(self) -> "InfillSources":
        """Where the text around an infill is."""
        from nebius_cli.request.infill_input import InfillSources

        return InfillSources(self.suffix, self.suffix_file, self.infill)

    @property
    def continues(self) -> bool:
        """Whether the prompt is that of an earlier request, with its answer."""
        return self.continue_last or self.continue_from is not None

    @property
    def stdin_is_prompt(self) -> bool:
        """Whether nothing else says what the prompt is."""
        return not self.sources.given and self.infill is None and not self.continues

    @property
    def decoding(self) -> DecodeOptions:
        """How bytes become text. Raises UsageError for an unknown encoding."""
        return read_prompt.decode_options(
            self.encoding,
            replace_invalid=self.invalid == "replace",
            strip_final_newline=self.strip_final_newline,
        )

    def check(self) -> None:
        """Raise UsageError for flags that mean nothing or exclude each other, before anything is read."""
        if self.invalid not in ("strict", "replace"):
            raise UsageError(f"--invalid {self.invalid}", "must be strict or replace")
        if self.continues and (self.sources.given or self.is_infill):
            raise UsageError("--continue takes no prompt", "it continues an earlier answer")
        if self.continue_last and self.continue_from is not None:
            raise UsageError("--continue and --continue-from together", "", "keep one of them")
        if self.choice is not None and not self.continues:
            raise UsageError("--choice without --continue", "it chooses the answer to continue")
        if self.is_infill or self.infill_format is not None:
            from nebius_cli.request import infill_input

            infill_input.check_sources(self.infill_sources, self.sources, self.infill_format)


def notices(
    options: PromptOptions, sent: Prompt, *, unread: bool, is_file: Callable[[str], bool]
) -> Iterator[str]:
    """Yield what somebody at a terminal may not have meant about the prompt that is `sent`.

    `unread`: a pipe on stdin holds input that is not part of it. `is_file`: whether a path names a file.
    """
    if len(options.prompt) == 1 and len((word := options.prompt[0]).split()) == 1 and is_file(word):
        yield f"the prompt is the text '{word}'; -f {quote(word)} sends the contents of the file"
    if unread and options.prompt:
        yield "piped input is not read; {stdin} in the prompt inserts it"
    elif unread:
        yield "piped input is not read"
    if (count := len(options.prompt)) > 1:
        yield f"{count} arguments are {count} prompts; quote them to make one"
    if options.prompt and options.file:
        join = 'nbx complete "{stdin} ..." < FILE'
        yield f"the file and the argument are separate prompts; to join them: {join}"
    own = options.prompt or options.infill or options.continues
    if not own and isinstance(sent, str) and sent.endswith("\n"):
        yield "the prompt ends with a newline; -s drops it"


def make_request(
    options: PromptOptions,
    readers: InputReaders,
    fields: Mapping[str, Value],
    params: Mapping[str, Any],
    *,
    unset: Collection[str] = (),
    validate: bool = True,
) -> CompletionRequest:
    """Read the prompt and return the request.

    For an infill, the prompt is put into the markers of the model, and the format's stop sequences are added
    unless `stop` is set or in `unset`. Raises UsageError, and BadInputError for bytes that are not text.
    """
    if options.continued is not None:
        return CompletionRequest(options.continued, fields, params)
    how = {"nul": options.null, "allow_empty": options.allow_empty}
    if not options.is_infill:
        text = read_prompt.read_prompt(options.sources, readers, options.decoding, **how)
        if not options.allow_empty:
            read_prompt.check_not_empty(text)
        return CompletionRequest(text, fields, params)
    from nebius_cli.request import infill, infill_input

    around, model = options.infill_sources, CompletionRequest("", fields, params).model
    chosen = infill.choose(model, options.infill_format)
    prefix, suffix = infill_input.read_infill(around, options.sources, readers, options.decoding, **how)
    built = infill.build(chosen, prefix, suffix, validate=validate)
    if "stop" not in {*fields, *params, *unset}:
        fields = {**fields, "stop": BY_NAME["stop"].check(list(chosen.stop))}
    return CompletionRequest(built, fields, params)
