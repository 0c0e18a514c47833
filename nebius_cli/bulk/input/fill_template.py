"""Parses and fills prompt templates, with column names in braces, like {name}; {{ and }} are literal."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from shlex import quote
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.short_text import invalid_byte

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_PROMPT_COLUMNS = ("prompt", "question", "input", "instruction", "query", "text")
MAX_NAMES = 30  # columns or members that a message lists

_ESCAPE = re.compile(r"\\[nt\\]")
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}


class RowError(ValueError):
    """A row that cannot be sent; the message says why."""


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template. `texts` surround the variables, so there is one more text than `names`."""

    texts: tuple[str, ...]
    names: tuple[str, ...]

    def fill(self, values: Mapping[str, Any]) -> str:
        """Return the prompt. Raises RowError for a value that is missing or cannot be text."""
        pieces = [self.texts[0]]
        for name, text in zip(self.names, self.texts[1:], strict=True):
            pieces += (_text_of(name, values), text)
        return "".join(pieces)


def parse(text: str) -> Template:
    """Parse a template. Raises UsageError for a single brace, and for a template without variables."""
    texts, names, end = [""], [], 0
    for piece in _PIECE.finditer(text):
        texts[-1] += text[end : piece.start()]
        end = piece.end()
        found = piece.group()
        if found in ("{{", "}}"):
            texts[-1] += found[0]
        elif piece.group(1):
            names.append(piece.group(1))
            texts.append("")
        else:
            why = f"{found} at character {piece.start() + 1} is not a {{COLUMN}}"
            raise UsageError("the template is invalid", why, "write {{ and }} for literal braces")
    if not names:
        hint = "for example --template 'Q: {question}\\nA:'"
        raise UsageError("no column in the template", "every prompt would be the same", hint)
    texts[-1] += text[end:]
    return Template(tuple(texts), tuple(names))


def unescape(text: str) -> str:
    r"""Replace the escapes \n, \t and \\ in the value of --template; other backslashes stay."""
    return _ESCAPE.sub(lambda found: _ESCAPES[found.group()], text)


def join_names(names: Iterable[str]) -> str:
    """Return names for a message, at most MAX_NAMES of them."""
    first = list(islice(names, MAX_NAMES + 1))
    return ", ".join(first if len(first) <= MAX_NAMES else [*first[:MAX_NAMES], "…"])


def example(columns: Sequence[str]) -> str:
    """Return an example of `--template` that uses one of the columns, if possible that of the prompts."""
    usable = [name for name in columns if name and not set("{}") & set(name)]
    likely = [name for name in usable if name.lower() in _PROMPT_COLUMNS]
    others = [name for name in usable if name.lower() not in ("id", "custom_id")]
    column = next(iter([*likely, *others, *usable]), "COLUMN")
    return "--template " + quote(f"Q: {{{column}}}\\nA:")


def _text_of(name: str, values: Mapping[str, Any]) -> str:
    """Return a value as text: a string unchanged, other JSON values as JSON, dates by `str`."""
    value = values.get(name)
    if isinstance(value, str):
        return value
    if value is None:
        found = f"has {join_names(values)}" if values else "is empty"
        why = "is null" if name in values else f"is missing; the row {found}"
        raise RowError(f"the template's {{{name}}} {why}")
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise RowError(f"the template's {{{name}}}: {invalid_byte(error)} is not UTF-8") from None
    try:
        return jsontext.encode(value).decode("utf-8")
    except ValueError as error:
        if isinstance(value, list | dict | float):
            raise RowError(f"the template's {{{name}}}: {error}") from None
        return str(value)
