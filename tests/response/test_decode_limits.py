"""Endless answers and arbitrary input: the decoder stays within its limits."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.response.answer_decoder import MAX_BODY_BYTES, AnswerDecoder
from nebius_cli.response.answer_events import Problem
from nebius_cli.response.error_message_in_body import body_message
from nebius_cli.response.events_to_answer import Completion
from tests.support.decoding import SSE, decoded, payload


def test_a_body_that_never_ends_is_a_problem() -> None:
    decoder = AnswerDecoder("application/json")
    piece = b" " * (MAX_BODY_BYTES // 4)
    for _ in range(4):
        assert list(decoder.feed(piece)) == []
    assert list(decoder.feed(b" ")) == [Problem(f"the answer is larger than {MAX_BODY_BYTES} bytes")]
    assert decoder.done


def test_an_event_that_never_ends_is_a_problem() -> None:
    decoder = AnswerDecoder(SSE)
    events = list(decoder.feed(b"data: " + b"x" * 17 * 1024 * 1024))
    assert events == [Problem("the server sent an event of more than 16777216 bytes")]
    assert decoder.done
    assert list(decoder.close()) == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "index",
                    "text",
                    "finish_reason",
                    "logprobs",
                    "usage",
                    "error",
                    "detail",
                    "msg",
                    "loc",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(_JSON, st.sampled_from([SSE, "application/json", ""]))
def test_no_json_value_breaks_the_decoder_or_the_completion(value: Any, content_type: str) -> None:
    text = json.dumps(value).encode()
    completion = Completion(1)
    for event in decoded(payload(value) if content_type == SSE else text, content_type):
        completion.add(event)
    assert isinstance(body_message(text), str)


@given(st.binary(max_size=80), st.sampled_from([SSE, "application/json", "text/html", ""]))
def test_no_bytes_break_the_decoder(data: bytes, content_type: str) -> None:
    decoded(data, content_type)
    decoded(b"data: " + data, content_type)
    assert isinstance(body_message(data), str)
