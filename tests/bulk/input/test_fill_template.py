"""Templates: names in braces are replaced by columns; all other text is unchanged."""

import decimal
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.bulk.input import fill_template
from nebius_cli.bulk.input.fill_template import RowError
from nebius_cli.core.errors_and_exit_codes import UsageError

_NAME = st.text(st.characters(exclude_characters="{}"), min_size=1)


def filled(text: str, **values: Any) -> str:
    return fill_template.parse(text).fill(values)


FILLED = [
    ("Q: {question}\nA:", {"question": "why?"}, "Q: why?\nA:"),
    ("{a}{b}{a}", {"a": "1", "b": "2"}, "121"),
    ("{{{a}}}", {"a": "x"}, "{x}"),
    ("{{a}} {a}", {"a": "{b}"}, "{a} {b}"),
    ("{two words}", {"two words": "x"}, "x"),
    ("{a:>5}", {"a:>5": "not a format"}, "not a format"),
]


@pytest.mark.parametrize(("text", "values", "prompt"), FILLED)
def test_names_in_braces_are_variables(text: str, values: dict[str, str], prompt: str) -> None:
    assert fill_template.parse(text).fill(values) == prompt


@given(st.lists(st.tuples(st.text(), _NAME), min_size=1), st.text())
def test_any_name_can_be_surrounded_by_any_text(pieces: list[tuple[str, str]], end: str) -> None:
    def escaped(text: str) -> str:
        return text.replace("{", "{{").replace("}", "}}")

    values = {name: f"<{name}>" for _, name in pieces}
    text = "".join(escaped(before) + "{" + name + "}" for before, name in pieces) + escaped(end)
    prompt = "".join(before + values[name] for before, name in pieces) + end
    assert fill_template.parse(text).fill(values) == prompt


@given(st.text(st.sampled_from("{}ab\\n")))
def test_any_template_is_parsed_or_a_usage_error(text: str) -> None:
    try:
        parsed = fill_template.parse(fill_template.unescape(text))
    except UsageError:
        return
    assert parsed.fill(dict.fromkeys(parsed.names, "")) == "".join(parsed.texts)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a {", "{ at character 3 is not a {COLUMN}"),
        ("a } {b}", "} at character 3 is not a {COLUMN}"),
        ("{}", "{} at character 1 is not a {COLUMN}"),
        ("{{a}}", "every prompt would be the same"),
        ("", "every prompt would be the same"),
    ],
)
def test_a_template_with_a_lone_brace_or_without_a_column_is_a_usage_error(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        fill_template.parse(text)
    assert caught.value.why == why


VALUES = [
    (3, "3"),
    (0.5, "0.5"),
    (True, "true"),
    ([1, "é"], '[1,"é"]'),
    ({"a": None}, '{"a":null}'),
    (date(2026, 1, 2), "2026-01-02"),
    (decimal.Decimal("1.50"), "1.50"),
]


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_a_value_that_is_not_a_string_is_inserted_as_json_or_str(value: Any, text: str) -> None:
    assert filled("{x}", x=value) == text


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"y": "1", "z": "2"}, "the template's {x} is missing; the row has y, z"),
        ({}, "the template's {x} is missing; the row is empty"),
        ({"x": None}, "the template's {x} is null"),
        ({"x": float("nan")}, "the template's {x}: Out of range float values are not JSON compliant"),
        ({"x": b"1\xff"}, "the template's {x}: byte 0xff at offset 1 is not UTF-8"),
        (
            {f"c{n}": "" for n in range(40_000)},
            f"the template's {{x}} is missing; the row has {', '.join(f'c{n}' for n in range(30))}, …",
        ),
    ],
)
def test_a_row_without_a_usable_value_for_a_name_is_an_error(values: dict[str, Any], why: str) -> None:
    with pytest.raises(RowError) as caught:
        fill_template.parse("{x}").fill(values)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (r"Q: {a}\nA:\t", "Q: {a}\nA:\t"),
        (r"\\n", r"\n"),
        (r"\d \\d \x", r"\d \d \x"),
        ("\\", "\\"),
        ("a\nb", "a\nb"),
    ],
)
def test_newline_tab_and_backslash_can_be_escaped(typed: str, read: str) -> None:
    assert fill_template.unescape(typed) == read


@pytest.mark.parametrize(
    ("columns", "template"),
    [
        (("Id", "Question", "Answer"), "'Q: {Question}\\nA:'"),
        (("answer", "Text"), "'Q: {Text}\\nA:'"),
        (("ID", "Word"), "'Q: {Word}\\nA:'"),
        (("id",), "'Q: {id}\\nA:'"),
        (("a{b", "c"), "'Q: {c}\\nA:'"),
        (("",), "'Q: {COLUMN}\\nA:'"),
    ],
)
def test_the_example_template_uses_a_column_of_the_file(columns: tuple[str, ...], template: str) -> None:
    assert fill_template.example(columns) == f"--template {template}"
