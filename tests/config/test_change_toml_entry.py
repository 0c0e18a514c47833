"""Changing one entry of a TOML text leaves everything else unchanged."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.config import change_toml_entry
from nebius_cli.config.find_toml_entry import holds, same

HAND = """\
# mine

model    =   "m"   # the best

# for work
[profile.work]   # paid
n = 2
  # indented
  user = "me"

# at home
[profile.home]
n = 1
"""


def changed(old: str, new: str) -> tuple[list[str], list[str]]:
    """Return the removed and the added lines; all other lines are unchanged and in the same order."""
    before, after = old.splitlines(), new.splitlines()
    while before and after and before[0] == after[0]:
        del before[0], after[0]
    while before and after and before[-1] == after[-1]:
        del before[-1], after[-1]
    return before, after


@pytest.mark.parametrize(
    ("keys", "value", "removed", "added"),
    [
        (("model",), "x#y", ['model    =   "m"   # the best'], ['model    =   "x#y"   # the best']),
        (("retries",), 3, [], ["retries = 3"]),
        (("profile", "work", "n"), 5, ["n = 2"], ["n = 5"]),
        (("profile", "work", "user"), "you", ['  user = "me"'], ['  user = "you"']),
        (("profile", "work", "echo"), True, [], ["  echo = true"]),
        (("profile", "home", "stop"), ["a", "\n"], [], ['stop = ["a", "\\n"]']),
        (("logit_bias",), {"5": 1.5}, [], ["logit_bias = {5 = 1.5}"]),
    ],
)
def test_a_hand_written_text_keeps_every_other_line(
    keys: tuple[str, ...], value: Any, removed: list[str], added: list[str]
) -> None:
    assert changed(HAND, change_toml_entry.set_entry(HAND, keys, value)) == (removed, added)


@pytest.mark.parametrize(
    ("keys", "removed"),
    [
        (("model",), ['model    =   "m"   # the best', ""]),
        (("profile", "work", "n"), ["n = 2"]),
        (("profile", "work"), ["[profile.work]   # paid", "n = 2", "  # indented", '  user = "me"']),
        (("profile", "home"), ["[profile.home]", "n = 1"]),
        (("profile",), HAND.splitlines()[5:]),
    ],
)
def test_dropping_an_entry_removes_only_its_own_lines(keys: tuple[str, ...], removed: list[str]) -> None:
    assert changed(HAND, change_toml_entry.remove_entry(HAND, keys)) == (removed, [])


@pytest.mark.parametrize(
    ("old", "keys", "new"),
    [
        ("", ("a",), "a = 7\n"),
        ("# only this", ("a",), "# only this\na = 7\n"),
        ("b = 1", ("a",), "b = 1\na = 7\n"),
        ("[p.x]\nb = 1\n", ("a",), "a = 7\n\n[p.x]\nb = 1\n"),
        ("# of x\n[p.x]\n", ("a",), "a = 7\n\n# of x\n[p.x]\n"),
        ("# file\n\n# of x\n[p.x]\n", ("a",), "# file\n\na = 7\n\n# of x\n[p.x]\n"),
        ("[p.x]\n", ("p", "x", "a"), "[p.x]\na = 7\n"),
        ("[p.x]\n[p.x.y]\nb = 1\n", ("p", "x", "a"), "[p.x]\na = 7\n[p.x.y]\nb = 1\n"),
        ("b = 1\n", ("p", "x", "a"), "b = 1\n\n[p.x]\na = 7\n"),
        ("p.x.b = 1\nc = 2\n", ("p", "x", "a"), "p.x.b = 1\np.x.a = 7\nc = 2\n"),
        ("p.x.a = 1 # c\n", ("p", "x", "a"), "p.x.a = 7 # c\n"),
        ("p = {x = {b = 1}} # c\n", ("p", "x", "a"), "p = {x = {b = 1, a = 7}} # c\n"),
        ("p = {x = {a = 1}} # c\n", ("p", "x", "a"), "p = {x = {a = 7}} # c\n"),
        ('"a" = 1\n', ("a",), '"a" = 7\n'),
        ('a = [\n 1, # "#"\n 2,\n] # end\nb = 1\n', ("a",), "a = 7 # end\nb = 1\n"),
        ("a = '''#\n=''' # 1 # 2\n", ("a",), "a = 7 # 1 # 2\n"),
        ("a=1#c\n", ("a",), "a=7#c\n"),
        ("b = 1\n[a]\nc = 1\n# of d\n[d]\n", ("a",), "b = 1\na = 7\n# of d\n[d]\n"),
        ("b = 1\r\nc = 2\r\n", ("a",), "b = 1\r\nc = 2\r\na = 7\r\n"),
        ("b = 1\r\nc = 2\n", ("a",), "b = 1\r\nc = 2\na = 7\n"),
        ("b = 1\nc = 2\r\n", ("a",), "b = 1\nc = 2\r\na = 7\r\n"),
        ("b = 1\r\na = 2\nc = 2\r\n", ("a",), "b = 1\r\na = 7\nc = 2\r\n"),
        ("b = 1\n# x\r\nc = 2", ("a",), "b = 1\n# x\r\nc = 2\r\na = 7\r\n"),
        ("[p.x]\r\nb = 1\n", ("a",), "a = 7\r\n\r\n[p.x]\r\nb = 1\n"),
        ('u = """\r\nx\n"""\na = 1\r\n', ("a",), 'u = """\r\nx\n"""\na = 7\r\n'),
    ],
)
def test_an_entry_is_written_into_its_table(old: str, keys: tuple[str, ...], new: str) -> None:
    assert change_toml_entry.set_entry(old, keys, 7) == new


@pytest.mark.parametrize(
    ("old", "keys", "new"),
    [
        ("a = 1\n", ("a",), ""),
        ("a = 1\r\n", ("a",), ""),
        ("b = 1\r\na = 1\nc = 1\nd = 1\r\n", ("a",), "b = 1\r\nc = 1\nd = 1\r\n"),
        ("b = 1\n\na = 1 # c\n\nc = 1\n", ("a",), "b = 1\n\nc = 1\n"),
        ("p.x.a = 1\n", ("p", "x", "a"), ""),
        ("p.x.a = 1\nb = 1\np.x.c = 1\n", ("p", "x"), "b = 1\n"),
        ("[p.x]\na = 1\n", ("p", "x", "a"), "[p.x]\n"),
        ("[p]\n[p.x]\na = 1\n", ("p", "x"), "[p]\n"),
        ("p = {x = {a = 1, b = 2}} # c\n", ("p", "x", "a"), "p = {x = {b = 2}} # c\n"),
        ("p = {x = {a = 1}, y = {}}\n", ("p", "x"), "p = {y = {}}\n"),
        ("[p.x]\na = 1\n[q]\n# of q\nb = 1\n[p.x.z]\nc = 1\n", ("p", "x"), "[q]\n# of q\nb = 1\n"),
        ("[[a]]\nb = 1\n", ("a",), None),
    ],
)
def test_an_entry_is_dropped_in_every_notation(old: str, keys: tuple[str, ...], new: str | None) -> None:
    if new is None:
        with pytest.raises(ValueError, match="nbx cannot edit"):
            change_toml_entry.remove_entry(old, keys)
    else:
        assert change_toml_entry.remove_entry(old, keys) == new


def test_a_new_table_is_appended() -> None:
    assert change_toml_entry.put_table("", ("p", "x"), {}) == "[p.x]\n"
    assert change_toml_entry.put_table("a = 1", ("p", "x"), {"b": "c"}) == 'a = 1\n\n[p.x]\nb = "c"\n'
    with pytest.raises(ValueError, match="nbx cannot edit"):
        change_toml_entry.put_table("p = {}", ("p", "x"), {})


def test_an_entry_cannot_be_added_to_a_value_that_is_not_a_table() -> None:
    with pytest.raises(ValueError, match="p is not a table"):
        change_toml_entry.set_entry("p = 1\n", ("p", "x"), 1)


@pytest.mark.parametrize("old", ["b = 0\n[[a]]\nb = 1\n", "[[a]]\n[[a]]\n"])
def test_an_array_of_tables_cannot_be_changed(old: str) -> None:
    with pytest.raises(ValueError, match="nbx cannot edit"):
        change_toml_entry.set_entry(old, ("a",), 7)


def test_a_value_that_toml_cannot_represent_is_refused() -> None:
    with pytest.raises(ValueError, match="TOML has no null"):
        change_toml_entry.set_entry("", ("a",), {"b": None})


KEYS = st.sampled_from(["a", "b", "c d", "é"])
PATHS = st.lists(KEYS, min_size=1, max_size=3).map(tuple)
LEAVES = st.integers() | st.text("x#=\"'\n[]", max_size=4) | st.lists(st.integers(), max_size=2)


@given(st.lists(st.tuples(PATHS, st.none() | LEAVES), max_size=8), st.sampled_from(["", "# c\n\n", HAND]))
def test_any_series_of_changes_has_the_requested_result(changes: list[tuple[Any, Any]], text: str) -> None:
    for keys, value in changes:
        old = tomllib.loads(text)
        if value is None and not holds(old, keys):
            continue
        try:
            new = (
                change_toml_entry.set_entry(text, keys, value)
                if value is not None
                else change_toml_entry.remove_entry(text, keys)
            )
        except ValueError:
            continue
        inner: Any = tomllib.loads(new)
        for key in keys[:-1]:
            inner = inner.get(key, {})
        if value is None:
            assert keys[-1] not in inner
        else:
            assert inner[keys[-1]] == value
        rest = {key: entry for key, entry in tomllib.loads(new).items() if key != keys[0]}
        assert same(rest, {key: entry for key, entry in old.items() if key != keys[0]})
        assert [line for line in HAND.splitlines() if line.startswith("#") and line in text] == [
            line for line in HAND.splitlines() if line.startswith("#") and line in new
        ]
        text = new
