"""`nbx score --local` and `nbx rank --local`: the real engine, checked against an independent softmax."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.local.llama_cpp_library_logprobs import LibraryScoring
from tests.support.run import Runner
from tests.support.weights import real_weights

pytestmark = pytest.mark.engine

SOFTMAX = Path(__file__).parent.parent / "support" / "softmax.py"
CONTEXT = "The lighthouse stood on a rock."
TEXT = " José wrote: 日本 🦙\n\n  'Well.'"
# llama.cpp adds up the denominator of its softmax in 32 bits, where the smallest of 49,152 terms are lost.
# That makes each log probability too high, by 0.0001 to 0.0002 here.
CLOSE = 1e-3


def independent(*orders: dict[str, Any]) -> list[Any]:
    """Return the tokens and log probabilities of texts by llama.cpp's C library and a softmax in Python."""
    done = subprocess.run(
        [sys.executable, str(SOFTMAX), str(real_weights())],
        input="".join(json.dumps(order) + "\n" for order in orders),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_log_probability_is_the_softmax_of_the_models_logits(local: Runner) -> None:
    whole = local("score", "--local", CONTEXT + TEXT, "--json", "--tokens").json
    after = local("score", "--local", "-c", CONTEXT, TEXT, "--json", "--tokens").json
    prefill = whole["tokens"] - after["tokens"]
    exact_whole, exact_after = independent(
        {"text": CONTEXT + TEXT, "prefill": 1}, {"text": CONTEXT + TEXT, "prefill": prefill}
    )
    assert (whole["tokens"], whole["tokens_scored"]) == (len(exact_whole["ids"]), len(exact_whole["ids"]) - 1)
    assert 0 < prefill < whole["tokens"]
    for reported, exact in ((whole, exact_whole["logprobs"]), (after, exact_after["logprobs"])):
        own = [entry["logprob"] for entry in reported["token_logprobs"] if entry["logprob"] is not None]
        assert own == pytest.approx(exact, abs=CLOSE)
        assert reported["per_token"] == pytest.approx(sum(exact) / len(exact), abs=CLOSE)
        assert reported["log_likelihood"] == pytest.approx(sum(exact), rel=CLOSE)
        assert reported["log_likelihood"] == pytest.approx(sum(own), abs=1e-9)
    assert after["bytes_scored"] == len(TEXT.encode())


def test_a_text_has_the_same_score_each_time_whatever_was_scored_before(local: Runner) -> None:
    alone = local("score", "--local", "-c", CONTEXT, " It fell.", "--json").json
    lines = [{"context": CONTEXT, "text": text} for text in (TEXT, " It fell.", TEXT, "x y", " It fell.")]
    stdin = "\n".join(map(json.dumps, lines)).encode()
    result = local("score", "--local", "--jsonl", "-", stdin=stdin)
    assert result.code == 0, result.err
    totals = [json.loads(line)["log_likelihood"] for line in result.out.splitlines()]
    assert totals[2] == totals[0]
    assert totals[4] == totals[1] == alone["log_likelihood"]


def test_the_first_token_has_no_prediction(local: Runner) -> None:
    # This model adds no token in front of a prompt.
    reported = local("score", "--local", "The capital", "--json", "--tokens").json
    assert [entry["logprob"] is None for entry in reported["token_logprobs"]] == [True, False]
    result = local("score", "--local", "The")
    assert result.code == 65
    assert "nothing to score" in result.err


def test_candidates_are_ranked_as_expected(local: Runner) -> None:
    candidates = (" a", " London", " Paris")
    result = local("rank", "--local", "-c", "The capital of France is", *candidates, "--json")
    assert result.code == 0, result.err
    assert [entry["text"] for entry in result.json["candidates"]] == [" Paris", " London", " a"]
    assert result.json["winners"] == {"total": 2, "per_token": 2, "per_byte": 2}
    assert result.json["model"] == "SmolLM2-135M-Instruct.Q4_1"
    first = result.json["candidates"][0]
    [alone] = independent({"text": "The capital of France is Paris", "prefill": 5})
    assert first["log_likelihood"] == pytest.approx(alone["logprobs"][0], abs=CLOSE)


def test_a_token_that_spans_the_boundary_is_reported(local: Runner) -> None:
    result = local("score", "--local", "-c", "The capital of Fra", "nce is", "--json")
    assert result.json["spanning_token"] == " France"
    assert "counts as part of the text" in result.err


def test_special_tokens_in_a_text_are_scored_as_special_tokens(local: Runner) -> None:
    reported = local("score", "--local", "Hi<|im_end|>\n<|im_start|>", "--json", "--tokens").json
    assert [entry["token"] for entry in reported["token_logprobs"]] == [
        "Hi",
        "<|im_end|>",
        "\n",
        "<|im_start|>",
    ]
    assert reported["token_logprobs"][3]["logprob"] > -1  # it usually follows the end of a message


def test_a_text_longer_than_the_context_is_refused_and_the_next_is_scored(local: Runner) -> None:
    stdin = json.dumps({"id": "long", "context": "a b " * 5000, "text": " c"}) + '\n"The capital"\n'
    result = local("score", "--local", "--jsonl", "-", stdin=stdin.encode())
    assert result.code == 9
    long, short = map(json.loads, result.out.splitlines())
    assert long["error"]["message"] == "the text has 10,002 tokens; the model accepts at most 8,192"
    assert long["error"]["exit"] == 65
    assert "split it into several texts" in result.err
    assert "repeat" not in result.err
    assert short["tokens_scored"] == 1


def test_any_gguf_file_can_score(local: Runner, tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    file.symlink_to(real_weights())
    result = local("score", "--model-file", str(file), "The capital of France", "--json")
    assert result.json["model"] == "mine"


def test_a_long_text_is_scored_in_windows_each_token_given_those_before_it(local: Runner) -> None:
    text = "The lighthouse stood on a rock. The second lighthouse stood on a rock, too."
    shown = ("--local", "--json", "--tokens")
    done = local("score", *shown, text, "--window", "9", "--stride", "4").json
    with LibraryScoring(real_weights()) as engine:
        tokens = engine.tokenize(text)
        expected: list[float] = []
        for place in range(1, len(tokens)):
            begin = 4 * max(0, -(-(place - 8) // 4))  # start of the first window with the token
            *_, last = engine.logprobs(tokens[begin : place + 1], place - begin)
            expected.append(float(str(last.logprob)))
    assert len(tokens) > 15
    # A batch of another size uses other kernels: docs/scoring.md describes the difference.
    found = [entry["logprob"] for entry in done["token_logprobs"]]
    assert found[0] is None
    assert found[1:] == pytest.approx(expected, abs=0.5)
    assert done["log_likelihood"] == pytest.approx(sum(expected), rel=0.01)
    whole = local("score", *shown, text).json
    assert whole["log_likelihood"] > done["log_likelihood"]
    assert local("score", *shown, text, "--stride", "4").json == whole  # it fits into the model's context


def test_rows_are_scored_in_windows_like_one_text_and_other_windows_are_refused(
    local: Runner, folder: Path
) -> None:
    text = "The lighthouse stood on a rock. The second lighthouse stood on a rock, too."
    (folder / "in.jsonl").write_text(json.dumps({"text": text}) + "\n" + json.dumps({"text": "a b"}) + "\n")
    windows = ("--window", "9", "--stride", "4")
    run = ("score", "--local", "--jsonl", "in.jsonl", "-o", "out.jsonl")
    assert local(*run, *windows).code == 0
    first, second = map(json.loads, (folder / "out.jsonl").read_text().splitlines())
    alone = local("score", "--local", "--json", text, *windows).json
    assert {name: first[name] for name in alone} == alone
    assert second["tokens"] == 2
    for other in ((), ("--window", "9", "--stride", "5"), ("--window", "10", "--stride", "4")):
        refused = local(*run, *other)
        assert (refused.code, "would be sent again" in refused.err) == (2, True), refused.err
    refused = local(*run, "--restart", "--window", "9000", "--stride", "10")
    assert (refused.code, "must be at most 8,192, the context size of the model" in refused.err) == (2, True)


@pytest.mark.parametrize("head", [b"GGUF", b"no GGUF"])
def test_a_second_model_file_that_cannot_be_loaded_is_not_called_damaged(
    local: Runner, tmp_path: Path, head: bytes
) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(head)
    (tmp_path / "rows.jsonl").write_text('"a b"\n')
    for source in (("a b",), ("--jsonl", str(tmp_path / "rows.jsonl"))):
        result = local("score", "--local", *source, "--against-file", str(bad))
        assert (result.code, str(bad) in result.err) == (78, True)
        assert result.err.endswith("\n  choose another GGUF file\n")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--stride", "8"), "--stride requires a model on this machine"),
        (("--local", "--against", "other", "--stride", "8"), "--stride requires a model on this machine"),
        (("--local", "--window", "8"), "--window requires --stride"),
        (("--local", "--stride", "0"), "must be a number of tokens, at least 1"),
        (("--local", "--stride", "8", "--window", "x"), "must be a number of tokens, at least 1"),
        (("--local", "--stride", "8192"), "must be less than 8,190"),
    ],
)
def test_invalid_window_flags_are_a_usage_error(local: Runner, flags: tuple[str, ...], words: str) -> None:
    refused = local("score", "a b", *flags)
    assert (refused.code, refused.out, words in refused.err) == (2, "", True), refused.err
