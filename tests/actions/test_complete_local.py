"""`nbx complete --local`: the real engine with real weights, used over HTTP like a server."""

import json
from pathlib import Path

import pytest

from tests.support.run import Runner
from tests.support.weights import real_weights

pytestmark = pytest.mark.engine

GREEDY = ("--temperature", "0", "--max-tokens", "3")
# The token IDs of "The capital" and "Once upon a time" in this model.
TOKENS = [[504, 3575], [6403, 2519, 253, 655]]


@pytest.mark.parametrize(
    ("prompt", "choices"),
    [
        (("The capital of France is",), 1),
        (("The capital of France is", "1, 2, 3, 4,"), 2),
        (("--tokens", json.dumps(TOKENS[0])), 1),
        (("--tokens", json.dumps(TOKENS)), 2),
    ],
    ids=["string", "strings", "tokens", "token arrays"],
)
@pytest.mark.parametrize("streamed", [(), ("--stream",)], ids=["whole", "streamed"])
def test_each_form_of_the_prompt_is_answered(
    local: Runner, prompt: tuple[str, ...], choices: int, streamed: tuple[str, ...]
) -> None:
    result = local("complete", "--local", *prompt, *GREEDY, "--json", *streamed)
    assert result.code == 0, result.err
    assert [choice["index"] for choice in sorted(result.json["choices"], key=lambda c: c["index"])] == list(
        range(choices)
    )
    assert all(choice["text"] and choice["finish_reason"] == "length" for choice in result.json["choices"])


def test_the_model_continues_the_text_it_was_given(local: Runner) -> None:
    result = local("complete", "--local", "The capital of France is", *GREEDY)
    assert (result.code, result.out, result.err) == (0, " Paris.\n\n", "")


def test_a_streamed_answer_equals_the_unstreamed_one(local: Runner) -> None:
    command = ("complete", "--local", "1, 2, 3, 4,", "-n", "2", *GREEDY, "--logprobs", "2", "--json")
    whole, streamed = local(*command).json, local(*command, "--stream").json
    for one, other in zip(
        whole["choices"], sorted(streamed["choices"], key=lambda c: c["index"]), strict=True
    ):
        assert {name: one[name] for name in ("index", "text", "finish_reason")} == {
            name: other[name] for name in ("index", "text", "finish_reason")
        }
        # The engine ends a stream with a frame that has no log probabilities.
        tokens = [entry["token"] for entry in other["logprobs"]["content"]]
        assert tokens == [entry["token"] for entry in one["logprobs"]["content"]]


def test_a_stop_sequence_ends_the_answer(local: Runner) -> None:
    result = local("complete", "--local", "1, 2, 3, 4,", "--stop", ",", *GREEDY, "--json")
    assert result.json["choices"][0]["finish_reason"] == "stop"
    assert result.json["choices"][0]["text"] == " 5"


def test_params_reach_the_engine(local: Runner) -> None:
    # With one token to choose from, the temperature cannot matter.
    prompt = ("complete", "--local", "The opposite of hot is", "--max-tokens", "8")
    greedy = local(*prompt, "--temperature", "0").out
    assert local(*prompt, "--temperature", "2", "--param", "top_k=1").out == greedy


def test_model_file_runs_any_gguf(local: Runner, tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    file.symlink_to(real_weights())
    result = local("complete", "--model-file", str(file), "The capital of France is", *GREEDY, "--json")
    assert result.code == 0
    assert result.json["model"] == "mine"


def test_a_local_answer_is_continued_locally_and_has_no_curl_command(local: Runner, tmp_path: Path) -> None:
    keeping = Runner({**local.environ, "NBX_HISTORY_TEXT": "true"})
    first = keeping("complete", "--local", "1, 2, 3, 4,", *GREEDY, "-N").out
    whole = local("complete", "--local", "1, 2, 3, 4," + first, *GREEDY, "--no-ledger").out
    file = tmp_path / "mine.gguf"
    for words in (("--continue",), ("--local", "x"), ("--model-file", str(file), "x")):
        refused = keeping("complete", *words, "--curl")
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.splitlines() == [
            "nbx: --curl cannot be used with a local model",
            "  the embedded engine stops when nbx exits",
            "  nbx local serve starts an engine that keeps running",
        ]
    assert keeping("complete", "--continue").out == whole
    there = keeping("complete", "--continue", "-m", "their/model", "--curl")
    assert (there.code, '"model":"their/model"' in there.out) == (0, True)


def test_an_ignored_model_is_reported_and_the_ledger_names_the_model_that_ran(
    local: Runner, tmp_path: Path
) -> None:
    said = "warning: -m other is ignored: --local runs SmolLM2"
    words = ("--local", "-m", "other", "--max-tokens", "1")
    result = local("complete", "x y", *words)
    assert (result.code, result.err.count(said)) == (0, 1)
    rows = tmp_path / "in.jsonl"
    rows.write_text('"x y"\n{"prompt": "z", "model": "third"}\n')
    result = local("bulk", str(rows), *words)
    assert (result.code, result.err.count(said)) == (0, 1)
    listed = local("usage", "--by", "model", "--json")
    assert "other" not in listed.out
    assert "third" not in listed.out
    assert said in local("score", "x y", "--local", "-m", "other").err


def test_an_invalid_field_is_refused_by_the_engine(local: Runner) -> None:
    result = local("complete", "--local", "x", "--param", "top_k=[]")
    assert result.code == 3
    assert "400" in result.err


@pytest.mark.parametrize(
    ("given", "configured"),
    [(["-n", "65"], ""), (["--param", "n=65"], ""), ([], "n = 65"), (["-n", "9" * 5000], "")],
    ids=["a flag", "a parameter", "the configuration", "an invalid number"],
)
def test_more_choices_than_the_engine_supports_are_a_usage_error(
    local: Runner, given: list[str], configured: str
) -> None:
    local.write_config(configured)
    result = local("complete", "--local", "x", "--max-tokens", "1", "--no-validate", *given)
    assert (result.code, result.out) == (2, "")
    why = "-n 65 is too many for a local model\n  the embedded engine generates at most 64 answers at once"
    assert why in result.err or "9" * 50 in result.err
