"""Encoding, decoding and redacting JSON."""

import datetime as dt
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core import jsontext
from nebius_cli.response.answer_decoder import decode_object
from nebius_cli.response.events_to_answer import Completion


def test_json_is_compact_and_keeps_non_ascii_characters() -> None:
    assert jsontext.encode({"a": ["é", 1.5, None]}) == '{"a":["é",1.5,null]}'.encode()


def test_json_can_be_indented() -> None:
    assert jsontext.encode({"a": "é"}, indent=2) == '{\n  "a": "é"\n}'.encode()


def test_a_lone_surrogate_is_written_as_an_escape() -> None:
    assert jsontext.encode({"é": "\ud800"}) == b'{"\\u00e9":"\\ud800"}'


def _deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize("value", [math.nan, -math.inf, {"a": [math.inf]}, {dt.date(2026, 1, 1)}, _deep()])
def test_a_value_that_json_cannot_represent_is_a_value_error(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        jsontext.encode(value)


@pytest.mark.parametrize("text", ["", "{", "nul", "[1,]", "[" * 100_000, b"\xff\xfe\xfd", "1" * 5000])
def test_invalid_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        jsontext.decode(text)


def test_replace_nan_turns_nan_and_infinity_into_null() -> None:
    value = {"a": [math.nan, 1.5, -math.inf], "b": {"c": math.inf}}
    clean = jsontext.replace_nan(value)
    assert clean == {"a": [None, 1.5, None], "b": {"c": None}}
    assert jsontext.replace_nan(clean) is clean


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_encoded_values_are_decoded_unchanged(value: Any) -> None:
    assert jsontext.decode(jsontext.encode(value)) == value
    assert json.loads(jsontext.encode(value, indent=2)) == value


def test_white_space_around_an_object_is_ignored() -> None:
    assert jsontext.decode(' {"a": 1}\n') == jsontext.decode('{"a": 1} ') == {"a": 1}
    with pytest.raises(ValueError, match="Extra data"):
        jsontext.decode('{"a": 1} {}')


@pytest.mark.parametrize("form", ["[%s]", '{"a": %s}'], ids=["lists", "objects"])
def test_json_may_be_nested_as_deep_as_allowed_and_no_deeper(form: str) -> None:
    text = "0"
    for _ in range(jsontext.MAX_DEPTH):
        text = form % text
    blanks = " " * jsontext.MIN_CHECKED_CHARS  # shorter texts are not checked
    jsontext.decode(text + blanks)
    jsontext.encode(jsontext.decode(f"[{'[],' * 200}0]"))  # wide is not deep
    for deeper in (form % text + blanks, (form % text + blanks).encode()):
        with pytest.raises(ValueError, match="nested deeper than the limit of 100 levels"):
            jsontext.decode(deeper)


def test_json_may_have_as_many_lists_and_objects_as_allowed_and_no_more() -> None:
    text = "[" + "[]," * (jsontext.MAX_CONTAINERS - 2) + "{}]"
    assert len(jsontext.decode(text)) == jsontext.MAX_CONTAINERS - 1
    for more in ("[" + text + "]", ("[" + text + "]").encode()):
        with pytest.raises(ValueError, match="more than 1,000,000 lists and objects"):
            jsontext.decode(more)


@pytest.mark.parametrize("secret", ["s3cret", 'with "quotes" and \\'], ids=["plain", "awkward"])
def test_a_secret_is_redacted_wherever_it_occurs(secret: str) -> None:
    value = {f"a {secret}": [f"{secret} and {secret}", 1, None, {"b": secret}], "c": "é"}
    assert jsontext.redact(value, [secret]) == {"a ***": ["*** and ***", 1, None, {"b": "***"}], "c": "é"}


@pytest.mark.parametrize("secret", ["null", "true", "1", ",", "e"])
def test_a_secret_that_looks_like_json_is_redacted_only_in_strings(secret: str) -> None:
    value = {"a": [None, True, 1, 1e30, f"x{secret}"], "b": secret}
    assert jsontext.redact(value, [secret]) == {"a": [None, True, 1, 1e30, "x***"], "b": "***"}


def test_json_too_short_to_be_checked_for_depth_can_be_encoded_again() -> None:
    deepest = "[" * (jsontext.MIN_CHECKED_CHARS // 2) + "]" * (jsontext.MIN_CHECKED_CHARS // 2)
    assert jsontext.encode(jsontext.decode(deepest)) == deepest.encode()
    completion = Completion(1)
    for event in decode_object({"x": jsontext.decode(deepest), "choices": []}):
        completion.add(event)
    assert completion.memory_bytes > 0
