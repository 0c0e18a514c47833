"""TOML text: the lines of its entries, the lines of errors, and how values are written."""

import datetime as dt
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.config import find_toml_entry
from nebius_cli.config.find_toml_entry import TomlError

TEXT = '''\
# settings
model = "m"  # the best
stop = [
  "a",  # first
  "b",
]
user = """
temperature = 9
"""

[profile.work]
n = 2

[profile."my home"]
logit_bias = {5 = 1.5}
extra_body.top_k = 40
'''


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        (("model",), (2, 2)),
        (("stop",), (3, 6)),
        (("user",), (7, 9)),
        (("profile",), (11, 11)),
        (("profile", "work"), (11, 11)),
        (("profile", "work", "n"), (12, 12)),
        (("profile", "my home"), (14, 14)),
        (("profile", "my home", "logit_bias", "5"), (15, 15)),
        (("profile", "my home", "extra_body"), (16, 16)),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_entry_is_found_on_its_lines(keys: tuple[str, ...], lines: tuple[int, int], newline: str) -> None:
    assert find_toml_entry.span(TEXT.replace("\n", newline), keys) == lines


@pytest.mark.parametrize("comments", [0, 1, 2, 3, 200])
def test_an_entry_is_found_after_any_number_of_lines(comments: int) -> None:
    assert find_toml_entry.span("# x\n" * comments + "a = 1\nb = 2", ("a",)) == (comments + 1, comments + 1)
    assert find_toml_entry.span("# x\n" * comments + "a = 1\nb = 2", ("b",)) == (comments + 2, comments + 2)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = ", 2),
        ("a = 1\nb 2\n", 2),
        ("a = 1\na = 2\n", 2),
        ('a = """\nx\n\n', 2),
        ("a = [1,\n", 1),
        ("[" * 100_000, 1),
        ("a = " + "[" * 100_000, 1),
        ("a = 1\nb = 2026-13-01", 2),
        ("x = " + "1" * 5000, 1),
    ],
    ids=lambda value: str(value)[:20],
)
def test_invalid_toml_is_reported_with_its_line(text: str, line: int) -> None:
    with pytest.raises(TomlError) as caught:
        find_toml_entry.parse(text)
    assert caught.value.line == line
    assert "(at" not in str(caught.value)


def test_an_error_does_not_show_the_value() -> None:
    for text in ('api_key = "canary', "api_key = canary", "api_key = 'x'canary", 'api_key = "can\\ary"'):
        with pytest.raises(TomlError) as caught:
            find_toml_entry.parse(text)
        assert "can" not in str(caught.value).lower().replace("cannot", "")


def test_holds_tells_whether_a_table_has_an_entry() -> None:
    table = {"a": {"b": 1}}
    assert find_toml_entry.holds(table, ("a", "b"))
    assert not find_toml_entry.holds(table, ("a", "c"))
    assert not find_toml_entry.holds(table, ("a", "b", "c"))
    assert find_toml_entry.holds(table, ())


def test_tables_are_compared_by_types_and_values_but_not_by_order() -> None:
    nan = float("nan")
    assert find_toml_entry.same({"a": nan, "b": dt.date(2026, 1, 1)}, {"b": dt.date(2026, 1, 1), "a": nan})
    assert not find_toml_entry.same({"a": 1}, {"a": 1.0})
    assert not find_toml_entry.same({"a": 1}, {"a": True})


VALUES = st.recursive(
    st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab. \"'\\\n\x7fé", max_size=3), inner)
    ),
    max_leaves=6,
)


@given(VALUES)
def test_any_written_value_is_read_back_unchanged(value: Any) -> None:
    text = f"a = {find_toml_entry.write_value(value)}"
    assert "\n" not in text
    assert find_toml_entry.same(tomllib.loads(text), {"a": value})


@pytest.mark.parametrize("value", [None, [None], {"a": None}, 1j, "\ud800", {"\udcff": 1}])
def test_a_value_that_toml_cannot_represent_is_a_value_error(value: Any) -> None:
    with pytest.raises(ValueError, match="TOML has no"):
        find_toml_entry.write_value(value)


def test_a_date_can_be_written() -> None:
    assert find_toml_entry.entry("since", dt.date(2026, 1, 1)) == "since = 2026-01-01"


def test_first_lines_gives_the_same_lines_as_span() -> None:
    text = (
        "a = 1\n# b = 2\n\n'quoted.key' = '''\nfake = 1\n'''\nc.d.e = [\n  1,\n  2,\n]\n"
        't = {x = 1, y = {z = 2}}\r\n[one.two]\nf = 1\n[one]\ng = 1\n[[list]]\nh = 1\n[other]\ni = "[a]"\n'
    )
    found = find_toml_entry.first_lines(text)
    for path, line in found.items():
        if path[0] != "list":
            assert find_toml_entry.span(text, path)[0] == line, path
    assert {(), ("a",), ("quoted.key",), ("c", "d", "e"), ("t", "y", "z"), ("one", "two", "f")} <= {
        (),
        *found,
    }
    assert ("fake",) not in found
    assert ("b",) not in found


def test_first_lines_stops_at_a_very_long_value() -> None:
    text = "a = 1\nb = [\n" + "1,\n" * (find_toml_entry.MAX_VALUE_LINES + 5) + "]\nc = 1\n"
    assert find_toml_entry.first_lines(text) == {("a",): 1}
