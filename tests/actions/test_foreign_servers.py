"""Answers of servers that differ from Token Factory: error frames, the chat format, proxies."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, Reply, answer, sse, status, token

ERRORS: list[tuple[Any, int]] = [
    ({"message": "bad", "type": "BadRequestError", "param": None, "code": 400}, 3),
    ({"message": "bad", "code": "422"}, 3),
    ({"message": "bad", "status": 404}, 3),
    ({"message": "bad", "type": "invalid_request_error", "code": "context_length_exceeded"}, 3),
    ({"error": {"message": "bad", "code": 401}}, 4),
    ({"message": "bad", "type": "AuthenticationError"}, 4),
    ({"message": "bad", "code": 429}, 5),
    ({"message": "bad", "type": "rate_limit_error"}, 5),
    ({"message": "bad", "code": 503}, 6),
    ({"message": "bad", "code": 7}, 8),
    ({"message": "bad"}, 8),
]


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=str)
@pytest.mark.parametrize("form", ["streamed", "whole", "bulk", "score"])
def test_an_error_frame_with_a_status_is_treated_like_that_status(
    nbx: Runner, server: FakeServer, tmp_path: Path, form: str, error: Any, code: int
) -> None:
    (tmp_path / "rows.jsonl").write_text('"x"\n')
    words = {
        "streamed": ("complete", "x"),
        "whole": ("complete", "x", "--no-stream"),
        "bulk": ("bulk", str(tmp_path / "rows.jsonl"), "-q"),
        "score": ("score", "x"),
    }[form]
    reply = (
        sse({"error": error}) if form == "streamed" else status(200, json.dumps({"error": error}).encode())
    )
    server.script(reply)
    result = nbx(*words, "--retries", "0")
    if form == "bulk" and code != 4:
        assert (json.loads(result.out)["error"]["exit"] if result.out else result.code) == code
        assert not result.out or json.loads(result.out)["usage"] in (None, {"cost": "0"})
    else:
        assert (result.code, result.out) == (code, "")
        check_message(result.err)


def test_an_error_frame_with_a_status_is_retried_like_that_status(nbx: Runner, server: FakeServer) -> None:
    server.script(sse({"error": {"message": "busy", "code": 503}}), answer("hi"))
    result = nbx("complete", "x")
    assert (result.code, result.out, len(result.slept)) == (0, "hi\n", 1)


def test_an_error_frame_after_text_is_an_incomplete_answer(nbx: Runner, server: FakeServer) -> None:
    server.script(sse(token("half"), {"error": {"message": "bad", "code": 400}}))
    result = nbx("complete", "x")
    assert (result.code, result.out) == (8, "half\n")


CHAT = {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
DELTA = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "hel"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {"content": "lo"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
]


@pytest.mark.parametrize(
    "reply", [sse(*DELTA), status(200, json.dumps({"choices": [CHAT]}).encode())], ids=["streamed", "whole"]
)
def test_text_in_the_format_of_the_chat_endpoint_is_printed_with_a_warning(
    nbx: Runner, server: FakeServer, reply: Reply
) -> None:
    server.script(reply)
    result = nbx("complete", "x")
    assert (result.code, result.out) == (0, "hello\n")
    assert "the format of the chat endpoint" in result.err


@pytest.mark.parametrize(
    "choice",
    [{"message": {"content": None}}, {}, {"delta": {"role": "assistant"}}, {"message": {"content": []}}],
)
@pytest.mark.parametrize("command", ["complete", "bulk"])
def test_an_answer_without_any_text_is_an_error(
    nbx: Runner, server: FakeServer, tmp_path: Path, choice: Any, command: str
) -> None:
    (tmp_path / "rows.jsonl").write_text('"x"\n')
    reply = {"choices": [{"index": 0, "finish_reason": "stop", **choice}]}
    server.replies += [status(200, json.dumps(reply).encode())]
    words = ("complete", "x") if command == "complete" else ("bulk", str(tmp_path / "rows.jsonl"), "-q")
    result = nbx(*words, "--retries", "0")
    assert result.code == 8
    server.replies.clear()


def test_bulk_records_the_text_of_a_chat_response_as_text(
    nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    (tmp_path / "rows.jsonl").write_text('"x"\n"y"\n"z"\n')
    server.script(*[status(200, json.dumps({"choices": [CHAT]}).encode())] * 3)
    result = nbx("bulk", str(tmp_path / "rows.jsonl"))
    assert result.code == 0
    texts = [json.loads(line)["response"]["choices"][0]["text"] for line in result.out.splitlines()]
    assert texts == ["hello"] * 3
    assert result.err.count("has the format of the chat endpoint") == 1


def test_a_stream_that_gives_every_choice_the_index_0_suggests_no_stream(
    nbx: Runner, server: FakeServer
) -> None:
    server.script(sse(token("a"), token("", reason="stop"), token("b"), token("", reason="stop")))
    result = nbx("complete", "x", "-n", "2")
    assert (result.code, "--no-stream" in result.err) == (8, True)
    check_message(result.err)


def test_an_echo_flag_that_the_server_ignored_is_reported(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("hi"), answer("x hi"), answer("hi"))
    assert "the server ignored echo" in nbx("complete", "x", "--echo").err
    assert nbx("complete", "x", "--echo").err == ""
    assert nbx("complete", "x").err == ""


@pytest.mark.parametrize("body", [b"<html>404", b'{"detail": "Not Found"}', b""])
def test_a_404_for_the_path_says_to_check_base_url(nbx: Runner, server: FakeServer, body: bytes) -> None:
    server.script(status(404, body))
    result = nbx("complete", "x")
    assert (result.code, "check base_url" in result.err, "case-sensitive" in result.err) == (3, True, False)
    check_message(result.err)


def test_the_hint_names_the_flag_if_the_base_url_is_from_the_command_line(nbx: Runner) -> None:
    args = ("complete", "x", "--retries", "0")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
    flag, env = nbx(*args, "--base-url", url), nbx(*args, env={"NEBIUS_BASE_URL": url})
    assert [one.err.splitlines()[-1] for one in (flag, env)] == ["  check --base-url", "  check base_url"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_requires_a_password_is_named_for_http_and_https(
    nbx: Runner, server: FakeServer, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{server.port}")
    server.script(status(407, b"", Proxy_Authenticate="Basic"))
    result = nbx("complete", "x", "--retries", "0", "-q", "--base-url", f"{scheme}://api.invalid")
    assert (result.code, result.out) == (7, "")
    assert f"the proxy http://127.0.0.1:{server.port} did not forward the request" in result.err
    assert "407" in result.err
    assert "put the user name and password in ALL_PROXY: " in result.err
    check_message(result.err)


@pytest.mark.parametrize("name", ["context_length", "max_model_len", "max_input_tokens"])
def test_models_reads_the_context_under_any_of_its_names(nbx: Runner, server: FakeServer, name: str) -> None:
    server.script(status(200, json.dumps({"data": [{"id": "a", name: 2048}]}).encode()))
    assert nbx("models", "--json", "--refresh").json["models"][0]["context"] == 2048


def test_log_probabilities_without_tokens_add_no_rows_to_the_table(nbx: Runner, server: FakeServer) -> None:
    logprobs = {"tokens": None, "token_logprobs": [-1.0, -2.0], "top_logprobs": None, "text_offset": None}
    choice = {"index": 0, "text": "hi there", "finish_reason": "stop", "logprobs": logprobs}
    server.script(status(200, json.dumps({"choices": [choice]}).encode()))
    result = nbx("complete", "x", "--view", "table")
    assert (result.code, "-2" in result.out) == (0, False)
