"""Bytes of an event stream → payloads, wherever the bytes were cut.

The rules are those of the WHATWG HTML standard, section 9.2.6 "Interpreting an event stream". One is
left: the standard drops an event that no blank line ended, and here `close` hands it over, because the
last token of a completion may be in it; whoever decodes it finds out whether it is whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# The largest event nbx holds. A completion event is a few hundred bytes; one with 20 logprobs for each of
# many tokens, in one frame, is a few hundred kB.
MAX_EVENT_BYTES = 16 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Payload:
    """One event: its `data` lines joined, and its `event` type where it has one."""

    data: bytes
    event: str = ""


class EventTooLargeError(ValueError):
    """An event grew past MAX_EVENT_BYTES."""


class EventParser:
    """Feed it bytes, it yields whole events. Holds at most one unfinished event."""

    def __init__(self) -> None:
        self._tail: list[bytes] = []  # pieces of the line that has not ended yet
        self._data: list[bytes] = []  # data lines of the event that has not ended yet
        self._event = ""
        self._size = 0  # bytes of the data lines, each with one for the line itself
        self._held = 0  # those and the bytes of the tail
        self._first = True
        self._after_cr = False

    def feed(self, chunk: bytes) -> Iterator[Payload]:
        """Yield the events that `chunk` completes. Raises EventTooLargeError."""
        if self._after_cr and chunk:
            # A CR ended the last line at once; an LF right after it is the second half of that ending.
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if not chunk:
            return
        self._after_cr = chunk.endswith(b"\r")
        first, *rest = _LINE_END.split(chunk)
        self._tail.append(first)
        self._held += len(first)
        for piece in rest:
            yield from self._line(b"".join(self._tail))
            self._tail = [piece]
            self._held = self._size + len(piece)
        if self._held > MAX_EVENT_BYTES:
            raise EventTooLargeError(f"an event of more than {MAX_EVENT_BYTES} bytes")

    def close(self) -> Iterator[Payload]:
        """Yield the event that the end of the stream cut off, if one was begun."""
        yield from self._line(b"".join(self._tail))
        yield from self._line(b"")

    def _line(self, line: bytes) -> Iterator[Payload]:
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        if not line:
            if self._data:
                yield Payload(b"\n".join(self._data), self._event)
            self._data, self._event, self._size = [], "", 0
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(value) + 1
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
