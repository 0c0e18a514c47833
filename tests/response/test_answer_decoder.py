"""Decoding the bytes of an answer into events, whatever the server sends."""

import json

import pytest

from nebius_cli.response.answer_decoder import AnswerDecoder
from nebius_cli.response.answer_events import Event, Finished, Frame, Problem, TextDelta, Usage
from tests.support.decoding import SSE, choices, decoded, payload

FRAMES = {
    "a token": (choices({"index": 0, "text": "a"}), [TextDelta(0, "a")]),
    "a token and its end": (
        choices({"index": 1, "text": "a", "finish_reason": "stop"}),
        [TextDelta(1, "a"), Finished(1, "stop")],
    ),
    "two choices in a frame": (
        choices({"index": 1, "text": "b"}, {"index": 0, "text": "a"}),
        [TextDelta(1, "b"), TextDelta(0, "a")],
    ),
    "a missing index is the position in the list": (
        choices({"text": "a"}, {"text": "b"}),
        [TextDelta(0, "a"), TextDelta(1, "b")],
    ),
    "a negative index": (choices({"index": -1, "text": "a"}), [TextDelta(0, "a")]),
    "an index that is true": (choices({}, {"index": True, "text": "a"}), [TextDelta(1, "a")]),
    "an empty text": (choices({"index": 0, "text": "", "finish_reason": None}), []),
    "an empty finish reason": (choices({"index": 0, "finish_reason": ""}), []),
    "log probabilities without text": (
        choices({"index": 0, "text": "", "logprobs": {"tokens": [""]}}),
        [TextDelta(0, "", {"tokens": [""]})],
    ),
    "log probabilities of another type": (
        choices({"index": 0, "text": "a", "logprobs": [1]}),
        [TextDelta(0, "a")],
    ),
    "a text of another type": (choices({"index": 0, "text": 5, "finish_reason": 7}), []),
    "a choice of another type": (choices("a", None, {"index": 2, "text": "c"}), [TextDelta(2, "c")]),
    "no choices": (payload({"id": "x"}), []),
    "choices null": (payload({"choices": None}), []),
    "choices of another type": (payload({"choices": {"0": {"text": "a"}}}), []),
    "unknown members": (payload({"choices": [], "what": [1], "kv": None}), []),
    "usage": (
        payload({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}}),
        [Usage(5, 2, 7)],
    ),
    "usage with details": (
        payload(
            {
                "usage": {
                    "prompt_tokens": 5,
                    "prompt_tokens_details": {"cached_tokens": 4},
                    "completion_tokens_details": {"reasoning_tokens": 3},
                }
            }
        ),
        [Usage(5, None, None, 4, 3)],
    ),
    "usage of other types": (
        payload({"usage": {"prompt_tokens": "5", "completion_tokens": True, "prompt_tokens_details": None}}),
        [Usage(None, None, None)],
    ),
    "usage out of range": (
        payload({"usage": {"prompt_tokens": 10**400, "completion_tokens": -1, "total_tokens": 10**15}}),
        [Usage(None, None, 10**15)],
    ),
    "usage null": (payload({"choices": [], "usage": None}), []),
    "usage on a frame with text": (
        payload({"choices": [{"index": 0, "text": "a"}], "usage": {"total_tokens": 1}}),
        [TextDelta(0, "a"), Usage(None, None, 1)],
    ),
    "null": (b"data: null\n\n", []),
    "an empty event": (b"data:\n\n", []),
    "spaces": (b"data:    \n\n", []),
    "a comment": (b": keep-alive\n\n", []),
    "a number": (b"data: 5\n\n", [Problem("an event is not a JSON object")]),
    "a list": (b"data: []\n\n", [Problem("an event is not a JSON object")]),
    "broken JSON": (b"data: {\n\n", [Problem("an event is not JSON")]),
    "invalid UTF-8": (b'data: {"a": "\xff"}\n\n', [Problem("an event is not valid UTF-8")]),
    "an error": (payload({"error": {"message": "out of\nmemory"}}), [Problem("out of\nmemory")]),
    "an error as text": (payload({"error": "full"}), [Problem("full")]),
    "an error without a message": (
        payload({"error": {"code": 5}}),
        [Problem("the server reported an error without a message")],
    ),
    "an error beside a token": (
        payload({"choices": [{"index": 0, "text": "a"}], "error": {"message": "full"}}),
        [TextDelta(0, "a"), Problem("full")],
    ),
    "a detail": (payload({"detail": "gone"}), [Problem("gone")]),
    "an error of older servers": (payload({"object": "error", "message": "full"}), [Problem("full")]),
    "a detail beside no choices": (payload({"choices": [], "detail": "gone"}), [Problem("gone")]),
    "a detail beside a choice is ignored": (
        payload({"choices": [{"text": "a"}], "detail": "fine"}),
        [TextDelta(0, "a")],
    ),
    "error null": (payload({"choices": [], "error": None}), []),
    "an event of type error": (b'event: error\ndata: {"message": "full"}\n\n', [Problem("full")]),
    "an event of type error with an error": (b'event: error\ndata: {"error": "full"}\n\n', [Problem("full")]),
    "an event of type error with plain text": (b"event: error\ndata: full\n\n", [Problem("full")]),
    "an event of type error without a message": (
        b"event: error\ndata: {}\n\n",
        [Problem("the server sent an error event")],
    ),
    "an event of another type": (b'event: x\ndata: {"message": "fine"}\n\n', []),
    "events after the end marker are ignored": (
        choices({"index": 0, "text": "a"}) + b"data: [DONE]\n\n" + choices({"index": 0, "text": "b"}),
        [TextDelta(0, "a")],
    ),
    "an event that is cut off": (
        b'data: {"choi',
        [Problem("the stream ended in the middle of an event", cut=True)],
    ),
    "an event that is cut off within a character": (
        b'data: {"a": "\xe2\x82',
        [Problem("the stream ended in the middle of an event", cut=True)],
    ),
    "a complete event without its blank line": (
        b'data: {"choices": [{"text": "a"}]}',
        [TextDelta(0, "a")],
    ),
    "an error without its blank line": (b'data: {"error": "full"}', [Problem("full")]),
    "a message of nbx": (b'data: {"error": "an event is not JSON"}', [Problem("an event is not JSON")]),
    "the message of an error event without its blank line": (b"event: error\ndata: full", [Problem("full")]),
    "an error event of invalid UTF-8 without its blank line": (
        b"event: error\ndata: \xff",
        [Problem("an event is not valid UTF-8")],
    ),
    "an end marker without its blank line": (b"data: [DONE]", []),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("stream", "events"), FRAMES.values(), ids=FRAMES)
def test_each_frame_is_decoded_into_its_events(stream: bytes, events: list[Event]) -> None:
    assert decoded(stream) == events


def test_a_frame_event_precedes_the_events_of_its_content() -> None:
    value = {"choices": [{"index": 0, "text": "a"}], "kept": 1}
    assert list(AnswerDecoder(SSE).feed(payload(value))) == [Frame(value), TextDelta(0, "a")]


def test_the_end_marker_ends_the_answer() -> None:
    decoder = AnswerDecoder(SSE)
    before, _, after = decoder.done, list(decoder.feed(b"data:  [DONE] \n\ndata: {")), decoder.done
    assert (before, after, list(decoder.close())) == (False, True, [])


WHOLE = json.dumps(
    {"choices": [{"index": 0, "text": "é", "finish_reason": "stop"}]}, ensure_ascii=False
).encode()
STREAM = choices({"index": 0, "text": "é", "finish_reason": "stop"}) + b"data: [DONE]\n\n"
BOTH = [TextDelta(0, "é"), Finished(0, "stop")]

TYPES = {
    "JSON": ("application/json", WHOLE, BOTH),
    "JSON with a charset": ("Application/JSON; charset=utf-8", WHOLE, BOTH),
    "JSON after a BOM": ("application/json", b"\xef\xbb\xbf" + WHOLE, BOTH),
    "a stream": ("text/event-stream; charset=utf-8", STREAM, BOTH),
    "JSON without a type": ("", b" \n" + WHOLE, BOTH),
    "JSON as text": ("text/plain", WHOLE, BOTH),
    "a stream without a type": ("", STREAM, BOTH),
    "a stream as text": ("text/plain; charset=latin-1", b"\n: hello\n\n" + STREAM, BOTH),
    "a stream called JSON": ("application/json; charset=utf-8", STREAM, BOTH),
    "a stream of comments called JSON": ("application/json", b":\n\n" + STREAM, BOTH),
    "JSON called a stream": (SSE, b"\n" + WHOLE, BOTH),
    "an error called a stream": (SSE, b'{"detail": "full"}', [Problem("full")]),
    "plain text called JSON": (
        "application/json; charset=utf-8",
        b"busy, try again",
        [Problem("the server sent application/json that is not a complete JSON object")],
    ),
    "plain text called a stream": (SSE, b"busy, try again", []),
    "half of JSON called a stream": (
        SSE,
        WHOLE[:-4],
        [Problem("the server sent text/event-stream that is not a complete JSON object")],
    ),
    "a stream that begins with an ignored field": ("", b"hello\n\n" + STREAM, BOTH),
    "a stream that begins like JSON": (SSE, b"{junk\n\n" + STREAM, BOTH),
    "HTML": ("text/html", b"<html>", [Problem("the server sent text/html, not JSON")]),
    "HTML without a type": (
        "",
        b"<!doctype",
        [Problem("the server sent an answer that is not a complete JSON object")],
    ),
    "half of JSON": (
        "application/json",
        WHOLE[:-4],
        [Problem("the server sent application/json that is not a complete JSON object")],
    ),
    "a list": (
        "application/json",
        b"[]",
        [Problem("the server sent application/json that is not a complete JSON object")],
    ),
    "an error": ("application/json", b'{"error": {"message": "full"}}', [Problem("full")]),
    "no bytes of JSON": ("application/json", b"", []),
    "no bytes without a type": ("", b"", []),
    "only spaces": ("", b" \n ", []),
}


@pytest.mark.parametrize(("content_type", "data", "events"), TYPES.values(), ids=TYPES)
def test_the_content_type_or_else_the_first_byte_selects_the_format(
    content_type: str, data: bytes, events: list[Event]
) -> None:
    assert decoded(data, content_type) == events
    decoder = AnswerDecoder(content_type)
    apart = [event for i in range(len(data)) for event in decoder.feed(data[i : i + 1])]
    assert [e for e in (*apart, *decoder.close()) if not isinstance(e, Frame)] == events
