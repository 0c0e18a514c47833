"""Text from outside: what may reach a terminal, and in which form."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.terminal.sanitize import one_line, to_bytes, visible, visible_json

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.text())
def test_no_control_character_but_tab_and_newline_gets_through(text: str) -> None:
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c) == "Cc" and c not in "\t\n"]
    assert not set(BIDI) & set(shown)


@given(st.text(st.characters(exclude_categories=["Cc", "Cf"])))
def test_all_other_characters_are_unchanged(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("text", ["👩\u200d💻", "e\u0301", "नमस्ते", "日本語", "\ufe0f", "a\u00adb", "\u00a0"])
def test_joiners_and_combining_characters_are_kept(text: str) -> None:
    assert visible(text) == text


def test_each_control_character_has_its_own_visible_form() -> None:
    controls = [chr(code) for code in (*range(9), *range(11, 32), *range(0x7F, 0xA0))] + list(BIDI)
    pictures = [visible(control) for control in controls]
    assert len(set(pictures)) == len(controls)
    assert visible("\x1b[31m") == "␛[31m"
    assert visible("\x9b") == "<U+009B>"


@given(st.text())
def test_json_made_safe_has_the_same_value(text: str) -> None:
    encoded = json.dumps({text: text}, ensure_ascii=False)
    shown = visible_json(encoded)
    assert json.loads(shown) == {text: text}
    assert visible(shown) == shown


def test_one_line_replaces_newlines_and_control_characters() -> None:
    assert one_line("  a\n\tb \r\n c\u2028d\x1b") == "a b c d␛"


@pytest.mark.parametrize(
    ("text", "data"),
    [("é", "é".encode()), ("\ud83d\ude00", "😀".encode()), ("a\ud83db", b"a\xef\xbf\xbdb"), ("", b"")],
)
def test_any_text_can_be_encoded(text: str, data: bytes) -> None:
    assert to_bytes(text) == data
