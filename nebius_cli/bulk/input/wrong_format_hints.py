"""Guesses the format of lines that are not valid rows, and suggests the flag that reads them."""

from collections.abc import Mapping, Sequence
from typing import Any

from nebius_cli.core.short_text import invalid_byte
from nebius_cli.core.similar_names import nearest
from nebius_cli.request.read_prompt import marked_encoding

_MAX_SHOWN_CHARS = 60
CHAT = "nbx bulk completes prompts and does not support chat"
# Members of common data sets that hold the question, the likeliest first, and members that do not.
_QUESTIONS = ("prompt", "instruction", "question", "query", "text", "input", "content")
_ANSWERS = ("id", "custom_id", "output", "answer", "completion", "response", "label", "target", "source")
_CHATS = ("messages", "conversations", "conversation")


def unparsable_row_hint(text: str, noun: str = "prompt") -> str:
    """Return a clause that says how to read a line that is not a row, empty if it may be a broken row.

    `noun` is the name of a row of plain text, such as "prompt".
    """
    text = text.strip()
    if text.startswith("["):
        return "; jq -c '.[]' converts a JSON array to rows"
    if text == "{":
        return "; jq -c . puts each object on one line"
    return "" if text.startswith(("{", '"')) else f"; --format text reads each line as a {noun}"


def strange_member(name: str, names: Sequence[str], row: Mapping[str, Any]) -> str:
    """Return a message about a member that is not one of `names`, and how to read such a row."""
    if name in _CHATS:
        why = f"{shown(name)} is for chat; {CHAT}"
    else:
        why = f'{unknown_member(name, names)}; engine parameters belong in "params"'
        if "prompt" in row and nearest(name, names):
            return why
    return f"{why}; --template '{_template_for(row)}' builds prompts from members"


def _template_for(row: Mapping[str, Any]) -> str:
    """Return a template that probably fits an object that is not a request."""
    if row.keys() >= {"instruction", "input"}:
        return "{instruction}\\n{input}"
    texts = (name for name, value in row.items() if isinstance(value, str) and name not in _ANSWERS)
    best = (
        next((name for name in (*_QUESTIONS, *_CHATS) if name in row), "")
        or next(texts, "")
        or next(iter(row))
    )
    return f"{{{best[:_MAX_SHOWN_CHARS]}}}"


def separator_hint(columns: Sequence[str]) -> str:
    """Return how to read a table whose header was parsed as one column, empty if there are several."""
    header = columns[0] if len(columns) == 1 else ""
    if ";" in header:
        return "if cells are separated by ;, add the line sep=; at the top of the file"
    if "\t" in header:
        return "set --format tsv: its cells are separated by tabs"
    return "set --format csv: its cells are separated by commas" if "," in header else ""


def rename_hint(columns: Sequence[str], needed: Sequence[str]) -> str:
    """Return a hint to rename a column whose name is similar to a needed one, empty if there is none."""
    near = ((column, nearest(column.casefold(), needed, cutoff=0.75)) for column in columns)
    return next((f"rename the column {shown(column)} to {name}" for column, name in near if name), "")


def not_utf8(error: UnicodeDecodeError) -> str:
    """Return a message about the first byte of a row that is not UTF-8."""
    if encoding := marked_encoding(error.object):
        return f"the text is {encoding}; --encoding {encoding.lower()} reads it"
    return f"{invalid_byte(error)} of the row is not UTF-8; set --encoding NAME or --invalid replace"


def unknown_member(name: str, names: Sequence[str]) -> str:
    """Return a message about a member of a row that is not one of `names`."""
    close = nearest(name, names)
    return f"unknown member {shown(name)}" + (f" (did you mean {close}?)" if close else "")


def shown(value: Any) -> str:
    """Return a value for a message: quoted, and shortened if it is long."""
    text = repr(value) if isinstance(value, str | int) else "not a string"
    return text if len(text) <= _MAX_SHOWN_CHARS else text[: _MAX_SHOWN_CHARS - 1] + "…"
