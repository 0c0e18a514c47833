"""Builds the prompts that make a model write the text between a prefix and a suffix.

The completions API has no `suffix` field. A model that was trained to fill in the middle does it from an
ordinary prompt, in which special tokens (here: markers) say what comes before and what comes after.
The table of those markers is `request/infill_formats.py`.
"""

import re

from nebius_cli.core.errors import UsageError
from nebius_cli.core.suggest import nearest
from nebius_cli.request.infill_formats import BY_NAME, FORMATS, NAMES, InfillFormat
from nebius_cli.request.request import NO_VALIDATE


def choose(model: str, name: str | None) -> InfillFormat:
    """Return the format called `name`, else the one of the model. Raises UsageError where there is none."""
    if name is not None:
        if name not in BY_NAME:
            close = nearest(name, tuple(BY_NAME))
            hint = f"did you mean {close}?" if close else ""
            raise UsageError(f"--infill-format {name}", f"the formats are {NAMES}", hint)
        return BY_NAME[name]
    for one in FORMATS:
        if re.search(one.models, model.lower()):
            return one
    raise UsageError(
        f"no infill markers are known for {model}",
        "a model fills in the middle only if it was trained to",
        f"--infill-format NAME chooses them: {NAMES}",
    )


def build(chosen: InfillFormat, prefix: str | list[str], suffix: str, *, validate: bool) -> str | list[str]:
    """Return the prompt for a prefix, or one for each of several.

    Raises UsageError where one of the texts holds a special token of the format; `validate=False` lets it
    through.
    """
    if validate:
        for one in prefix if isinstance(prefix, list) else [prefix]:
            _check_text(chosen, "prefix", one)
        _check_text(chosen, "suffix", suffix)
    if isinstance(prefix, list):
        return [chosen.prompt(one, suffix) for one in prefix]
    return chosen.prompt(prefix, suffix)


def _check_text(chosen: InfillFormat, name: str, text: str) -> None:
    for reserved in chosen.reserved:
        at = text.find(reserved)
        if at >= 0:
            line = text.count("\n", 0, at) + 1
            raise UsageError(
                f"line {line} of the {name} holds {reserved}",
                f"the server would read it as a marker of the {chosen.name} format",
                NO_VALIDATE,
            )
