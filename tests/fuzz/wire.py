"""Targets for server output: event streams, answers, error bodies, model lists and headers."""

import json
from typing import Any

from nebius_cli.api.redaction import Redactor
from nebius_cli.api.retry import parse_retry_after
from nebius_cli.core import jsontext, similar_names
from nebius_cli.core.errors_and_exit_codes import ServerError
from nebius_cli.core.secret import Secret
from nebius_cli.core.short_text import MAX_MESSAGE_CHARS
from nebius_cli.models import model as models
from nebius_cli.models import model_details, search_and_sort
from nebius_cli.response.answer_decoder import AnswerDecoder
from nebius_cli.response.error_message_in_body import body_message
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.response.sse_parser import EventParser
from nebius_cli.terminal.sanitize import one_line, to_bytes, visible, visible_json
from tests.fuzz.target import Target, head, pieces
from tests.support.event_stream import Event, interpret

TYPES = ("text/event-stream", "application/json", "", "text/html", "application/json; charset=utf-8")
NOW = 1_800_000_000.0


def sse(data: bytes) -> None:
    """Events are the same as with the standard's algorithm, wherever the bytes are cut."""
    parser = EventParser()
    came = [payload for piece in pieces(data) for payload in parser.feed(piece)]
    found = [Event(payload.data.decode("utf-8", "replace"), payload.event) for payload in came]
    cut = [Event(payload.data.decode("utf-8", "replace"), payload.event) for payload in parser.close()]
    events, left = interpret(data)
    assert (found, cut) == (events, [left] if left else [])


def _folded(content_type: str, parts: list[bytes], *, every_frame: bool) -> tuple[str, Any]:
    decoder, completion = AnswerDecoder(content_type, every_frame=every_frame), Completion(2)
    for part in parts:
        for event in decoder.feed(part):
            completion.add(event)
        if decoder.done:
            break
    for event in decoder.close():
        completion.add(event)
    whole = completion.to_json()
    assert jsontext.encode(jsontext.replace_nan(whole))
    reported = (
        decoder.done,
        completion.problem,
        completion.usage,
        completion.unfinished,
        completion.reasons(),
    )
    return json.dumps(whole), reported  # as text, so that NaN equals NaN


def decode(data: bytes) -> None:
    """An answer is decoded to the same result wherever it is cut, and whether or not tokens are merged."""
    choice, body = head(data)
    content_type = TYPES[choice % len(TYPES)]
    whole = _folded(content_type, [body], every_frame=True)
    assert _folded(content_type, [*pieces(body)], every_frame=True) == whole
    assert _folded(content_type, [*pieces(body)], every_frame=False) == whole


def body(data: bytes) -> None:
    """The message of an error body is a single line within the length limit."""
    message = Redactor(Secret("a key of some length")).line(body_message(data))
    assert len(message) <= MAX_MESSAGE_CHARS
    assert message == " ".join(message.split())


def model_list(data: bytes) -> None:
    """A list of models can be shown, searched and sorted, or is rejected as a whole."""
    try:
        found = models.decode(jsontext.replace_nan(jsontext.decode(data)))
    except (ValueError, ServerError):
        return
    for order in search_and_sort.SORTS:
        assert len(search_and_sort.ordered(found, order)) == len(
            search_and_sort.ordered(found, order, reverse=True)
        )
    for model in found:
        assert jsontext.encode(model_details.to_json(model))
        assert all(isinstance(text, str) for pair in model_details.rows(model) for text in pair)
    ids = [model.id for model in found]
    search_and_sort.matching(found, ids[:2])
    similar_names.suggest("a/b-7B", ids)
    models.completable(ids)


def retry_after(data: bytes) -> None:
    """A Retry-After header gives a wait of 0 seconds or more, or None."""
    wait = parse_retry_after(data.decode("latin-1"), NOW)
    assert wait is None or wait >= 0


def shown(data: bytes) -> None:
    """Displayed text contains no terminal control characters and can be encoded."""
    choice, rest = head(data)
    text = rest.decode("utf-8", "replace")
    if choice % 2:  # UTF-16, so that surrogates occur
        text = rest[: len(rest) // 2 * 2].decode("utf-16-le", "surrogatepass")
    for safe in (visible(text), visible_json(text), one_line(text)):
        assert not any(mark in safe for mark in "\x00\x07\x08\x0d\x1b\x7f\x85\x90\x9b\x9d\u202e\u2066\u200f")
        to_bytes(safe).decode("utf-8")


_JSON = (
    b"null", b"true", b"-1", b"0", b"1e400", b"NaN", b"-Infinity", b"9" * 5000, b'"\\ud800"',
    b"[" * 3000, b'"choices":', b'"index":', b'"text":', b'"finish_reason":', b'"stop"', b'"logprobs":',
    b'"usage":', b'"detail":', b'"error":', b'"message":', b'"object":', b"{", b"}", b"[", b"]", b",",
    b'"', b"\\", b'{"index":0,"text":"a","finish_reason":null}', b'{"index":1,"text":"b"}',
    b'"content":[]', b'{"tokens":["a"],"token_logprobs":[-0.5]}', b'"prompt_tokens":', b'"details":{}',
)  # fmt: skip
_LINES = (
    b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"data:", b"data: ", b"data", b"event:", b"event: error",
    b"id:", b"retry:", b":", b" ", b"\xef\xbb\xbf", b"\xff", b"\xe2\x82", b"\x00", b"[DONE]",
    b"data: [DONE]\n\n",
)  # fmt: skip
_MODELS = (
    b'"data":', b'"id":', b'"pricing":', b'"prompt":"1e-7"', b'"completion":', b'"context_length":',
    b'"created":', b'"supported_features":', b'"per_request_limits":', b'"requests_per_minute":',
)  # fmt: skip
_DATES = (
    b"Wed, 21 Oct 2015 07:28:00 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"+9999", b"-0000", b"s",
    b"1e309", b"inf", b"nan", b"9999999999", b":", b",", b"Feb", b"31", b"0000", b"_",
)  # fmt: skip
_MARKS = (
    b"\x1b]52;c;aGk=\x07",
    b"\x1b[2J",
    "\u202e".encode(),
    "\x9b".encode(),
    b"\xed\xa0\x80",
    b"[red]",
    b"\x08",
)

TARGETS = {
    "sse": Target(sse, _LINES),
    "decode": Target(decode, _LINES + _JSON),
    "body": Target(body, (*_JSON, b"<html>")),
    "models": Target(model_list, _JSON + _MODELS),
    "retry_after": Target(retry_after, _DATES),
    "shown": Target(shown, _MARKS),
}
