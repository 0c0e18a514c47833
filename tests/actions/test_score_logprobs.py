"""`nbx score` with strange log probabilities from a server: it never crashes or makes up a number."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.echo import choice, echoed
from tests.support.echo_server import EchoServer
from tests.support.rows import records, write_rows
from tests.support.run import Runner

TEXT = "Q: a b"


def answer_with(server: EchoServer, *logprobs: Any) -> None:
    """Make the server answer with these log probabilities for the tokens of TEXT."""
    pairs = list(zip(("Q:", " a", " b", "!"), (None, *logprobs, -1.0), strict=True))

    def complete(body: Mapping[str, Any], prompts: list[Any]) -> bytes:
        del body
        (reply,) = echoed(*(choice(TEXT + "!", pairs, index) for index in range(len(prompts))))
        assert isinstance(reply, bytes)
        return reply

    server.complete = complete  # type: ignore[method-assign]


@pytest.mark.parametrize("flags", [(), ("--tokens",)])
@pytest.mark.parametrize("lowest", [-9999.0, float("-inf"), -1e308, -(10**400)])
def test_minus_infinity_in_any_form_counts_as_minus_9999(
    score: Runner, echo_server: EchoServer, flags: tuple[str, ...], lowest: float
) -> None:
    answer_with(echo_server, lowest, lowest)
    write_rows(Path("in.jsonl"), [{"context": "Q:", "text": " a b"}])
    result = score("score", "--jsonl", "in.jsonl", "-o", "out.jsonl", *flags)
    assert result.code == 0, result.err
    (record,) = records(Path("out.jsonl"))
    assert (record["log_likelihood"], record["tokens_floored"]) == (-19998.0, 2)
    if flags:
        assert [token["logprob"] for token in record["token_logprobs"]] == [-9999.0, -9999.0]
        single = json.loads(score("score", "-c", "Q:", " a b", "--tokens", "--json").out)
        assert single["token_logprobs"] == record["token_logprobs"]


def test_one_warning_counts_the_minus_infinity_tokens_of_all_rows(
    score: Runner, echo_server: EchoServer
) -> None:
    answer_with(echo_server, float("-inf"), -9999.0)
    write_rows(Path("in.jsonl"), [{"id": name, "context": "Q:", "text": " a b"} for name in "xyz"])
    for output in (), ("-o", "out.jsonl"):
        result = score("score", "--jsonl", "in.jsonl", *output, "--summary", "run.json")
        assert result.code == 0, result.err
        assert result.err.count("-9999, which means minus infinity: the totals are not exact") == 1
        assert "warning: 6 tokens have the log probability -9999" in result.err
        assert "perplexity inf" in result.err
        summary = json.loads(Path("run.json").read_bytes())
        assert (summary["tokens_floored"], summary["perplexity"]) == (6, None)


def test_minus_infinity_tokens_are_counted_for_each_model_and_in_choices(
    score: Runner, echo_server: EchoServer
) -> None:
    answer_with(echo_server, -1.0, -9999.0)
    write_rows(Path("in.jsonl"), [{"context": "Q:", "choices": [" a b", " a b"]}])
    result = score("score", "--jsonl", "in.jsonl", "--against", "other", "--summary", "run.json")
    assert result.code == 0, result.err
    for model in "test/model", "other":
        assert f"{model}: 2 tokens have the log probability -9999" in result.err
    summary = json.loads(Path("run.json").read_bytes())
    assert (summary["tokens_floored"], summary["against"]["tokens_floored"]) == (2, 2)


@pytest.mark.parametrize("strange", [float("nan"), float("inf"), 1.5, None, "-1", True, []])
def test_an_invalid_log_probability_fails_its_row(
    score: Runner, echo_server: EchoServer, strange: Any
) -> None:
    answer_with(echo_server, -1.0, strange)
    write_rows(Path("in.jsonl"), [{"context": "Q:", "text": " a b"}])
    result = score("score", "--jsonl", "in.jsonl", "-o", "out.jsonl")
    assert (result.code, "token 3 of 3 has no log probability" in result.err) == (9, True)
