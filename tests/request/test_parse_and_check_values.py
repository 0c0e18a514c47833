"""How a field reads a value: from a flag's texts, and from TOML or JSON."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core import jsontext
from nebius_cli.request.parse_and_check_values import Field, FieldError, Kind, Value

TEXT = Field("x", Kind.TEXT, "")
INTEGER = Field("x", Kind.INTEGER, "")
NUMBER = Field("x", Kind.NUMBER, "")
BOOLEAN = Field("x", Kind.BOOLEAN, "")
CHOICE = Field("x", Kind.CHOICE, "", choices=("auto", "flex"))
TEXTS = Field("x", Kind.TEXTS, "")
BIASES = Field("x", Kind.BIASES, "", low=-100, high=100)
OBJECT = Field("x", Kind.OBJECT, "")

READ: list[tuple[Field, list[str], Value]] = [
    (TEXT, ["a"], "a"),
    (TEXT, ["a", " b "], " b "),
    (INTEGER, ["5"], 5),
    (INTEGER, ["5.0"], 5),
    (INTEGER, ["1", "2"], 2),
    (INTEGER, ["-5"], -5),
    (INTEGER, ["+5"], 5),
    (INTEGER, ["007"], 7),
    (INTEGER, ["+" + "9" * 18], 10**18 - 1),
    (NUMBER, ["1"], 1),
    (NUMBER, ["0.7"], 0.7),
    (NUMBER, [".5"], 0.5),
    (NUMBER, ["2."], 2.0),
    (NUMBER, ["-1e-3"], -0.001),
    (NUMBER, ["+1.5E2"], 150.0),
    (BOOLEAN, ["true"], True),
    (BOOLEAN, ["False"], False),
    (BOOLEAN, ["1"], True),
    (BOOLEAN, ["0"], False),
    (BOOLEAN, ["Yes"], True),
    (BOOLEAN, ["no"], False),
    (CHOICE, ["flex"], "flex"),
    (TEXTS, ["a"], "a"),
    (TEXTS, ["a", "b"], ["a", "b"]),
    (TEXTS, ["[1]", "\n"], ["[1]", "\n"]),
    (BIASES, ["1=2"], {"1": 2}),
    (BIASES, ["1=2", " 3 = -4.5 "], {"1": 2, "3": -4.5}),
    (BIASES, ["1=2", "1=3"], {"1": 3}),
    (BIASES, [' {"1": 2, "5": 0.5}', "1=3"], {"1": 3, "5": 0.5}),
    (BIASES, ["{}"], {}),
    (OBJECT, ['{"a": [null, true]}'], {"a": [None, True]}),
    (OBJECT, ['{"a": 1}', '{"b": 2}'], {"b": 2}),
]


@pytest.mark.parametrize(("field", "texts", "value"), READ)
def test_texts_of_a_flag_become_the_value(field: Field, texts: list[str], value: Value) -> None:
    read = field.parse(texts)
    assert (read, type(read)) == (value, type(value))


REFUSED = [
    (TEXT, [""], "must not be empty"),
    (TEXT, ["\udcff"], "must be valid UTF-8"),
    (INTEGER, ["5.5"], "must be a whole number"),
    (INTEGER, ["1e3"], "must be a whole number"),
    (INTEGER, [""], "must be a whole number"),
    (INTEGER, [" 5"], "must be a whole number"),
    (INTEGER, ["5\n"], "must be a whole number"),
    (INTEGER, ["0x10"], "must be a whole number"),
    (INTEGER, ["1_000"], "must be a whole number"),
    (INTEGER, ["\u0665"], "must be a whole number"),
    (INTEGER, ["1" * 19], "is larger than any server accepts"),
    (INTEGER, ["-" + "1" * 5000], "is larger than any server accepts"),
    (INTEGER, ["\u0665" * 19], "must be a whole number"),
    (NUMBER, ["much"], "must be a number"),
    (NUMBER, ["nan"], "must be a number"),
    (NUMBER, ["inf"], "must be a number"),
    (NUMBER, ["1e999"], "must be a number"),
    (NUMBER, ["."], "must be a number"),
    (NUMBER, ["0,5"], "must be a number"),
    (BOOLEAN, ["maybe"], "must be true or false"),
    (CHOICE, ["fast"], "must be one of auto, flex"),
    (CHOICE, [""], "must not be empty"),
    (TEXTS, ["a", ""], "must not be empty"),
    (TEXTS, ["a", "\udcff"], "must be valid UTF-8"),
    (BIASES, ["1"], "must be TOKEN=BIAS, a JSON object or @file"),
    (BIASES, ["[1]"], "must be TOKEN=BIAS, a JSON object or @file"),
    (BIASES, ["the=1"], "contains 'the', which is not a token ID"),
    (BIASES, ["-1=1"], "contains '-1', which is not a token ID"),
    (BIASES, ['{"a b": 1}'], "contains 'a b', which is not a token ID"),
    (BIASES, ["1=much"], "must have a number as the bias of token 1"),
    (BIASES, ['{"1": NaN}'], "must have a number as the bias of token 1"),
    (BIASES, ['{"1": true}'], "must have a number as the bias of token 1"),
    (BIASES, ["{1}"], "is not JSON"),
    (BIASES, ["1=101"], "must be between -100 and 100"),
    (BIASES, ["1=0", '{"2": -100.5}'], "must be between -100 and 100"),
    (OBJECT, ["[]"], "must be a JSON object"),
    (OBJECT, ["{a: 1}"], "is not JSON"),
    (OBJECT, ['{"a": NaN}'], "has a value that JSON does not allow"),
    (OBJECT, ["[" * 100_000], "is nested deeper than the limit of 100 levels"),
]


@pytest.mark.parametrize(("field", "texts", "why"), REFUSED)
def test_invalid_texts_of_a_flag_are_refused(field: Field, texts: list[str], why: str) -> None:
    with pytest.raises(FieldError) as caught:
        field.parse(texts)
    assert str(caught.value).startswith(why)


CHECKED: list[tuple[Field, Any, Value]] = [
    (TEXT, "a", "a"),
    (INTEGER, 5, 5),
    (INTEGER, 5.0, 5),
    (INTEGER, 2.0**53, 2**53),
    (NUMBER, 5, 5),
    (NUMBER, 0.5, 0.5),
    (BOOLEAN, False, False),
    (CHOICE, "auto", "auto"),
    (TEXTS, "a", "a"),
    (TEXTS, ["a"], "a"),
    (TEXTS, ["a", "b"], ["a", "b"]),
    (BIASES, {"1": 1.5}, {"1": 1.5}),
    (BIASES, {"1.0": 1}, {"1": 1}),
    (OBJECT, {"a": None}, {"a": None}),
]


@pytest.mark.parametrize(("field", "given_value", "value"), CHECKED)
def test_valid_values_of_a_file_are_accepted(field: Field, given_value: Any, value: Value) -> None:
    assert field.check(given_value) == value


WRONG_TYPES: list[tuple[Field, Any, str]] = [
    (TEXT, 5, "must be text"),
    (TEXT, None, "must be text"),
    (INTEGER, True, "must be a whole number"),
    (INTEGER, 5.5, "must be a whole number"),
    (INTEGER, 2.0**54, "must be a whole number"),
    (INTEGER, math.nan, "must be a whole number"),
    (INTEGER, -math.inf, "must be a whole number"),
    (INTEGER, "5", "must be a whole number"),
    (NUMBER, True, "must be a number"),
    (NUMBER, "1", "must be a number"),
    (INTEGER, 10**18, "is larger than any server accepts"),
    (NUMBER, -(10**400), "is larger than any server accepts"),
    (NUMBER, math.inf, "must be a number"),
    (NUMBER, math.nan, "must be a number"),
    (BOOLEAN, 1, "must be true or false"),
    (CHOICE, ["auto"], "must be text"),
    (TEXTS, 5, "must be text or a list of texts"),
    (TEXTS, ["a", 5], "must be text or a list of texts"),
    (TEXTS, [], "must not be empty"),
    (TEXTS, "", "must not be empty"),
    (BIASES, [["1", 2]], "must be an object that maps token IDs to biases"),
    (BIASES, {"1": 10**400}, "must have a number as the bias of token 1"),
    (BIASES, {"1": "2"}, "must have a number as the bias of token 1"),
    (OBJECT, ["a"], "must be a JSON object"),
    (OBJECT, {"a": {1, 2}}, "has a value that JSON does not allow"),
]


@pytest.mark.parametrize(("field", "value", "why"), WRONG_TYPES)
def test_values_of_the_wrong_type_are_refused_even_without_bounds(field: Field, value: Any, why: str) -> None:
    with pytest.raises(FieldError) as caught:
        field.check(value, bounded=False)
    assert str(caught.value).startswith(why)
    assert not caught.value.bound


LIMITS = [
    (Field("x", Kind.INTEGER, "", low=0), -1, 0, "must be 0 or more"),
    (Field("x", Kind.NUMBER, "", low=-2, high=2), -2.01, -2, "must be between -2 and 2"),
    (Field("x", Kind.NUMBER, "", low=0, high=2), 2.5, 2, "must be between 0 and 2"),
    (BIASES, {"1": 101}, {"1": 100}, "must be between -100 and 100"),
    (BIASES, {"1": 0, "2": -101}, {"1": 0, "2": -100}, "must be between -100 and 100"),
    (CHOICE, "fast", "flex", "must be one of auto, flex"),
]


@pytest.mark.parametrize(("field", "outside", "inside", "why"), LIMITS)
def test_bounds_are_inclusive_and_can_be_lifted(field: Field, outside: Any, inside: Any, why: str) -> None:
    with pytest.raises(FieldError, match=why) as caught:
        field.check(outside)
    assert caught.value.bound
    assert field.check(outside, bounded=False) == outside
    assert field.check(inside) == inside


def test_bounds_are_described_in_words() -> None:
    assert Field("x", Kind.NUMBER, "", low=0, high=2).bounds == "between 0 and 2"
    assert Field("x", Kind.NUMBER, "", low=1).bounds == "1 or more"
    assert Field("x", Kind.NUMBER, "").bounds == ""


def test_the_flag_of_a_field_is_its_name_with_dashes() -> None:
    assert Field("max_tokens", Kind.INTEGER, "").flag == "--max-tokens"


def test_only_objects_may_be_read_from_a_file() -> None:
    taking = {kind for kind in Kind if Field("x", kind, "").takes_file}
    assert taking == {Kind.BIASES, Kind.OBJECT}


def test_a_value_above_a_soft_bound_gives_a_warning() -> None:
    number = Field("logprobs", Kind.INTEGER, "", warn_above=5)
    texts = Field("stop", Kind.TEXTS, "", warn_above=4)
    assert number.warning(5) == ""
    assert number.warning(6) == "6 logprobs: servers may refuse more than 5"
    assert texts.warning(list("abcd")) == ""
    assert texts.warning("abcdefgh") == ""
    assert texts.warning(list("abcde")) == "5 stop sequences: servers may refuse more than 4"
    assert Field("n", Kind.INTEGER, "").warning(1000) == ""


_FIELDS = st.sampled_from([TEXT, INTEGER, NUMBER, BOOLEAN, CHOICE, TEXTS, BIASES, OBJECT])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(_FIELDS, st.lists(st.text(max_size=12), min_size=1, max_size=3))
def test_any_text_is_refused_or_becomes_a_value_that_can_be_sent(field: Field, texts: list[str]) -> None:
    try:
        value = field.parse(texts)
    except FieldError:
        return
    jsontext.encode(value)
    assert field.check(value) == value


@given(_FIELDS, _JSON)
def test_any_value_is_refused_or_becomes_a_value_that_can_be_sent(field: Field, value: Any) -> None:
    try:
        taken = field.check(value, bounded=False)
    except FieldError:
        return
    jsontext.encode(taken)
    assert field.check(taken, bounded=False) == taken


def test_two_biases_for_the_same_token_are_refused() -> None:
    with pytest.raises(FieldError, match="two biases for token 5"):
        BIASES.check({"5": 1, "5.0": 2})
