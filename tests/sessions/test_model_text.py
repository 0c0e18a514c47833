"""Model text on a terminal: control sequences and markup are shown as text and have no effect."""

import json

import pytest

from tests.sessions.conftest import Open
from tests.support.gate import gated
from tests.support.server import FakeServer, answer, token

ATTACKS = {
    "a window title": ("\x1b]0;owned\x07", "␛]0;owned␇"),
    "the clipboard": ("\x1b]52;c;cm0gLXJmIH4=\x07", "␛]52;c;cm0gLXJmIH4=␇"),
    "a colour": ("\x1b[31mred", "␛[31mred"),
    "a cleared screen": ("\x1b[2J\x1b[H", "␛[2J␛[H"),
    "a hidden cursor": ("\x1b[?25l", "␛[?25l"),
    "the other screen": ("\x1b[?1049h", "␛[?1049h"),
    "a question to the terminal": ("\x1b[6n\x05", "␛[6n␅"),
    "8-bit controls": ("\x9b31m\x9d0;owned\x9c", "<U+009B>31m<U+009D>0;owned<U+009C>"),
    "a carriage return": ("safe\rEVIL", "safe␍EVIL"),
    "backspaces": ("rm\x08\x08ls", "rm␈␈ls"),
    "another character set": ("\x0eabc\x0f", "␎abc␏"),
    "a bell, NUL and DEL": ("\x07\x00\x7f", "␇␀␡"),
    "text that reads backwards": ("a\u202eb\u2066c\u200fd", "a<U+202E>b<U+2066>c<U+200F>d"),
}


@pytest.mark.parametrize("choices", ["1", "2"])
@pytest.mark.parametrize("cut", [False, True], ids=["whole", "cut into characters"])
def test_control_sequences_in_model_text_are_shown_as_visible_text(
    choices: str, terminal: Open, server: FakeServer, *, cut: bool
) -> None:
    text = "\n".join(f"<{attack}>" for attack, _ in ATTACKS.values())
    shown = [f"<{picture}>" for _, picture in ATTACKS.values()]
    frames = [token(piece, index) for index in range(int(choices)) for piece in (text if cut else [text])]
    ends = [token("", index, "stop") for index in range(int(choices))]
    server.script(gated(*frames, *ends))
    screen = terminal("complete", "x", "--n", choices, "--no-usage", env={"NO_COLOR": "1"}, rows=40)
    assert screen.end() == 0
    several = ["── choice 1 · stop ──", *shown, "── choice 2 · stop ──", *shown]
    assert screen.rows == (shown if choices == "1" else several)
    assert screen.title == ""
    assert not screen.cursor_hidden
    assert list(screen.styles()) == []


def test_a_finish_reason_cannot_control_the_terminal(terminal: Open, server: FakeServer) -> None:
    server.script(gated(token("a", 0, "\x1b]0;owned\x07"), token("b", 1, "stop")))
    screen = terminal("complete", "x", "--n", "2")
    assert screen.end() == 0
    assert screen.rows[0] == "── choice 1 · ␛]0;owned␇ ──"
    assert screen.title == ""


@pytest.mark.parametrize("choices", ["1", "2"])
def test_markup_links_and_emoji_codes_have_no_effect(
    choices: str, terminal: Open, server: FakeServer
) -> None:
    text = "[bold]x[/bold] [link=http://e.x]y[/link] :smile: 42 True https://e.x 'q' \\[z]"
    server.script(gated(*(token(text, index, "stop") for index in range(int(choices)))))
    screen = terminal("complete", "x", "--n", choices, "--no-usage")
    assert screen.end() == 0
    assert [row for row in screen.rows if not row.startswith("──")] == [text] * int(choices)
    assert screen.raw.count(text.encode()) >= int(choices)


def test_a_server_error_cannot_control_the_terminal(terminal: Open, server: FakeServer) -> None:
    server.script(gated(token("half"), {"error": {"message": "\x1b]0;owned\x07boom"}}))
    screen = terminal("complete", "x")
    assert screen.end() == 8
    assert "␛]0;owned␇boom" in str(screen)
    assert screen.title == ""


@pytest.mark.parametrize("form", ["--json", "--ndjson"])
def test_json_on_a_terminal_escapes_control_characters(form: str, terminal: Open, server: FakeServer) -> None:
    text = "\x1b[31m\x9b\u202e\x7f é"
    server.script(answer(text))
    screen = terminal("complete", "x", form, "--stream", columns=400)
    assert screen.end() == 0
    assert b"\x1b" not in screen.raw
    assert not any(ord(c) in (0x7F, 0x9B, 0x202E) for c in screen.raw.decode())
    first = screen.raw.decode() if form == "--json" else screen.raw.decode().splitlines()[0]
    assert json.loads(first)["choices"][0]["text"] == text
