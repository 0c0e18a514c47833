"""One answer on a terminal: while nbx waits, while the answer streams, and at the end."""

import pytest

from tests.sessions.conftest import Open
from tests.support.gate import Gate, gated, one_answer
from tests.support.server import USAGE, FakeServer, answer, json_answer, token

COUNTS = {
    **USAGE,
    "model": "meta-llama/Llama-3.3-70B-Instruct",
    "service_tier": "default",
    "usage": {
        "prompt_tokens": 1812,
        "completion_tokens": 256,
        "total_tokens": 2068,
        "prompt_tokens_details": {"cached_tokens": 1024},
        "completion_tokens_details": {"reasoning_tokens": 0},
    },
}


def test_each_token_is_on_the_screen_before_the_next_one_is_sent(terminal: Open, server: FakeServer) -> None:
    after_first, after_second = Gate(), Gate()
    server.script(one_answer("Once upon", after_first, " a time", after_second, "."))
    screen = terminal("complete", "x")
    assert screen.wait_for("Once upon") == ["Once upon"]
    after_first.open()
    assert screen.wait_for("a time") == ["Once upon a time"]
    after_second.open()
    assert screen.end() == 0
    assert screen.rows[0] == "Once upon a time."


def test_a_status_line_shows_the_waiting_time_and_disappears_without_a_trace(
    terminal: Open, server: FakeServer
) -> None:
    before, after = Gate(), Gate()
    server.script(one_answer(before, "Hello", after))
    screen = terminal("complete", "x")
    (row,) = screen.wait_for("waiting for the server")
    first = float(row.split()[-2])
    screen.wait_until(lambda: float((screen.rows or ["0 s"])[0].split()[-2]) > first, "the time to go on")
    before.open()
    assert screen.wait_for("Hello") == ["Hello"]
    assert screen.cursor == (0, 5)
    after.open()
    assert screen.end() == 0
    assert "waiting" not in str(screen)


def test_the_status_line_fits_a_narrow_window(terminal: Open, server: FakeServer) -> None:
    before = Gate()
    server.script(one_answer(before, "Hello"))
    screen = terminal("complete", "x", columns=20)
    assert screen.wait_for("waiting") == screen.rows[:1]
    assert screen.cursor[0] == 0
    before.open()
    assert screen.end() == 0
    assert screen.history[0] == "Hello"


@pytest.mark.parametrize("text", ["no newline", "one newline\n", "several\n\n\n", ""])
def test_the_shell_prompt_starts_on_a_new_line(text: str, terminal: Open, server: FakeServer) -> None:
    server.script(answer(text))
    screen = terminal("complete", "x", "--no-usage")
    assert screen.end() == 0
    assert screen.cursor[1] == 0
    assert screen.raw.decode() == (text if text.endswith("\n") or not text else text + "\n").replace(
        "\n", "\r\n"
    )


def test_no_newline_has_no_effect_on_a_terminal(terminal: Open, server: FakeServer) -> None:
    server.script(answer("x"))
    screen = terminal("complete", "x", "-N", "--no-usage")
    assert screen.end() == 0
    assert screen.cursor == (1, 0)


def test_the_usage_table_is_below_the_answer(terminal: Open, server: FakeServer) -> None:
    server.script(gated(token(" Paris."), token("", reason="stop"), COUNTS))
    screen = terminal("complete", "x", columns=100)
    assert screen.end() == 0
    text, rule, heads, values = screen.rows
    assert text == " Paris."
    assert rule.startswith("── meta-llama/Llama-3.3-70B-Instruct · tier default ──")
    titles = ["prompt", "completion", "total", "cached", "reasoning", "first token", "tokens/s", "finish"]
    assert heads.split("  ") == titles
    assert values.split()[:5] == ["1,812", "256", "2,068", "1,024", "0"]
    assert values.split()[6] == "s"
    assert values.split()[-1] == "stop"


def test_an_answer_without_streaming_shows_the_time_instead_of_first_token(
    terminal: Open, server: FakeServer
) -> None:
    server.script(json_answer("all at once"))
    screen = terminal("complete", "x", "--no-stream")
    assert screen.end() == 0
    assert screen.rows[0] == "all at once"
    assert screen.rows[2].split() == ["prompt", "completion", "total", "time", "tokens/s", "finish"]


def test_at_40_columns_the_table_becomes_a_list(terminal: Open, server: FakeServer) -> None:
    server.script(gated(token("Yes."), token("", reason="length"), COUNTS))
    screen = terminal("complete", "x", "--max-tokens", "1", columns=40)
    assert screen.end() == 0
    titles = ["prompt", "completion", "total", "cached", "reasoning", "first", "tokens/s", "finish", "tier"]
    assert [row.split()[0] for row in screen.rows[2:-2]] == titles
    assert screen.rows[-3:] == [
        "tier         default",
        "model        meta-llama/Llama-3.3-70B-I",
        "             nstruct",
    ]


def test_no_usage_prints_only_the_text(terminal: Open, server: FakeServer) -> None:
    server.script(answer("just text"))
    screen = terminal("complete", "x", "--no-usage")
    assert (screen.end(), screen.raw) == (0, b"just text\r\n")


def test_quiet_shows_no_status_line_and_no_table(terminal: Open, server: FakeServer) -> None:
    server.script(answer("just text"))
    screen = terminal("complete", "x", "-q")
    assert (screen.end(), screen.raw) == (0, b"just text\r\n")


def test_an_answer_longer_than_the_window_is_complete_in_the_scrollback(
    terminal: Open, server: FakeServer
) -> None:
    lines = [f"line {number}\n" for number in range(200)]
    server.script(answer(*lines))
    screen = terminal("complete", "x", "--no-usage")
    assert screen.end() == 0
    assert screen.history == [line.rstrip() for line in lines]


def test_a_long_line_is_wrapped_by_the_terminal_so_that_it_can_be_copied(
    terminal: Open, server: FakeServer
) -> None:
    words = "word " * 100
    server.script(answer(*words.split(" ", 40)))
    screen = terminal("complete", "x", "--no-usage", columns=40)
    assert screen.end() == 0
    assert screen.raw.count(b"\n") == 1


def test_wide_and_combined_characters_are_printed_unchanged(terminal: Open, server: FakeServer) -> None:
    text = "日本語 한국어 👩‍💻 é e\u0301"
    server.script(answer(*text))
    screen = terminal("complete", "x", "--no-usage")
    assert screen.end() == 0
    assert screen.raw.decode() == text + "\r\n"
    assert screen.rows[0].startswith("日本語 한국어")


def test_tabs_reach_the_terminal_as_tabs(terminal: Open, server: FakeServer) -> None:
    server.script(answer("a\tb"))
    screen = terminal("complete", "x", "--no-usage")
    assert (screen.end(), screen.raw) == (0, b"a\tb\r\n")
    assert screen.rows == ["a       b"]


def test_a_character_split_between_two_tokens_is_printed_as_one(terminal: Open, server: FakeServer) -> None:
    server.script(answer("a\ud83d", "\ude00b"))
    screen = terminal("complete", "x", "--no-usage")
    assert (screen.end(), screen.raw.decode()) == (0, "a😀b\r\n")


def test_an_incomplete_answer_is_printed_and_reported_below_it(terminal: Open, server: FakeServer) -> None:
    server.script(gated(token("half an ans")))
    screen = terminal("complete", "x")
    assert screen.end() == 8
    assert screen.rows == [
        "half an ans",
        "nbx: the answer is incomplete",
        "  it ended without a finish_reason",
        "  text received so far is kept; repeat the request",
    ]


def test_an_error_of_at_most_three_lines_replaces_the_status_line(terminal: Open, server: FakeServer) -> None:
    before = Gate()
    server.script(
        [
            before,
            *answer("never")[:0],
            b'HTTP/1.1 404 Not Found\r\nContent-Length: 22\r\n\r\n{"detail":"no such m"}',
        ]
    )
    screen = terminal("complete", "x")
    screen.wait_for("waiting")
    before.open()
    assert screen.end() == 3
    assert screen.rows == [
        "nbx: the server answered 404",
        "  no such m",
        "  model names are case-sensitive and change: nbx models lists them",
    ]


def test_an_answer_cut_off_by_the_servers_default_limit_names_the_flag_for_more(
    terminal: Open, server: FakeServer
) -> None:
    server.script(answer("text", reason="length"), answer("text", reason="length"))
    screen = terminal("complete", "x", "--no-usage")
    assert screen.end() == 0
    said = "nbx: the server's default limit cut off the answer; --max-tokens N allows more"
    assert "".join(screen.rows).replace(" ", "") == f"text{said}".replace(" ", "")
    screen = terminal("complete", "x", "--no-usage", "--max-tokens", "1")
    assert screen.end() == 0
    assert screen.rows == ["text"]
