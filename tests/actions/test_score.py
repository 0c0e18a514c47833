"""`nbx score` over the API: what is sent, reported and refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.ledger.ledger_database import NAME, Ledger
from tests.support.echo import PAIRS, TEXT, Pair, choice, echoed
from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, detail, json_answer, status, token


def test_the_prompt_is_sent_with_echo(nbx: Runner, server: FakeServer) -> None:
    server.script(echoed(choice(TEXT + "!", PAIRS)))
    nbx("config", "set", "temperature", "1.5")
    result = nbx("score", TEXT)
    assert (result.code, result.err) == (0, "")
    assert server.requests[0].json == {
        "model": "test/model",
        "prompt": TEXT,
        "max_tokens": 1,
        "temperature": 0,
        "logprobs": 1,
        "echo": True,
        "stream": False,
    }
    assert result.out.splitlines() == [
        "log-likelihood\t-6.0",
        "tokens scored\t3",
        "log-likelihood per token\t-2.0",
        "perplexity\t7.38905609893065",
        "bits per byte\t0.7213475204444817",
    ]


def test_the_context_and_the_text_are_sent_as_one_prompt(nbx: Runner, server: FakeServer) -> None:
    server.script(echoed(choice(TEXT, PAIRS[:-1])))
    command = ("score", "-c", "The sky is", " blue", "--max-tokens", "0", "-m", "other", "--param", "seed=1")
    result = nbx(*command, "--json", "--tokens")
    assert result.code == 0, result.err
    body = server.requests[0].json
    assert (body["prompt"], body["max_tokens"], body["model"], body["seed"]) == (TEXT, 0, "other", 1)
    assert result.json["model"] == "other"
    assert result.json["log_likelihood"] == -1.5
    assert result.json["token_logprobs"] == [{"token": " blue", "logprob": -1.5, "offset": 0}]


def test_files_and_stdin_are_read_byte_for_byte(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(b"The\n")
    (tmp_path / "t").write_bytes(b" sky\n")
    pairs: list[Pair] = [("The", None), ("\n", -1.0), (" sky", -2.0), ("\n", -0.5), ("!", -1.0)]
    answer = echoed(choice("The\n sky\n!", pairs))
    without = echoed(choice("The\n sky!", [*pairs[:3], pairs[4]]))
    server.script(answer, answer, without, answer)
    context = ("--context-file", str(tmp_path / "c"), "--json")
    file = ("--file", str(tmp_path / "t"))
    assert nbx("score", *file, *context).json["log_likelihood"] == -2.5
    assert nbx("score", *context, stdin=b" sky\n").json["log_likelihood"] == -2.5
    assert nbx("score", *file, *context, "--strip-final-newline").json["log_likelihood"] == -2.0
    assert nbx("score", "-", *context, stdin=b" sky\n").json["log_likelihood"] == -2.5


def test_a_terminal_shows_a_table(nbx: Runner, server: FakeServer) -> None:
    server.script(*[echoed(choice(TEXT + "!", PAIRS))] * 2)
    plain = {"NO_COLOR": "1"}
    result = nbx("score", TEXT, stdout_tty=True, env=plain)
    assert "perplexity                  7.3891\n" in result.out
    assert "3 of 4" in result.out
    lines = nbx("score", TEXT, "--tokens", stdout_tty=True, env=plain).out.splitlines()
    assert lines[0].split() == ["token", "offset", "log", "probability"]
    assert lines[-1].split() == ['"', 'blue"', "10", "-1.5000"]


def test_tokens_across_the_boundary_and_at_the_floor_cause_warnings(nbx: Runner, server: FakeServer) -> None:
    server.script(echoed(choice(TEXT + "!", [*PAIRS[:3], (" blue", -9999.0), ("!", -1.0)])))
    result = nbx("score", "-c", "The sky is bl", "ue")
    assert result.code == 0
    assert "the token ' blue' begins in the context and ends in the text" in result.err
    assert "1 token has the log probability -9999" in result.err
    assert result.out.splitlines()[0] == "log-likelihood\t-9999.0"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (json_answer(" and high"), "it ignores echo: its answer does not begin with the prompt"),
        (json_answer(TEXT + " and"), "its answer has no log probabilities"),
        (
            echoed(choice(TEXT + "!", [("!", -1.0)])),
            "it ignores echo: its log probabilities are those of the generated token",
        ),
        (echoed(choice(TEXT, [], logprobs={"content": []})), "its answer has no log probabilities"),
        (
            echoed(choice(TEXT, [], logprobs={"content": [{"token": "!", "logprob": -1.0}]})),
            "it ignores echo: its log probabilities are those of the generated token",
        ),
    ],
    ids=["no echo", "no log probabilities", "other tokens", "none of the other shape", "the other shape"],
)
def test_a_server_without_echo_is_reported(nbx: Runner, server: FakeServer, reply: Any, why: str) -> None:
    server.script(reply, reply)
    result = nbx("score", TEXT)
    assert (result.code, result.out) == (3, "")
    assert why in result.err
    asked = [request.json for request in server.requests]
    assert ["prompt_logprobs" in body for body in asked] == [False, True]
    assert "echo" not in asked[1]
    assert "the server cannot score" in result.err
    check_message(result.err)


def test_the_reason_of_a_refusal_is_shown(nbx: Runner, server: FakeServer) -> None:
    server.script(detail(400, "logprobs are not supported"))
    result = nbx("score", TEXT)
    assert result.code == 3
    assert "logprobs are not supported" in result.err


def test_one_token_without_a_context_has_no_score(nbx: Runner, server: FakeServer) -> None:
    server.script(echoed(choice("a!", [("a", None), ("!", -1.0)])))
    result = nbx("score", "a")
    assert result.code == 65
    assert "--context TEXT gives the first token a prediction" in result.err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("a", "-c", "b", "--context-file", "c"), "--context and --context-file"),
        (("a", "--max-tokens", "2"), "--max-tokens 2"),
        (("",), "the prompt is empty"),
        (("--file", "/absent"), "cannot read /absent"),
        (("a", "--param", "echo=false"), "--param echo"),
        (("a", "--local", "--param", "seed=1"), "--param cannot be used with --local"),
        (("-", "--context-file", "-"), "stdin is used twice"),
        (("a", "--local", "--against-local"), "both are the same model"),
        (("a", "--against", "m", "--against-file", "f"), "more than one model to compare with"),
        (
            ("a", "--local", "--against", "m", "--logprobs", "2"),
            "--logprobs cannot be used with a model on this machine",
        ),
        (("a", "--against", "m", "--tokens"), "--tokens requires --json"),
        (("a", "--logprobs", "5"), "--logprobs requires --against"),
        (("a", "--against", "m", "--logprobs", "x"), "--logprobs"),
        (("--jsonl", "-", "--against", "m", "--logprobs", "2"), "--logprobs cannot be used with choices"),
    ],
)
def test_an_invalid_command_line_is_a_usage_error(nbx: Runner, args: tuple[str, ...], message: str) -> None:
    result = nbx("score", *args, stdin=b'{"choices": ["x", "y"]}')
    assert result.code == 2
    assert message in result.err
    check_message(result.err)


def test_a_request_is_recorded_in_the_ledger(nbx: Runner, server: FakeServer) -> None:
    server.script(*[echoed(choice(TEXT + "!", PAIRS))] * 2)
    ledger = Ledger(Path(nbx.environ["NBX_DATA_DIR"]) / NAME)
    nbx("score", TEXT)
    assert ledger.count() == 1
    nbx("score", TEXT, "--no-ledger")
    assert ledger.count() == 1
    ledger.close()


def test_without_a_text_the_usage_is_shown(nbx: Runner) -> None:
    result = nbx("score", stdin_tty=True, stdin=b"")
    assert result.code == 2
    assert result.err.startswith("nbx: no text given\n  nbx score --local")


def test_a_missing_model_or_key_is_reported(bare: Runner) -> None:
    assert "no model is set" in bare("score", "a b").err
    result = bare("score", "a b", "-m", "m")
    assert result.code == 4


@pytest.mark.parametrize("values", [[-4.0, -0.5, -1.5, -2.0], [None, -4.0, -0.5], [None, *[-1.0] * 5]])
def test_a_different_number_of_log_probabilities_and_tokens_is_an_error(
    nbx: Runner, server: FakeServer, values: list[float | None]
) -> None:
    lists = {"tokens": [token for token, _ in PAIRS], "token_logprobs": values}
    server.script(echoed(choice(TEXT + "!", PAIRS, logprobs=lists)))
    result = nbx("score", TEXT)
    assert (result.code, result.out) == (3, "")
    assert "has no log probability" in result.err


def test_a_frame_of_a_stream_does_not_count_as_an_echo(nbx: Runner, server: FakeServer) -> None:
    server.script(status(200, json.dumps(token("The sky is blue", reason="stop")).encode()))
    assert nbx("score", TEXT).code == 3
