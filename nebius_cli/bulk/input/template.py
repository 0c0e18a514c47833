"""Templates of prompts: a text with {names} of columns in it; {{ and }} are braces."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.errors import UsageError

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_ESCAPE = re.compile(r"\\[nt\\]")
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}


class RowError(ValueError):
    """A row that cannot be sent; the text says why."""


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template. `texts` are what stands around the variables, one more than there are `names`."""

    texts: tuple[str, ...]
    names: tuple[str, ...]

    def fill(self, values: Mapping[str, Any]) -> str:
        """Return the prompt. Raises RowError for a value that is not there or is no text."""
        pieces = [self.texts[0]]
        for name, text in zip(self.names, self.texts[1:], strict=True):
            pieces += (_text_of(name, values), text)
        return "".join(pieces)


def parse(text: str) -> Template:
    """Return the template that `text` is. Raises UsageError for a lone brace, and where nothing is named."""
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
            why = f"{found} at character {piece.start()} names no column"
            raise UsageError("the template cannot be read", why, "{{ and }} stand for braces themselves")
    if not names:
        hint = "for example --template 'Q: {question}\\nA:'"
        raise UsageError("the template names no column", "every prompt would be the same", hint)
    texts[-1] += text[end:]
    return Template(tuple(texts), tuple(names))


def unescape(text: str) -> str:
    r"""Return what was typed for `--template` with \n, \t and \\ read; any other backslash is one."""
    return _ESCAPE.sub(lambda found: _ESCAPES[found.group()], text)


def _text_of(name: str, values: Mapping[str, Any]) -> str:
    """Return a value as it stands in a prompt: a text as it is, what JSON has as JSON, a date by its name."""
    value = values.get(name)
    if isinstance(value, str):
        return value
    if value is None:
        why = "is null" if name in values else f"is not there; there is {', '.join(values) or 'nothing'}"
        raise RowError(f"the template's {{{name}}} {why}")
    if isinstance(value, bytes):
        raise RowError(f"the template's {{{name}}} holds bytes, which are no text")
    try:
        return jsontext.encode(value).decode("utf-8")
    except ValueError as error:
        if isinstance(value, list | dict | float):
            raise RowError(f"the template's {{{name}}}: {error}") from None
        return str(value)
