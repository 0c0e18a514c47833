"""`nbx score` and `nbx rank` with two models: on the server, on this machine, and one of each."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.ledger.ledger_database import NAME
from tests.support.echo import Pair, choice, echoed
from tests.support.run import Runner
from tests.support.server import FakeServer, Reply
from tests.support.weights import real_weights

CONTEXT: list[Pair] = [("A", None), (":", -1.0)]
TWO = ("-m", "one", "--against", "two")
QUESTION = {"context": "A:", "choices": [" no", " not at all"]}


def answer(no: float, not_at_all: float) -> Reply:
    """Return an answer to the prompts of QUESTION with these totals of the choices."""
    short: list[Pair] = [*CONTEXT, (" no", no), ("!", -1.0)]
    long: list[Pair] = [*CONTEXT, *[(text, not_at_all / 3) for text in (" not", " at", " all")], ("!", -1.0)]
    return echoed(choice("A: no!", short), choice("A: not at all!", long, index=1))


@pytest.fixture
def with_weights(nbx: Runner) -> Runner:
    """nbx with a server and with the weights of the embedded model."""
    return Runner({**nbx.environ, "NBX_CACHE_DIR": str(real_weights().parent.parent)})


def test_questions_are_compared_by_choice_and_by_accuracy(nbx: Runner, server: FakeServer) -> None:
    # The first model is right twice, the second one once; they pick the same choice for one question.
    for one, two in ([-1.0, -2.0], [-1.0, -2.0]), ([-3.0, -2.0], [-2.0, -3.0]):
        for totals in (one, two):
            server.script(answer(*totals))
    lines = [{**QUESTION, "gold": 0}, {**QUESTION, "gold": 1}]
    command = ("score", "--jsonl", "-", *TWO, "--group", "2", "--concurrency", "1")
    result = nbx(*command, stdin=b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    assert result.code == 0, result.err
    assert [request.json["model"] for request in server.requests] == ["one", "two"] * 2
    first, second = map(json.loads, result.out.splitlines())
    assert [entry["log_likelihood"] for entry in second["choices"]] == [-3.0, -2.0]
    assert [entry["log_likelihood"] for entry in second["against"]["choices"]] == [-2.0, -3.0]
    assert second["differences"] == [-1.0, 1.0]
    assert (first["differences"], first["winners"]["total"]) == ([0.0, 0.0], 0)
    assert (second["winners"]["total"], second["against"]["winners"]["total"]) == (1, 0)
    assert (second["acc"], second["against"]["acc"]) == (1, 0)
    assert "one: acc 1.0000 ± 0.0000" in result.err
    assert "two: acc 0.5000 ± 0.5000" in result.err
    assert "one minus two: acc 0.5000 ± 0.5000" in result.err
    assert "both models pick the same choice for 1 of 2 questions" in result.err


def test_the_standard_error_of_a_difference_is_computed_from_pairs(nbx: Runner, server: FakeServer) -> None:
    # Both models are wrong on the same question, so the standard error of their difference is 0.
    for totals in ((-1.0, -2.0), (-2.0, -1.0)):
        server.script(answer(*totals), answer(*totals))
    command = ("score", "--jsonl", "-", *TWO, "--group", "2", "--concurrency", "1")
    result = nbx(*command, stdin=(json.dumps({**QUESTION, "gold": 0}) + "\n").encode() * 2)
    assert result.code == 0, result.err
    assert "two: acc 0.5000 ± 0.5000" in result.err
    assert "one minus two: acc 0.0000 ± 0.0000" in result.err


def test_candidates_are_ranked_by_two_models(nbx: Runner, server: FakeServer) -> None:
    server.script(answer(-2.0, -3.0), answer(-4.0, -1.5))
    reported = nbx("rank", *TWO, "-c", "A:", " no", " not at all", "--json").json
    assert (reported["model"], reported["against_model"]) == ("one", "two")
    assert reported["winners"]["total"] == 0
    assert reported["against_winners"] == {"total": 1, "per_token": 1, "per_byte": 1}
    best = reported["candidates"][0]
    assert (best["text"], best["log_likelihood"], best["against"]["log_likelihood"]) == (" no", -2.0, -4.0)
    assert best["difference"] == 2.0


def test_the_table_of_two_rankings_has_both_totals(nbx: Runner, server: FakeServer) -> None:
    server.script(*[answer(-2.0, -3.0), answer(-4.0, -1.5)] * 2)
    rank = ("rank", *TWO, "-c", "A:", " no", " not at all")
    assert [line.split("\t") for line in nbx(*rank).out.splitlines()] == [
        ['" no"', "-2.0", "-4.0", "2.0", "total", "-"],
        ['" not at all"', "-3.0", "-1.5", "-1.5", "per token, per byte", "total, per token, per byte"],
    ]
    header = nbx(*rank, stdout_tty=True, env={"NO_COLOR": "1", "COLUMNS": "120"}).out.splitlines()[0]
    assert header.split("  ")[0] == "candidate"
    assert "difference" in header


@pytest.mark.engine
@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (("-m", "one", "--against-local"), ("one", "SmolLM2-135M-Instruct.Q4_1")),
        (("--local", "--against", "two"), ("SmolLM2-135M-Instruct.Q4_1", "two")),
    ],
    ids=["the second", "the first"],
)
def test_one_of_two_models_runs_on_this_machine(
    with_weights: Runner, server: FakeServer, flags: tuple[str, ...], names: tuple[str, str]
) -> None:
    pairs: list[Pair] = [("A", None), (":", -1.0), (" no", -2.0), ("!", -1.0)]
    server.script(echoed(choice("A: no!", pairs)))
    reported = with_weights("score", "-c", "A:", " no", *flags, "--json").json
    assert (reported["model"], reported["against_model"]) == names
    place = 0 if names[0] == "one" else 1  # the position of the server's model
    assert [request.json["model"] for request in server.requests] == [names[place]]
    scores = [reported["log_likelihood"], reported["against"]["log_likelihood"]]
    assert scores[place] == -2.0
    assert reported["difference"] == scores[0] - scores[1] != 0


@pytest.mark.engine
@pytest.mark.parametrize(
    ("flags", "place"),
    [(("-m", "one", "--against-local"), 0), (("--local", "--against", "one"), 1)],
    ids=["the second here", "the first here"],
)
def test_rows_are_compared_with_a_model_on_this_machine(
    with_weights: Runner, server: FakeServer, flags: tuple[str, ...], place: int
) -> None:
    server.script(answer(-1.0, -3.0))
    stdin = json.dumps({**QUESTION, "gold": 0}).encode() + b"\n"
    caps = ("--max-cost", "1", "--price", "1/1", "--concurrency", "1")
    result = with_weights("score", "--jsonl", "-", *flags, *caps, stdin=stdin)
    assert result.code == 0, result.err
    assert [request.json["model"] for request in server.requests] == ["one"]
    asked = result.json
    sides = [asked, asked["against"]]
    assert [entry["log_likelihood"] for entry in sides[place]["choices"]] == [-1.0, -3.0]
    assert sides[place]["acc"] == 1
    with sqlite3.connect(Path(with_weights.environ["NBX_DATA_DIR"]) / NAME) as ledger:
        rows = ledger.execute("SELECT model, host, cost FROM requests").fetchall()
    here = {row[1:] for row in rows if row[0] == "local/SmolLM2-135M-Instruct.Q4_1"}
    assert here == {("local", "0")}
    assert all(host.startswith("127.0.0.1") and cost != "0" for name, host, cost in rows if name == "one")
    alone = with_weights("score", "--local", "-c", "A:", " no", "--json").json
    assert sides[1 - place]["choices"][0]["log_likelihood"] == alone["log_likelihood"]


@pytest.mark.engine
def test_two_files_are_compared_on_this_machine(with_weights: Runner, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.gguf", "two.gguf")]
    for file in files:
        file.symlink_to(real_weights())
    flags = ("--model-file", str(files[0]), "--against-file", str(files[1]))
    lines: list[Any] = ["The capital of France", {**QUESTION, "gold": 0}]
    stdin = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    result = with_weights("score", "--jsonl", "-", *flags, stdin=stdin)
    assert result.code == 0, result.err
    text, question = map(json.loads, result.out.splitlines())
    assert text["difference"] == 0.0
    assert question["differences"] == [0.0, 0.0]
    assert "one minus two: log-likelihood 0.0000 on average" in result.err
