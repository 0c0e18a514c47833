"""Decodes answers to events and encodes stream frames as bytes, for tests of the decoder."""

import json
from typing import Any

from nebius_cli.response.answer_decoder import AnswerDecoder
from nebius_cli.response.answer_events import Event, Frame

SSE = "text/event-stream"


def decoded(data: bytes, content_type: str = SSE) -> list[Event]:
    """Return the events of an answer without its `Frame` events."""
    decoder = AnswerDecoder(content_type)
    events = [*decoder.feed(data), *decoder.close()]
    return [event for event in events if not isinstance(event, Frame)]


def payload(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def choices(*entries: Any) -> bytes:
    return payload({"choices": list(entries)})
