"""Converts the lines of an input to rows of JSONL or of plain text."""

from collections.abc import Iterable, Iterator

from nebius_cli.bulk.input.byte_source import MAX_LINE_BYTES
from nebius_cli.bulk.input.parse_row import RawRow, UnreadableRow
from nebius_cli.bulk.input.wrong_format_hints import not_utf8

_TOO_LONG = UnreadableRow(f"longer than the limit of {MAX_LINE_BYTES >> 20} MiB")


class TextLines:
    """Converts lines to rows. `offset` is where the next line begins, in bytes."""

    def __init__(self, content: Iterable[bytes | int], *, nul: bool) -> None:
        self.offset = 0
        self._content = content
        self._nul = nul

    def numbered(self) -> Iterator[tuple[int, bytes | UnreadableRow]]:
        """Yield each line with its number; one that is too long is an UnreadableRow."""
        for number, line in enumerate(self._content, 1):
            self.offset += 1 + (line if isinstance(line, int) else len(line))
            yield number, _TOO_LONG if isinstance(line, int) else line

    def json(self) -> Iterator[RawRow]:
        """Yield each line that is not blank, undecoded."""
        for row in self.numbered():
            line = row[1]
            if line and not (isinstance(line, bytes) and line.isspace()):
                yield row

    def texts(self, *, skip_empty: bool = False) -> Iterator[RawRow]:
        """Yield each line as a str; with `skip_empty`, skip empty lines."""
        for number, line in self.numbered():
            text = text_of(line)
            if isinstance(text, str) and not self._nul:
                text = text.removesuffix("\r")
            if text or not skip_empty:
                yield number, text


def text_of(line: bytes | UnreadableRow) -> str | UnreadableRow:
    """Return a line as text, or the reason why it is not text."""
    if isinstance(line, UnreadableRow):
        return line
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return UnreadableRow(not_utf8(error))
    if "\0" in text:
        return UnreadableRow(f"binary input: NUL at character {text.index(chr(0)) + 1}")
    return text
