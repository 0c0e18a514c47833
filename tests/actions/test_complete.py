"""`nbx complete`, end to end against a scripted server."""

from tests.conftest import CANARY
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, json_answer, sse, token


def test_a_streamed_answer_is_printed_with_one_newline_added(nbx: Runner, server: FakeServer) -> None:
    server.script(answer(" Paris", ".\n\n"))
    result = nbx("complete", "The capital of France is")
    assert (result.code, result.out, result.err) == (0, " Paris.\n\n\n", "")
    request = server.requests[0]
    assert request.method == "POST"
    assert request.target == "/v1/completions"
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert request.json == {
        "model": "test/model",
        "prompt": "The capital of France is",
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_no_newline_prints_the_exact_bytes(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("caf", "é "))
    assert nbx("complete", "x", "--no-newline").out_bytes == "café ".encode()


def test_json_prints_the_response_as_the_server_sent_it(nbx: Runner, server: FakeServer) -> None:
    server.script(json_answer("a", "b"))
    result = nbx("complete", "x", "--json", "--n", "2")
    assert result.code == 0
    assert [choice["text"] for choice in result.json["choices"]] == ["a", "b"]
    assert "stream" not in server.requests[0].json


def test_interleaved_choices_are_printed_completely_and_in_order(nbx: Runner, server: FakeServer) -> None:
    frames = [token("a1", 0), token("b1", 1), token("b2", 1, "stop"), token("a2", 0), token("", 0, "stop")]
    server.script(sse(*frames))
    assert nbx("complete", "p", "q").out == "a1a2\nb1b2\n"


def test_a_stream_without_a_finish_reason_is_incomplete_and_keeps_its_text(
    nbx: Runner, server: FakeServer
) -> None:
    server.script(sse(token("half")))
    result = nbx("complete", "x")
    assert (result.code, result.out) == (8, "half\n")
    assert "without a finish_reason" in result.err
