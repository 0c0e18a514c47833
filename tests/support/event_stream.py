"""The WHATWG algorithm for event streams, written step by step so that it is easy to check against the text.

HTML standard, sections 9.2.5 "Parsing an event stream" and 9.2.6 "Interpreting an event stream". Tests
compare our parser with this one. It takes a complete stream, and has no limits and no reconnecting.
"""

import re
from typing import NamedTuple


class Event(NamedTuple):
    """A dispatched event: its data, and its type, which is empty if the stream does not name one."""

    data: str
    type: str = ""


def interpret(stream: bytes) -> tuple[list[Event], Event | None]:
    """Return the events of a complete stream, and the unfinished one at its end, which the standard drops."""
    text = stream.decode("utf-8", "replace")  # always UTF-8; invalid bytes become U+FFFD
    text = text.removeprefix("\ufeff")
    *lines, unfinished = re.split("\r\n|\n|\r", text)
    events: list[Event] = []
    data = kind = ""
    for line in lines:
        if not line:
            if data:
                events.append(Event(data.removesuffix("\n"), kind))
            data = kind = ""
        else:
            data, kind = _process(line, data, kind)
    if unfinished:
        data, kind = _process(unfinished, data, kind)
    return events, Event(data.removesuffix("\n"), kind) if data else None


def _process(line: str, data: str, kind: str) -> tuple[str, str]:
    """Return the data and event type buffers after processing one line."""
    if line.startswith(":"):
        return data, kind
    field, _, value = line.partition(":")
    value = value.removeprefix(" ")
    match field:
        case "event":
            return data, value
        case "data":
            return data + value + "\n", kind
        case _:  # id and retry matter only for reconnecting; other names are ignored
            return data, kind
