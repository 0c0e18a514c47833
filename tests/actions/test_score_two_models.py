"""`nbx score --jsonl --against -o`: errors of one of the two models."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.echo_server import EchoServer
from tests.support.rows import records, refuse, write_rows
from tests.support.run import Runner

OUT = Path("out.jsonl")
RUN = ("score", "--jsonl", "in.jsonl", "-o", "out.jsonl", "--against", "other")
TEXTS = [{"id": f"id {n}", "context": f"Row {n}:", "text": " and its text"} for n in range(40)]


@pytest.mark.parametrize("fault", ["unknown", "without_echo"])
@pytest.mark.parametrize("group", ["1", "16"])
def test_a_second_model_that_cannot_score_ends_the_run_early(
    score: Runner, echo_server: EchoServer, fault: str, group: str
) -> None:
    write_rows(Path("in.jsonl"), [{"text": f"Row {n}"} for n in range(2000)])
    setattr(echo_server, fault, frozenset({"other"}))
    result = score(*RUN, "--group", group)
    assert result.code == 3, result.err
    assert ("no model other" if fault == "unknown" else "it ignores echo") in result.err
    assert len(echo_server.asked) < 1500
    assert not records(OUT) or all(record["error"].get("unfinished") for record in records(OUT))


def test_only_the_model_that_does_not_echo_is_asked_for_prompt_logprobs(
    score: Runner, echo_server: EchoServer
) -> None:
    write_rows(Path("in.jsonl"), TEXTS)
    echo_server.without_echo, echo_server.has_prompt_logprobs = frozenset({"other"}), True
    result = score(*RUN)
    assert result.code == 0, result.err
    assert result.err.count("the server does not echo prompts") == 1
    assert {(row["log_likelihood"], row["against"]["log_likelihood"]) for row in records(OUT)} == {
        (-13 / 4, -13 / 2)
    }
    second = [body for body in echo_server.bodies if "prompt_logprobs" in body]
    assert [body["model"] for body in second] == ["other"] * len(TEXTS)


@pytest.mark.parametrize("model", ["test/model", "other"])
def test_the_error_of_a_row_names_the_model_that_failed(
    score: Runner, echo_server: EchoServer, model: str
) -> None:
    write_rows(Path("in.jsonl"), TEXTS)
    complete = echo_server.complete

    def refuse_7(body: Mapping[str, Any], prompts: list[Any]) -> bytes:
        if body["model"] == model and any("Row 7:" in prompt for prompt in prompts):
            (reply,) = refuse(400, "too many tokens")
            assert isinstance(reply, bytes)
            return reply
        return complete(body, prompts)

    echo_server.complete = refuse_7  # type: ignore[method-assign]
    result = score(*RUN)
    assert result.code == 9, result.err
    [failed] = [record for record in records(OUT) if record["error"]]
    assert failed["id"] == "id 7"
    assert failed["error"]["message"] == f"the server answered 400: model {model}: too many tokens"
    assert f"model {model}: too many tokens (1)" in result.err


def test_the_error_that_ends_a_run_names_the_model(score: Runner, echo_server: EchoServer) -> None:
    write_rows(Path("in.jsonl"), TEXTS[:1])
    echo_server.without_echo = frozenset({"other"})
    result = score(*RUN)
    assert (result.code, "model other: " in result.err) == (3, True), result.err


def test_the_error_of_a_text_without_a_prediction_names_the_model(score: Runner) -> None:
    write_rows(Path("in.jsonl"), [{"text": "x"}, *TEXTS[:1]])
    assert score(*RUN).code == 9
    [failed] = [record for record in records(OUT) if record["error"]]
    assert "model test/model: the first token has no prediction" in failed["error"]["message"]
