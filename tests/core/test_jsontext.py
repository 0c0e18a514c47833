"""JSON as it is written and read."""

import datetime as dt
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core import jsontext


def test_json_is_compact_and_keeps_characters() -> None:
    assert jsontext.encode({"a": ["é", 1.5, None]}) == '{"a":["é",1.5,null]}'.encode()


def test_indented_json_is_for_people() -> None:
    assert jsontext.encode({"a": "é"}, indent=2) == '{\n  "a": "é"\n}'.encode()


def test_a_lone_surrogate_is_written_as_an_escape() -> None:
    assert jsontext.encode({"é": "\ud800"}) == b'{"\\u00e9":"\\ud800"}'


def _deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize("value", [math.nan, -math.inf, {"a": [math.inf]}, {dt.date(2026, 1, 1)}, _deep()])
def test_what_json_has_not_is_a_value_error(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        jsontext.encode(value)


@pytest.mark.parametrize("text", ["", "{", "nul", "[1,]", "[" * 100_000, b"\xff\xfe\xfd", "1" * 5000])
def test_what_is_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        jsontext.decode(text)


def test_nan_becomes_null_where_it_has_to_be_written() -> None:
    value = {"a": [math.nan, 1.5, -math.inf], "b": {"c": math.inf}}
    assert jsontext.without_nan(value) == {"a": [None, 1.5, None], "b": {"c": None}}


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
def test_what_is_written_is_read_again(value: Any) -> None:
    assert jsontext.decode(jsontext.encode(value)) == value
    assert json.loads(jsontext.encode(value, indent=2)) == value
