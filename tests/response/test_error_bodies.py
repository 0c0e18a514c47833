"""The message in the body of an error response, as one line that is safe to show."""

import json
from typing import Any

import pytest

from nebius_cli.core.short_text import MAX_MESSAGE_CHARS, shorten
from nebius_cli.response.error_message_in_body import body_message

MESSAGES: list[tuple[Any, str]] = [
    ({"detail": "Couldn't authenticate."}, "Couldn't authenticate."),
    ({"detail": [{"loc": ["body", "n"], "msg": "too large", "input": "SECRET"}]}, "n: too large"),
    (
        {"detail": [{"loc": ["body", "stop", 4], "msg": "a"}, {"loc": ["body"], "msg": "b"}, {"msg": "c"}]},
        "stop.4: a; b; c",
    ),
    ({"detail": [{"loc": "body", "msg": "a"}, {"msg": 5}, "SECRET", None]}, "a"),
    ({"detail": []}, ""),
    ({"detail": {"input": "SECRET"}}, ""),
    ({"detail": {"input": "SECRET"}, "message": "m"}, "m"),
    ({"detail": "", "error": "e"}, "e"),
    ({"error": {"message": "m", "param": "SECRET"}}, "m"),
    ({"error": {"message": 5}}, ""),
    ({"error": "insufficient credits"}, "insufficient credits"),
    ({"message": "m"}, "m"),
    ({"error": None, "message": ""}, ""),
    ({}, ""),
    ([], ""),
    (5, ""),
    ("words", "words"),
]


@pytest.mark.parametrize(("body", "message"), MESSAGES)
def test_the_message_in_a_json_error_body_is_found(body: Any, message: str) -> None:
    assert body_message(json.dumps(body).encode()) == message
    assert body_message(b"\xef\xbb\xbf" + json.dumps(body).encode()) == message


RAW = [
    (b"", ""),
    (b"  upstream\n\ttimed out ", "upstream\n\ttimed out"),
    (b"\xff\xfe gone", "\ufffd\ufffd gone"),
    (b"<html><body>502", "the body is HTML: a proxy or gateway answered, not the API"),
    (b"\n<!doctype html>", "the body is HTML: a proxy or gateway answered, not the API"),
    (b'{"detail": [{"msg": "m", "input": "SECRET', "the body is JSON that is invalid or truncated"),
    (b'[{"input": "SECRET', "the body is JSON that is invalid or truncated"),
    (b"\xef\xbb\xbf{'input': 'SECRET'}", "the body is JSON that is invalid or truncated"),
]


@pytest.mark.parametrize(("body", "message"), RAW)
def test_an_error_body_that_is_not_json_is_shown_or_described(body: bytes, message: str) -> None:
    assert body_message(body) == message


def test_a_message_is_one_line_of_bounded_length() -> None:
    assert shorten("a\r\n b\t c") == "a b c"
    assert shorten("x" * MAX_MESSAGE_CHARS) == "x" * MAX_MESSAGE_CHARS
    assert shorten("a " * 10_000_000).startswith("a a a")
    long = shorten("x" * (MAX_MESSAGE_CHARS + 1))
    assert (len(long), long[-2:]) == (MAX_MESSAGE_CHARS, "x…")
