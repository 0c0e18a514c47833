"""`--matrix`: how its values are combined, and how the combinations are labelled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.input.matrix_combination import MAX_VALUE_CHARS, NO_MATRIX
from nebius_cli.bulk.input.parse_matrix import MAX_COMBINATIONS, parse_matrix
from nebius_cli.core import jsontext
from nebius_cli.core.errors_and_exit_codes import UsageError


def labels(*texts: str) -> list[str]:
    return [one.label for one in parse_matrix(texts)]


def test_all_values_are_combined_and_the_last_name_varies_fastest() -> None:
    found = parse_matrix(["temperature=0, 0.7", "model=A,org/B"])
    assert [dict(one.values) for one in found] == [
        {"temperature": 0, "model": "A"},
        {"temperature": 0, "model": "org/B"},
        {"temperature": 0.7, "model": "A"},
        {"temperature": 0.7, "model": "org/B"},
    ]
    assert found[3].id_of("a") == "a[temperature=0.7,model=org/B]"
    assert found[3].id_of(7) == "7[temperature=0.7,model=org/B]"


def test_without_a_matrix_no_field_is_set() -> None:
    assert parse_matrix([]) == NO_MATRIX
    assert dict(NO_MATRIX[0].values) == {}


def test_a_json_array_holds_values_with_commas_blanks_and_lists() -> None:
    found = parse_matrix(['stop=["a, b","\\n",["x","y"]]', "max-tokens=5"])
    assert [one.values["stop"] for one in found] == ["a, b", "\n", ["x", "y"]]
    assert [one.label for one in found] == [
        'stop="a, b",max_tokens=5',
        'stop="\\n",max_tokens=5',
        'stop=["x","y"],max_tokens=5',
    ]
    assert labels('logit_bias=[{"5":-100},{"6":1.5}]') == ['logit_bias={"5":-100}', 'logit_bias={"6":1.5}']
    assert labels("echo=true,false") == ["echo=true", "echo=false"]


def test_the_label_of_a_long_value_is_shortened_and_still_unique() -> None:
    long = "x" * 100
    first, second = labels(f'user=["{long}1","{long}2"]')
    assert first != second
    assert len(first) <= len("user=") + MAX_VALUE_CHARS


@given(st.lists(st.text(min_size=1), min_size=1, max_size=20, unique=True))
def test_any_values_have_distinct_labels_without_line_breaks(texts: list[str]) -> None:
    found = labels(f"stop={jsontext.encode(texts).decode('utf-8', 'surrogatepass')}")
    assert len(set(found)) == len(texts)
    assert not any("\n" in label or "\x1b" in label for label in found)


@pytest.mark.parametrize(
    ("texts", "what", "why"),
    [
        (["temperature"], "--matrix temperature", "the format is NAME=VALUE,VALUE"),
        (["=1"], "--matrix =1", "the format is NAME=VALUE,VALUE"),
        (["temprature=1"], "--matrix temprature=1", "no request field 'temprature'"),
        (["stream=true"], "--matrix stream=true", "nbx bulk sets stream itself"),
        (["temperature=0,3"], "--matrix temperature=3", "temperature must be between 0 and 2"),
        (["temperature=0,"], "--matrix temperature=", "temperature must be a number"),
        (["temperature=[0,null]"], "--matrix temperature=null", "temperature must be a number"),
        (
            ["temperature=[0,"],
            "--matrix temperature=[0,",
            "a list that begins with [ must be JSON, but is not",
        ),
        (
            ["temperature=[NaN]"],
            "--matrix temperature=[NaN]",
            "a list that begins with [ must be JSON, but is",
        ),
        (["stop=[]"], "--matrix stop=[]", "the list is empty"),
        (["temperature=0,0"], "--matrix temperature=0,0", "the value 0 is given twice"),
        (["n=1", "n=2"], "--matrix n is given twice", ""),
        (
            ["top_p=1"],
            "--top-p and --matrix top_p cannot be used together",
            "each row gets the values of the matrix",
        ),
        (
            ["max_tokens=" + ",".join(map(str, range(1, 1002)))],
            "--matrix makes 1,001 combinations",
            "the limit is 1,000",
        ),
    ],
)
def test_an_invalid_matrix_is_a_usage_error(texts: list[str], what: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_matrix(texts, ["top_p"])
    assert caught.value.what == what
    assert caught.value.why.startswith(why)


def test_the_hint_names_the_field_probably_meant_or_a_flag_that_helps() -> None:
    hints = {
        "temprature=1": "did you mean temperature?",
        "temp=0,1": "did you mean temperature?",
        "seed=1,2": "for an engine parameter, run once per value, with --param seed=VALUE",
        "temperature=3": "--no-validate",
    }
    for text, hint in hints.items():
        with pytest.raises(UsageError) as caught:
            parse_matrix([text])
        assert caught.value.hint.startswith(hint)
    assert parse_matrix(["temperature=3"], validate=False)[0].values == {"temperature": 3}
    assert len(parse_matrix([f"max_tokens={','.join(map(str, range(1, MAX_COMBINATIONS + 1)))}"])) == 1000
