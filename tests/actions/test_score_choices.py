"""`nbx score` of multiple-choice questions, and with two models."""

import json
import math

import pytest

from tests.support.echo import PAIRS, TEXT, Pair, choice, echoed
from tests.support.rows import save_rows
from tests.support.run import Runner
from tests.support.server import FakeServer

pytestmark = pytest.mark.usefixtures("folder")


QUESTION = {"id": "q", "context": "A:", "choices": [" no", " not at all"], "gold": 1}
NO: list[Pair] = [("A", None), (":", -1.0), (" no", -2.0), ("!", -1.0)]
NOT_AT_ALL: list[Pair] = [*NO[:2], (" not", -1.0), (" at", -1.0), (" all", -1.0), ("!", -1.0)]


def test_a_question_has_a_winner_by_each_measure_and_a_run_has_an_accuracy(
    nbx: Runner, server: FakeServer
) -> None:
    pair = [choice("A: no!", NO), choice("A: not at all!", NOT_AT_ALL)]
    again = [choice("A: no!", NO, index=2), choice("A: not at all!", NOT_AT_ALL, index=3)]
    server.script(echoed(*[{**one, "index": place} for place, one in enumerate(pair)], *again))
    save_rows(QUESTION, {**QUESTION, "id": "r", "gold": 0})
    result = nbx("score", "--jsonl", "rows.jsonl")
    assert result.code == 0, result.err
    assert len(server.requests) == 1  # the choices of a question share a request
    one, two = map(json.loads, result.out.splitlines())
    assert one["winners"] == {"total": 0, "per_token": 1, "per_character": 1, "per_byte": 1}
    assert (one["gold"], one["acc"], one["acc_norm"], one["acc_bytes"]) == (1, 0, 1, 1)
    assert (two["gold"], two["acc"], two["acc_norm"], two["acc_bytes"]) == (0, 1, 0, 0)
    assert one["choices"][1]["log_likelihood"] == -3.0
    assert one["choices"][1]["per_byte"] == -3.0 / len("not at all")
    means = ", ".join(f"{name} 0.5000 ± 0.5000" for name in ("acc", "acc_norm", "acc_bytes"))
    assert f"{means}, 2 questions" in result.err


def test_acc_norm_counts_characters_and_acc_bytes_counts_bytes(nbx: Runner, server: FakeServer) -> None:
    # -4 for 2 characters or 4 bytes, and -3.9 for 3 characters or bytes.
    russian: list[Pair] = [("A", None), (":", -1.0), (" да", -4.0), ("!", -1.0)]
    english: list[Pair] = [("A", None), (":", -1.0), (" yes", -3.9), ("!", -1.0)]
    server.script(echoed(choice("A: да!", russian), choice("A: yes!", english, index=1)))
    save_rows({"context": "A:", "choices": [" да", " yes"], "gold": 0})
    result = nbx("score", "--jsonl", "rows.jsonl")
    assert result.code == 0, result.err
    assert [one["per_character"] for one in result.json["choices"]] == [-2.0, -3.9 / 3]
    assert [one["per_byte"] for one in result.json["choices"]] == [-1.0, -3.9 / 3]
    assert (result.json["acc"], result.json["acc_norm"], result.json["acc_bytes"]) == (0, 0, 1)


def test_a_question_fails_if_one_of_its_choices_has_no_score(nbx: Runner, server: FakeServer) -> None:
    server.script(
        echoed(choice("A: no!", NO), choice("A: not at all!", [("A", None), ("x", -1.0)] * 2, index=1))
    )
    save_rows(QUESTION)
    result = nbx("score", "--jsonl", "rows.jsonl")
    assert result.code == 9
    assert "do not match the prompt" in result.json["error"]["message"]
    assert "acc" not in result.err


def test_two_models_are_compared(nbx: Runner, server: FakeServer) -> None:
    other: list[Pair] = [(token, logprob and logprob * 2) for token, logprob in PAIRS]
    server.script(echoed(choice(TEXT + "!", PAIRS)), echoed(choice(TEXT + "!", other)))
    result = nbx("score", TEXT, "-m", "one", "--against", "two", "--json")
    assert result.code == 0, result.err
    assert [request.json["model"] for request in server.requests] == ["one", "two"]
    assert (result.json["model"], result.json["against_model"]) == ("one", "two")
    assert (result.json["log_likelihood"], result.json["against"]["log_likelihood"]) == (-6.0, -12.0)
    assert result.json["difference"] == 6.0
    assert "kl" not in result.json


def test_rows_are_compared_with_their_kl_divergence(nbx: Runner, server: FakeServer) -> None:
    half = {" b": math.log(0.5), " c": math.log(0.25)}
    quarter = {" b": math.log(0.25), " c": math.log(0.5)}
    for top in (half, quarter):
        lists = {"tokens": ["a", " b", "!"], "token_logprobs": [None, top[" b"], -1.0]}
        server.script(
            echoed(choice("a b!", [], logprobs={**lists, "top_logprobs": [None, top, {"!": -1.0}]}))
        )
    command = ("score", "--jsonl", "rows.jsonl", "-m", "one", "--against", "two", "--logprobs", "2")
    save_rows("a b")
    result = nbx(*command, "--concurrency", "1")
    assert result.code == 0, result.err
    assert [request.json["logprobs"] for request in server.requests] == [2, 2]
    assert result.json["difference"] == pytest.approx(math.log(2))
    kl = result.json["kl"]
    assert kl["at_least"] == pytest.approx(0.5 * math.log(2) + 0.25 * math.log(0.5))
    assert (kl["tail"], kl["tail_against"]) == (pytest.approx(0.25), pytest.approx(0.25))
    assert "one minus two: log-likelihood 0.6931 on average over 1 text" in result.err
    assert "KL divergence of two from one: at least 0.1733 nats per token (1 token)" in result.err


def test_a_terminal_shows_two_models_as_a_table(nbx: Runner, server: FakeServer) -> None:
    server.script(*[echoed(choice(TEXT + "!", PAIRS))] * 2)
    command = ("score", TEXT, "-m", "one", "--against", "two", "--logprobs", "1")
    result = nbx(*command, stdout_tty=True, env={"NO_COLOR": "1"})
    lines = result.out.splitlines()
    assert lines[0].split() == ["measure", "one", "two", "difference"]
    assert "0.0000" in lines[2]
    assert "KL divergence of two from one: at least 0.0000" in result.err
