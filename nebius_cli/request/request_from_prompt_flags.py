"""Makes a request from the flags about the prompt, either for the prompt itself or for an infill."""

from collections.abc import Collection, Mapping
from typing import Any

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.request import read_prompt
from nebius_cli.request.field_table import BY_NAME
from nebius_cli.request.parse_and_check_values import Value
from nebius_cli.request.prompt_options import PromptOptions
from nebius_cli.request.read_prompt import InputReaders
from nebius_cli.request.request_body import CompletionRequest


def check(options: PromptOptions) -> None:
    """Raise UsageError for flags that are invalid or exclude each other, before anything is read."""
    if options.invalid not in ("strict", "replace"):
        raise UsageError(f"--invalid {options.invalid}", "must be strict or replace")
    if options.continues and (options.has_prompt or options.is_infill):
        raise UsageError("--continue takes no prompt", "it continues an earlier answer")
    if options.continue_last and options.continue_from is not None:
        raise UsageError("--continue and --continue-from cannot be used together", "", "keep one of them")
    if options.choice is not None and not options.continues:
        what = "--choice requires --continue or --continue-from"
        raise UsageError(what, "it selects the answer to continue")
    if options.is_infill or options.infill_format is not None:
        from nebius_cli.request import read_infill_input

        read_infill_input.check_sources(options)


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

    For an infill, the prompt is put between the model's markers, and the format's stop sequences are added
    unless `stop` is set or in `unset`. Raises UsageError, and BadInputError for bytes that are not text.
    """
    if options.continued is not None:
        return CompletionRequest(options.continued, fields, params)
    if not options.is_infill:
        text = read_prompt.read_prompt(options, readers)
        if not options.allow_empty:
            read_prompt.check_not_empty(text)
        return CompletionRequest(text, fields, params)
    from nebius_cli.request import infill_formats, read_infill_input

    chosen = infill_formats.choose(CompletionRequest("", fields, params).model, options.infill_format)
    prefix, suffix = read_infill_input.read_infill(options, readers)
    built = infill_formats.build(chosen, prefix, suffix, validate=validate)
    if "stop" not in {*fields, *params, *unset}:
        fields = {**fields, "stop": BY_NAME["stop"].check(list(chosen.stop))}
    return CompletionRequest(built, fields, params)
