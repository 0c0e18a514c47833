"""Decodes the bytes of an answer, streamed or not, into events.

Nothing here trusts the server: any member may be missing, null, or of another type.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from nebius_cli.core import jsontext
from nebius_cli.core.short_text import shorten
from nebius_cli.response.answer_events import Event, Finished, Frame, Problem, TextDelta, Usage
from nebius_cli.response.error_message_in_body import body_message, error_message, error_status, has_error
from nebius_cli.response.join_text_frames import Coalescer
from nebius_cli.response.sse_parser import EventParser, EventTooLargeError, Payload

# First bytes of event stream lines (data, event, id, retry, comments); a JSON object never starts with them.
_STREAM_STARTS = b"deir:"
_DONE = object()  # the decoded value of `[DONE]`, the end marker of a stream

MAX_PREFIX_BYTES = 65536
MAX_TOKEN_COUNT = 10**15  # larger counts are ignored
MAX_BODY_BYTES = 64 * 1024 * 1024  # for an answer that is not streamed; the setting max_memory overrides it


class AnswerDecoder:
    """Decodes the bytes of one answer to events. `done` is True after the end marker of a stream.

    Frames that arrive together and add only text become one TextDelta; with `every_frame`, Repeats contain
    these frames, too. `max_bytes` limits an answer that is not streamed.
    """

    def __init__(
        self, content_type: str, *, every_frame: bool = True, max_bytes: int = MAX_BODY_BYTES
    ) -> None:
        self.done = False
        self._max_bytes = max_bytes
        self._coalescer = Coalescer(every_frame=every_frame)
        self._content_type = shorten(content_type.partition(";")[0].lower())
        self._parser = EventParser()
        self._body: bytearray | None = bytearray() if self._content_type == "application/json" else None
        self._begun = False
        # The start of a stream that has no event yet: it may be a JSON error with the wrong content type.
        self._prefix: bytearray | None = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Yield the events that `chunk` completes."""
        if not self._begun and (start := chunk.lstrip()):
            # The content type may be wrong or missing; the first byte of the answer decides.
            self._begun = True
            if start[:1] in _STREAM_STARTS:
                self._body = None
            elif self._content_type != "text/event-stream" and start[:1] in b"{<":
                self._body = bytearray()
        if self._body is not None:
            if len(self._body) + len(chunk) > self._max_bytes:
                self.done = True
                yield Problem(f"the answer is larger than {self._max_bytes} bytes")
                return
            self._body += chunk
            return
        if self._prefix is not None and len(self._prefix) < MAX_PREFIX_BYTES:
            self._prefix += chunk
        yield from self._stream(chunk)
        yield from self._coalescer.events()

    def _stream(self, chunk: bytes) -> Iterator[Event]:
        coalescer = self._coalescer
        try:
            for payload in self._parser.feed(chunk):
                self._prefix = None
                value = _parse(payload)
                if value is _DONE:
                    self.done = True
                    return
                if isinstance(value, dict) and not payload.event and coalescer.try_join(value):
                    continue
                yield from coalescer.events()
                yield from _events(value, payload)
        except EventTooLargeError as error:
            self.done = True
            yield Problem(f"the server sent {error}")

    def close(self) -> Iterator[Event]:
        """Yield the events that are complete only at the end of the answer."""
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
            sent = self._content_type or "an answer"
            is_json = "json" in sent or "event-stream" in sent or sent == "an answer"
            lacks = " that is not a complete JSON object" if is_json else ", not JSON"
            yield Problem(f"the server sent {sent}{lacks}")


def _parse(payload: Payload) -> Any:
    """Return the JSON value of an event, _DONE for the end marker, or a Problem if it is invalid."""
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
    """Yield the events of one server-sent event; none for `[DONE]` and `null`."""
    if isinstance(value, Problem):
        yield value
    elif isinstance(value, dict):
        yield from decode_object(value)
        if payload.event == "error" and not has_error(value):
            message = error_message(value) or "the server sent an error event"
            yield Problem(message, status=error_status(value))
    elif value is not None and value is not _DONE:
        yield Problem("an event is not a JSON object")


def decode_object(value: Mapping[str, Any]) -> Iterator[Event]:
    """Yield the events of one response object: a frame of a stream, or the answer."""
    yield Frame(value)
    choices = value.get("choices")
    for place, choice in enumerate(choices if isinstance(choices, list) else ()):
        if isinstance(choice, dict):
            yield from _decode_choice(choice, choice_index(choice, place))
    if isinstance(usage := value.get("usage"), dict):
        yield decode_usage(usage)
    if has_error(value):
        message = error_message(value) or "the server reported an error without a message"
        yield Problem(message, status=error_status(value))


def choice_index(choice: Mapping[str, Any], place: int) -> int:
    """Return the index of a choice, or its position in the frame if it has no valid index."""
    index = choice.get("index")
    return index if type(index) is int and index >= 0 else place


def choice_text(choice: Mapping[str, Any]) -> str | None:
    """Return the text of a choice, None if it has none; also accepts the form of the chat endpoint."""
    if isinstance(text := choice.get("text"), str):
        return text
    for name in ("message", "delta"):
        message = choice.get(name)
        if isinstance(message, Mapping) and isinstance(content := message.get("content"), str):
            return content
    return None


def _decode_choice(choice: Mapping[str, Any], index: int) -> Iterator[Event]:
    text, logprobs = choice_text(choice) or "", choice.get("logprobs")
    logprobs = logprobs if isinstance(logprobs, dict) else None
    if text or logprobs:
        yield TextDelta(index, text, logprobs)
    if isinstance(reason := choice.get("finish_reason"), str) and reason:
        yield Finished(index, reason)


def decode_usage(usage: Mapping[str, Any]) -> Usage:
    """Return the token counts of a response's `usage` member; invalid counts become None."""

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
