"""Writes records as plain text, or as lines of CSV or TSV: one for each choice."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from nebius_cli.bulk.export.choice_rows import choices_of, text_or_json
from nebius_cli.bulk.export.format_names import SEPARATORS
from nebius_cli.core.jsontext import object_of
from nebius_cli.core.write_csv import csv_line
from nebius_cli.system.streams import Write
from nebius_cli.terminal.sanitize import to_bytes

# Scripts select columns by number, as with `cut -f 4`, so new columns are added at the end.
HEADER = (
    "id",
    "index",
    "choice",
    "text",
    "finish_reason",
    "error",
    "prompt_tokens",
    "completion_tokens",
    "cost",
    "prompt",
)
_USAGE = ("prompt_tokens", "completion_tokens", "cost")
ToLine = Callable[[Iterable[object]], bytes]


def line_maker(format_name: str, *, escape_formulas: bool) -> ToLine:
    """Return the function that makes a line of CSV or TSV of cells."""
    separator = SEPARATORS[format_name]
    return lambda cells: to_bytes(csv_line(cells, separator=separator, escape_formulas=escape_formulas))


def choice_cells(record: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """Yield the cells of each choice of a record, in the order of HEADER; the first one has the usage."""
    message = _string(object_of(record["error"]).get("message"))
    usage = object_of(record.get("usage"))
    used = tuple(usage.get(name) for name in _USAGE)  # None is an empty cell
    prompt = text_or_json(record.get("prompt"))
    for number, choice in enumerate(choices_of(record) or [{}]):
        named = (record["id"], record["index"], choice.get("index", number) if choice else "")
        text = (_string(choice.get("text")), _string(choice.get("finish_reason")))
        yield (*named, *text, message, *used, prompt)
        used = ("", "", "")  # usage is for all choices, so that the sum of the column is right


class TextWriter:
    """Writes the texts of records with `write`, each followed by `end`.

    `unclear` is the number of texts that contain `end`, so that readers cannot tell where they end.
    """

    def __init__(self, write: Write, end: bytes) -> None:
        self.unclear = 0
        self._write = write
        self._end = end

    def add(self, record: Mapping[str, Any]) -> None:
        """Write the text of each choice, an empty one for a record without choices."""
        for choice in choices_of(record) or [{}]:
            text = to_bytes(_string(choice.get("text")))
            self.unclear += self._end in text
            self._write(text + self._end)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
