"""Payloads → events, and error bodies → one line that may be shown.

`AnswerDecoder` takes the bytes of a whole answer, streamed or not, by what the server says it is. Nothing
here trusts the server: any member may be missing, null, or of another type.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.format import shorten
from nebius_cli.response.coalesce import Coalescer
from nebius_cli.response.events import Event, Finished, Frame, Problem, TextDelta, Usage
from nebius_cli.response.sse import EventParser, EventTooLargeError, Payload

_STREAM_STARTS = b"deir:"  # of the lines data, event, id, retry, and of a comment; JSON objects have none
_DONE = object()  # what the end marker of a stream is decoded to

MAX_PREFIX_BYTES = 65536
MAX_TOKEN_COUNT = 10**15  # a count above this counts nothing, and no arithmetic is done with it
MAX_BODY_BYTES = 64 * 1024 * 1024  # of an answer that is one JSON object, unless somebody sets max_memory


class AnswerDecoder:
    """Bytes of one answer → events. `done` is set once the stream's own end marker has come.

    Tokens that came together, in frames with no other news, are one Token; with `every_frame` each frame
    has its own events. `largest`: bytes of an answer in one piece that are taken.
    """

    def __init__(self, content_type: str, *, every_frame: bool = True, largest: int = MAX_BODY_BYTES) -> None:
        self.done = False
        self._largest = largest
        self._coalescer = None if every_frame else Coalescer()
        self._content_type = shorten(content_type.partition(";")[0].lower())
        self._parser = EventParser()
        self._body: bytearray | None = bytearray() if self._content_type == "application/json" else None
        self._begun = False
        # The beginning of a stream without an event so far: it may be a JSON error under a wrong type.
        self._prefix: bytearray | None = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Yield the events that `chunk` completes."""
        if not self._begun and (start := chunk.lstrip()):
            # A wrong type, or none: the first byte of the answer knows better.
            self._begun = True
            if start[:1] in _STREAM_STARTS:
                self._body = None
            elif self._content_type != "text/event-stream" and start[:1] in b"{<":
                self._body = bytearray()
        if self._body is not None:
            if len(self._body) + len(chunk) > self._largest:
                self.done = True
                yield Problem(f"the answer is larger than {self._largest} bytes")
                return
            self._body += chunk
            return
        if self._prefix is not None and len(self._prefix) < MAX_PREFIX_BYTES:
            self._prefix += chunk
        yield from self._stream(chunk)
        if self._coalescer:
            yield from self._coalescer.tokens()

    def _stream(self, chunk: bytes) -> Iterator[Event]:
        coalescer = self._coalescer
        try:
            for payload in self._parser.feed(chunk):
                self._prefix = None
                value = _parse(payload)
                if value is _DONE:
                    self.done = True
                    return
                if coalescer:
                    if isinstance(value, dict) and not payload.event and coalescer.take(value):
                        continue
                    yield from coalescer.tokens()
                yield from _events(value, payload)
        except EventTooLargeError as error:
            self.done = True
            yield Problem(f"the server sent {error}")

    def close(self) -> Iterator[Event]:
        """Yield the events that only the end of the answer completes."""
        if self.done:
            return
        if self._prefix and self._prefix.lstrip().startswith(b"{"):
            self._body = self._prefix
        if self._body is None:
            for payload in self._parser.close():
                value = _parse(payload)
                if isinstance(value, Problem) and payload.event != "error":
                    value = Problem("the stream ended in the middle of an event", cut=True)
                yield from _events(value, payload)
            return
        try:
            value = jsontext.decode(self._body)
        except ValueError:
            value = None
        if isinstance(value, dict):
            yield from decode_object(value)
        elif self._body:
            yield Problem(
                f"the answer is {self._content_type or 'something'} that is not a whole JSON object"
            )


def _parse(payload: Payload) -> Any:
    """Return the JSON value of an event, _DONE for the end marker, or the Problem with it."""
    try:
        text = payload.data.decode("utf-8").strip()
    except UnicodeDecodeError:
        return Problem("an event is not valid UTF-8")
    if text == "[DONE]":
        return _DONE
    try:
        return jsontext.decode(text) if text else None
    except ValueError:
        is_error = payload.event == "error"
        return Problem(body_message(payload.data.strip()) if is_error else "an event is not JSON")


def _events(value: Any, payload: Payload) -> Iterator[Event]:
    """Yield the events of one server-sent event. `[DONE]` and `null` carry none."""
    if isinstance(value, Problem):
        yield value
    elif isinstance(value, dict):
        yield from decode_object(value)
        if payload.event == "error" and not has_error(value):
            yield Problem(error_message(value) or "the server sent an error event")
    elif value is not None and value is not _DONE:
        yield Problem("an event is not a JSON object")


def decode_object(value: Mapping[str, Any]) -> Iterator[Event]:
    """Yield the events of one response object, streamed or whole."""
    yield Frame(value)
    choices = value.get("choices")
    for place, choice in enumerate(choices if isinstance(choices, list) else ()):
        if isinstance(choice, dict):
            yield from _decode_choice(choice, choice_index(choice, place))
    if isinstance(usage := value.get("usage"), dict):
        yield decode_usage(usage)
    if has_error(value):
        yield Problem(error_message(value) or "the server reported an error without a message")


def choice_index(choice: Mapping[str, Any], place: int) -> int:
    """Return the index of a choice; its place in the frame where it names none."""
    index = choice.get("index")
    return index if type(index) is int and index >= 0 else place


def _decode_choice(choice: Mapping[str, Any], index: int) -> Iterator[Event]:
    text, logprobs = choice.get("text"), choice.get("logprobs")
    text = text if isinstance(text, str) else ""
    logprobs = logprobs if isinstance(logprobs, dict) else None
    if text or logprobs:
        yield TextDelta(index, text, logprobs)
    if isinstance(reason := choice.get("finish_reason"), str) and reason:
        yield Finished(index, reason)


def decode_usage(usage: Mapping[str, Any]) -> Usage:
    """Return the counts of a response's `usage`."""

    def count(holder: Any, name: str) -> int | None:
        value = holder.get(name) if isinstance(holder, dict) else None
        return value if type(value) is int and 0 <= value <= MAX_TOKEN_COUNT else None

    return Usage(
        count(usage, "prompt_tokens"),
        count(usage, "completion_tokens"),
        count(usage, "total_tokens"),
        count(usage.get("prompt_tokens_details"), "cached_tokens"),
        count(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )


def has_error(value: Mapping[str, Any]) -> bool:
    """Return whether a response object reports an error."""
    reported = value.get("detail") or value.get("object") == "error"  # some put the error where choices were
    return bool(value.get("error") or (reported and not value.get("choices")))


def error_message(value: Any) -> str:
    """Return the server's own words from an error object, empty where there are none.

    Token Factory answers `{"detail": text}` or, for 422, `{"detail": [{"loc", "msg", "type", "input"}]}`;
    other servers `{"error": {"message"}}`. `input` can be the whole request and is never shown.
    """
    if not isinstance(value, dict):
        return ""
    detail = value.get("detail")
    if isinstance(detail, list):
        return shorten("; ".join(filter(None, map(_validation_message, detail))))
    error = value.get("error")
    nested = error.get("message") if isinstance(error, dict) else None
    for text in (detail, nested, error, value.get("message")):
        if isinstance(text, str) and text:
            return shorten(text)
    return ""


def body_message(body: bytes) -> str:
    """Return one line that says what an error response's body says: JSON, HTML, text or nothing."""
    try:
        value = jsontext.decode(body)
    except ValueError:
        text = body.decode("utf-8-sig", "replace").strip()
        if text.startswith("<"):
            return "the body is HTML: a proxy or gateway answered, not the API"
        # JSON that was cut can hold the `input` of an error, and that is never shown.
        return "the body is JSON that is broken or cut" if text.startswith(("{", "[")) else shorten(text)
    return shorten(value) if isinstance(value, str) else error_message(value)


def _validation_message(entry: Any) -> str:
    if not isinstance(entry, dict) or not isinstance(entry.get("msg"), str):
        return ""
    loc = entry.get("loc")
    place = ".".join(str(step) for step in loc if step != "body") if isinstance(loc, list) else ""
    return f"{place}: {entry['msg']}" if place else str(entry["msg"])
