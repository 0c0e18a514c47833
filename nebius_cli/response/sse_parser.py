"""Parses the bytes of a server-sent event stream into events, in chunks of any size.

The rules are those of the WHATWG HTML standard, section 9.2.6 "Interpreting an event stream", with one
exception: the standard drops an event without a blank line after it, but here `close` yields it, because it
may contain the last token of a completion. The decoder checks whether it is complete.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

# A completion event has a few hundred bytes, or a few hundred kB with 20 logprobs for each of many tokens.
MAX_EVENT_BYTES = 16 * 1024 * 1024
# Data lines of one event: each is a Python object, many times larger than a short line.
MAX_EVENT_LINES = 100_000

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Payload(NamedTuple):
    """One event: its `data` lines joined by newlines, and its `event` type if it has one."""

    data: bytes
    event: str = ""


class EventTooLargeError(ValueError):
    """An event grew past MAX_EVENT_BYTES or MAX_EVENT_LINES."""


class EventParser:
    """Yields complete events from the bytes it is fed. Holds at most one unfinished event."""

    def __init__(self) -> None:
        self._tail = bytearray()  # the unfinished line; chunks can be a single byte
        self._data: list[bytes] = []  # data lines of the unfinished event
        self._event = ""
        self._size = 0  # bytes of the data lines, plus one per line
        self._first = True
        self._after_cr = False

    def feed(self, chunk: bytes) -> Iterator[Payload]:
        """Yield the events that `chunk` completes. Raises EventTooLargeError."""
        if self._after_cr and chunk:
            # The last chunk ended with CR; an LF at the start of this one belongs to the same line ending.
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if not chunk:
            return
        self._after_cr = chunk.endswith(b"\r")
        lines = _LINE_END.split(chunk) if b"\r" in chunk else chunk.split(b"\n")
        tail = lines.pop()
        if lines:
            if self._tail:
                lines[0] = bytes(self._tail + lines[0])
                self._tail = bytearray()
            yield from self._take(lines)
        self._tail += tail
        if self._size + len(self._tail) > MAX_EVENT_BYTES:
            raise EventTooLargeError(f"an event of more than {MAX_EVENT_BYTES} bytes")
        if len(self._data) > MAX_EVENT_LINES:
            raise EventTooLargeError(f"an event of more than {MAX_EVENT_LINES} lines")

    def close(self) -> Iterator[Payload]:
        """Yield the unfinished event at the end of the stream, if there is one."""
        yield from self._take([bytes(self._tail), b""])

    def _take(self, lines: list[bytes]) -> Iterator[Payload]:
        if self._first:
            self._first = False
            lines[0] = lines[0].removeprefix(_BOM)
        for line in lines:
            if line.startswith(b"data: "):  # fast path: nearly every line is this or empty
                self._data.append(line[6:])
                self._size += len(line) - 5
            elif line:
                self._field(line)
            else:
                if self._data:
                    yield Payload(b"\n".join(self._data), self._event)
                self._data, self._event, self._size = [], "", 0

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(value) + 1
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
