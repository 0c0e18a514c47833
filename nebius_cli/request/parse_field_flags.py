"""Parses the flags that set request fields: one for each field, `--param` and `--unset`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.similar_names import nearest
from nebius_cli.request.field_table import BY_NAME
from nebius_cli.request.parse_and_check_values import FieldError, Value
from nebius_cli.request.request_body import NO_VALIDATE


def parse_fields(
    given: Mapping[str, str | Sequence[str] | bool], read_file: Callable[[str], str], *, validate: bool
) -> dict[str, Value]:
    """Return the values of the request fields that were `given` as flags, parsed and checked.

    Raises UsageError that names the flag, the value and what the flag takes.
    """
    values: dict[str, Value] = {}
    # Parse fields that may read a file last, so that other mistakes are reported before any I/O.
    for name, raw in sorted(given.items(), key=lambda item: BY_NAME[item[0]].takes_file):
        request_field = BY_NAME[name]
        texts = [str(raw).lower()] if isinstance(raw, bool) else [raw] if isinstance(raw, str) else list(raw)
        if request_field.takes_file:
            texts = [read_file(text[1:]) if text.startswith("@") else text for text in texts]
        try:
            values[name] = request_field.parse(texts, bounded=validate)
        except FieldError as error:
            shown = " ".join(texts)
            shown = shown if len(shown) <= 60 else shown[:57] + "..."
            what = f"{request_field.flag} {shown}".rstrip()
            raise UsageError(
                what, f"{request_field.name} {error}", NO_VALIDATE if error.bound else ""
            ) from None
    return values


def parse_params(texts: Sequence[str], *, validate: bool) -> dict[str, Any]:
    """Parse `--param KEY=JSON`. Raises UsageError, also for a key that has its own flag."""
    params: dict[str, Any] = {}
    for text in texts:
        key, equals, raw = text.partition("=")
        if not key or not equals:
            raise UsageError(f"--param {text}", "the format is KEY=JSON", "for example --param top_k=40")
        if key in ("prompt", "stream") or (validate and key in BY_NAME):
            flag = BY_NAME[key].flag if key in BY_NAME else "an argument, --file, --prompts or --tokens"
            raise UsageError(f"--param {key}", f"{key} cannot be set with --param", f"use {flag}")
        try:
            params[key] = jsontext.decode(raw)
            jsontext.encode(params[key])  # Python's parser accepts NaN, which is not JSON
        except ValueError as error:
            hint = f"text needs JSON quotes: --param '{key}=\"{raw}\"'"
            if isinstance(error, jsontext.LimitError):
                raise UsageError(f"--param {text}", jsontext.describe_error(error)) from None
            raise UsageError(f"--param {text}", f"{raw!r} is not JSON", hint) from None
    return params


def parse_unset(names: Sequence[str]) -> set[str]:
    """Return the names of the request fields to leave out. Raises UsageError for an unknown name."""
    for name in names:
        if name.replace("-", "_") not in BY_NAME:
            close = nearest(name, tuple(BY_NAME))
            why = "no such request field"
            raise UsageError(f"--unset {name}", why, f"did you mean {close}?" if close else "")
    return {name.replace("-", "_") for name in names}
