"""`--view` on a real terminal: the colour of each token, live output, and marks instead of colours."""

from typing import Any

import pytest

from tests.sessions.conftest import Open
from tests.support.gate import Gate, gated
from tests.support.logprobs import FRANCE, TokenSpec, frame
from tests.support.server import USAGE, FakeServer, token

# Foreground and background of each step in xterm's 256 colours: 231 on 17 and 24, 16 on the others.
WHITE, BLACK = "ffffff", "000000"
RAMP = [(WHITE, "00005f"), (WHITE, "005f87"), (BLACK, "5f87af"), (BLACK, "87af87")]
RAMP += [(BLACK, "87d787"), (BLACK, "ffd75f"), (BLACK, "ffff00")]
OWN = ("default", "default")


def colours(cells: list[Any]) -> set[tuple[str, str]]:
    return {(cell.fg, cell.bg) for cell in cells}


def stream(*tokens: TokenSpec, index: int = 0) -> list[dict[str, Any]]:
    return [*(frame(reported, index=index) for reported in tokens), frame(index=index, reason="stop")]


def test_each_token_has_the_colour_of_its_probability(terminal: Open, server: FakeServer) -> None:
    server.script(gated(*stream(*FRANCE), USAGE))
    screen = terminal("complete", "The capital of France is", "--view", "heat", "--no-usage")
    assert screen.end() == 0
    assert screen.rows[0] == " Paris. It is a city!"
    assert screen.rows[1].startswith("7 tokens at ")
    for (text, _, _), wanted in zip(FRANCE, RAMP, strict=True):
        assert colours(screen.cells(text)) == {wanted}, text
    assert screen.rows[2] == "probability in %:  ≥90   ≥70   ≥50   ≥30   ≥10   ≥1   <1"
    for name, wanted in zip(("≥90", "≥70", "≥50", "≥30", "≥10", "≥1 ", "<1"), RAMP, strict=True):
        assert colours(screen.cells(f" {name}")) == {wanted}, name
    assert colours(screen.cells("probability in %:")) == {OWN}


def test_a_view_requests_five_log_probabilities(terminal: Open, server: FakeServer) -> None:
    server.script(gated(*stream(*FRANCE)))
    assert terminal("complete", "x", "--view", "table").end() == 0
    assert server.requests[0].json["logprobs"] == 5


@pytest.mark.parametrize("view", ["heat", "table"])
def test_tokens_are_shown_as_they_arrive(view: str, terminal: Open, server: FakeServer) -> None:
    gate = Gate()
    server.script(gated(frame(FRANCE[0]), gate, frame(FRANCE[6]), frame(reason="stop")))
    screen = terminal("complete", "x", "--view", view)
    gate.reached()
    screen.wait_for("Paris")
    assert colours(screen.cells("Paris")) == {RAMP[0]}
    gate.open()
    screen.wait_for("!")
    assert screen.end() == 0
    assert colours(screen.cells("!")) == {RAMP[6]}


def test_wide_characters_wrap_where_the_terminal_wraps_them(terminal: Open, server: FakeServer) -> None:
    server.script(
        gated(*stream(("日本語" * 4, 0.95, {}), ("テキスト", 0.002, {}), ("\n", 0.35, {}), ("x", 0.15, {})))
    )
    screen = terminal("complete", "x", "--view", "heat", "--no-usage", columns=24, rows=12)
    assert screen.end() == 0
    assert screen.rows[:3] == ["日本語" * 4, "テキスト", "x"]
    assert colours(screen.cells("日本語" * 4)) == {RAMP[0]}
    assert colours(screen.cells("テキスト")) == {RAMP[6]}
    assert colours(screen.cells("テキスト" + " ")[-1:]) == {RAMP[3]}  # the newline
    assert colours(screen.cells("x")) == {RAMP[4]}


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_without_colour_improbable_tokens_are_marked(
    env: dict[str, str], terminal: Open, server: FakeServer
) -> None:
    server.script(gated(*stream(*FRANCE)))
    screen = terminal("complete", "x", "--view", "heat", "--no-usage", env=env)
    assert screen.end() == 0
    assert screen.rows[0] == " Paris. It is{35} a{15} city{5}!{<1}"
    assert screen.rows[2] == "{12} = 12 %, unmarked = 50 % or more"
    assert list(screen.styles()) == []


HOSTILE: tuple[TokenSpec, ...] = (
    ("\x1b]0;owned\x07", 0.95, {"\x1b[2J": 0.01}),
    ("\x1b[31m", 0.5, {"\x9b31m": 0.1}),
    ("[bold]:smile:", 0.3, {"[/bold]": 0.1}),
    ("a\u202eb", 0.1, {"\u2066": 0.05}),
    ("\r\x08", 0.05, {"\x00": 0.01}),
)


@pytest.mark.parametrize("view", ["heat", "table"])
def test_tokens_cannot_control_the_terminal(view: str, terminal: Open, server: FakeServer) -> None:
    server.script(gated(*stream(*HOSTILE)))
    screen = terminal("complete", "x", "--view", view, "--no-usage", columns=100)
    assert screen.end() == 0
    shown = "\n".join(screen.rows)
    assert all(text in shown for text in ("␛]0;owned␇", "␛[31m", "[bold]:smile:", "a<U+202E>b"))
    assert colours(screen.cells("␛]0;owned␇")) == {RAMP[0]}
    assert (screen.title, screen.cursor_hidden) == ("", False)
    sent = screen.raw.decode()
    assert not any(character in sent for character in "\x07\x08\x9b\u202e\u2066\x00")
    if view == "table":
        assert all(text in shown for text in ('"␛[2J" 1.0', '"<U+009B>31m" 10', '"[/bold]" 10', '"␀" 1.0'))


def test_several_choices_are_shown_complete_and_one_after_another(terminal: Open, server: FakeServer) -> None:
    one, two = stream(*FRANCE[:2]), stream(*FRANCE[2:4], index=1)
    server.script(gated(two[0], one[0], two[1], two[2], one[1], one[2]))
    screen = terminal("complete", "x", "-n", "2", "--view", "heat", "--no-usage")
    assert screen.end() == 0
    assert [row for row in screen.rows if "tokens" not in row][:4] == [
        "── choice 1 ──",
        " Paris.",
        "── choice 2 ──",
        " It is",
    ]
    assert colours(screen.cells(" Paris")) == {RAMP[0]}
    assert colours(screen.cells(" is")) == {RAMP[3]}


def test_missing_log_probabilities_cause_a_warning_and_the_text_is_shown(
    terminal: Open, server: FakeServer
) -> None:
    server.script(gated(token("text"), token("", reason="stop")))
    screen = terminal("complete", "x", "--view", "heat", "--no-usage")
    assert screen.end() == 0
    assert screen.rows == ["text", "nbx: warning: the server sent no log probabilities"]


def test_the_received_part_of_an_incomplete_answer_is_drawn(terminal: Open, server: FakeServer) -> None:
    server.script(gated(frame(*FRANCE[:2])))
    screen = terminal("complete", "x", "--view", "heat")
    assert screen.end() == 8
    assert screen.rows[0] == " Paris."
    assert colours(screen.cells(" Paris")) == {RAMP[0]}
