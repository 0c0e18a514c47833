"""The WHATWG algorithm for event streams, one step after the other: slow, and easy to hold against the text.

HTML standard, sections 9.2.5 "Parsing an event stream" and 9.2.6 "Interpreting an event stream". What our
parser gives is compared with this. It knows no cuts, no limits, and nothing of reconnecting.
"""

import re
from typing import NamedTuple


class Event(NamedTuple):
    """An event that is dispatched: its data, and its type, which is empty where the stream names none."""

    data: str
    type: str = ""


def interpret(stream: bytes) -> tuple[list[Event], Event | None]:
    """Return the events of a whole stream, and the one that its end cuts off, which the standard drops."""
    text = stream.decode("utf-8", "replace")  # UTF-8, whatever the server says; what is none is U+FFFD
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
    """Return the two buffers after one line."""
    if line.startswith(":"):
        return data, kind
    field, _, value = line.partition(":")
    value = value.removeprefix(" ")
    match field:
        case "event":
            return data, value
        case "data":
            return data + value + "\n", kind
        case _:  # id and retry matter to a client that reconnects, other names to nobody
            return data, kind
