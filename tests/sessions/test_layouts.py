"""The output formats of an answer: text with line endings, one JSON object, or one object per line."""

import json
import os
import subprocess
import sys

import pytest

from tests.sessions.conftest import Open
from tests.support.gate import Gate, gated, one_answer
from tests.support.run import Runner
from tests.support.server import USAGE, FakeServer, answer, json_answer, sse, token

NBX = [sys.executable, "-m", "nebius_cli"]
MIXED = (
    token("b1", 1),
    token("a1\n", 0),
    token("b2", 1, "stop"),
    token("", 2, "stop"),
    token("a2", 0, "stop"),
)


@pytest.mark.parametrize(
    ("flags", "out"),
    [
        ([], b"a1\na2\nb1b2\n\n"),
        (["-N"], b"a1\na2\nb1b2\n"),
        (["-0"], b"a1\na2\0b1b2\0\0"),
        (["-0", "-N"], b"a1\na2\0b1b2\0"),
    ],
    ids=str,
)
def test_in_a_pipe_choices_are_complete_in_order_and_ended_as_the_flags_say(
    flags: list[str], out: bytes, nbx: Runner, server: FakeServer
) -> None:
    server.script(sse(*MIXED, USAGE))
    done = nbx.process("complete", "x", "--n", "3", *flags)
    assert (done.code, done.out_bytes, done.err) == (0, out, "")


@pytest.mark.parametrize(
    ("flags", "out"), [([], b"hi\n"), (["-N"], b"hi"), (["-0"], b"hi\0"), (["-0", "-N"], b"hi")], ids=str
)
def test_a_single_choice_in_a_pipe_is_ended_as_the_flags_say(
    flags: list[str], out: bytes, nbx: Runner, server: FakeServer
) -> None:
    server.script(answer("hi"))
    assert nbx.process("complete", "x", *flags).out_bytes == out


def test_the_first_choice_streams_into_a_pipe_while_the_second_waits(nbx: Runner, server: FakeServer) -> None:
    gate = Gate()
    server.script(gated(token("later", 1, "stop"), token("now", 0), gate, token("", 0, "stop"), USAGE))
    process = subprocess.Popen(
        [*NBX, "complete", "x", "--n", "2"], stdout=subprocess.PIPE, env=nbx.process_env()
    )
    assert process.stdout is not None
    assert os.read(process.stdout.fileno(), 100) == b"now"
    gate.open()
    assert process.communicate(timeout=30)[0] == b"\nlater\n"


def test_model_text_in_a_pipe_is_unchanged_byte_for_byte(nbx: Runner, server: FakeServer) -> None:
    text = "\x1b[31m\x00\r\n\t\u202e[bold] :smile: \x9b" + "wide " * 100 + "\n\n"
    server.script(answer(*text))
    assert nbx.process("complete", "x", "-N").out_bytes == text.encode()


def test_json_in_a_pipe_is_one_line(nbx: Runner, server: FakeServer) -> None:
    server.script(json_answer("text"))
    done = nbx.process("complete", "x", "--json")
    assert done.out.count("\n") == 1
    assert done.json["choices"][0]["text"] == "text"
    assert done.err == ""


def test_json_on_a_terminal_is_indented_and_without_other_output(terminal: Open, server: FakeServer) -> None:
    server.script(json_answer("text"))
    screen = terminal("complete", "x", "--json")
    assert screen.end() == 0
    assert screen.rows[:2] == ["{", '  "id": "cmpl-1",']
    assert screen.rows[-1] == "}"
    assert json.loads("\n".join(screen.rows))["choices"][0]["text"] == "text"


def test_a_status_line_is_shown_until_the_json_arrives(terminal: Open, server: FakeServer) -> None:
    before = Gate()
    server.script([before, *json_answer("text")])
    screen = terminal("complete", "x", "--json")
    screen.wait_for("waiting for the server")
    before.open()
    assert screen.end() == 0
    assert screen.rows[0] == "{"


def test_a_streamed_answer_is_printed_as_one_json_response(nbx: Runner, server: FakeServer) -> None:
    server.script(sse(*MIXED, USAGE))
    done = nbx.process("complete", "x", "--n", "3", "--json", "--stream")
    assert [choice["text"] for choice in done.json["choices"]] == ["a1\na2", "b1b2", ""]
    assert done.json["usage"]["total_tokens"] == 7


@pytest.mark.parametrize("where", ["pipe", "terminal"])
def test_ndjson_prints_a_line_for_each_object_as_it_arrives(
    where: str, nbx: Runner, terminal: Open, server: FakeServer
) -> None:
    gate = Gate()
    server.script(one_answer("one", gate, "two"))
    if where == "terminal":
        screen = terminal("complete", "x", "--ndjson", columns=400)
        first = json.loads(screen.wait_for('"one"')[0])
        gate.open()
        assert screen.end() == 0
        lines = screen.raw.decode().splitlines()
    else:
        process = subprocess.Popen(
            [*NBX, "complete", "x", "--ndjson"], stdout=subprocess.PIPE, env=nbx.process_env()
        )
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        gate.open()
        lines = ["", *process.communicate(timeout=30)[0].decode().splitlines()]
    assert first["choices"][0]["text"] == "one"
    assert json.loads(lines[1])["choices"][0]["text"] == "two"
    assert len(lines) == 4


def test_usage_in_a_pipe_prints_tab_separated_values(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("text"))
    done = nbx.process("complete", "x", "--usage")
    assert done.out == "text\n"
    pairs = dict(line.split("\t") for line in done.err.splitlines())
    assert list(pairs) == [
        *("prompt_tokens", "completion_tokens", "total_tokens"),
        *("first_token_seconds", "tokens_per_second", "finish_reason", "model"),
    ]
    assert float(pairs["first_token_seconds"]) >= 0
    assert float(pairs["tokens_per_second"]) > 0


def test_json_on_a_terminal_shows_the_usage_table_only_with_usage(terminal: Open, server: FakeServer) -> None:
    server.script(json_answer("text"), json_answer("text"))
    for flags, tables in (([], 0), (["--usage"], 1)):
        screen = terminal("complete", "x", "--json", *flags)
        assert screen.end() == 0
        assert sum(row.startswith("──") for row in screen.rows) == tables
