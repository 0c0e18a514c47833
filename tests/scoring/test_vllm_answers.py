"""Answers of a real vLLM 0.32, with the log-likelihoods that transformers computes for the same texts.

vllm_answers.jsonl: SmolLM2-135M, with its own tokenizer and with one that prepends a token ("bos").
"""

import json
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.core.errors_and_exit_codes import RejectedError
from nebius_cli.scoring import likelihood_and_perplexity
from nebius_cli.scoring.likelihood_and_perplexity import Passage, Score

LINES = (Path(__file__).parent / "vllm_answers.jsonl").read_text("utf-8").splitlines()
ANSWERS: list[dict[str, Any]] = [json.loads(line) for line in LINES]
CLOSE = 1e-3  # per token
IDS = [f"{answer['tokenizer']}-{index}" for index, answer in enumerate(ANSWERS)]


def check(score: Score, answer: dict[str, Any]) -> None:
    assert score.scored == answer["scored"]
    assert score.log_likelihood == pytest.approx(answer["log_likelihood"], abs=CLOSE * score.scored)


# Tokenizer, context and text of each case in which the first token may or may not end the first character.
UNKNOWN = {("own", "", "\ufffd日")}
# The first token is missing in prompt_logprobs: the next ones may or may not be part of the first character.
UNKNOWN_WITHOUT_THE_FIRST_TOKEN = {
    *UNKNOWN,
    ("bos", "", "\ufffd日"),
    ("own", "", "日本語"),
    ("own", "日", "本語"),
    ("own", "a", "\ufffdb"),
    ("own", "é", "😀😀"),
}


def refused(answer: dict[str, Any], unknown: set[tuple[str, str, str]]) -> bool:
    return (answer["tokenizer"], answer["context"], answer["text"]) in unknown


@pytest.mark.parametrize("answer", ANSWERS, ids=IDS)
def test_an_echo_of_vllm_has_the_score_that_transformers_computes(answer: dict[str, Any]) -> None:
    passage = Passage(answer["text"], answer["context"])
    if refused(answer, UNKNOWN):
        with pytest.raises(RejectedError, match="cannot score this text"):
            likelihood_and_perplexity.from_echo(passage, answer["answer"], answer["logprobs"], 1)
        return
    check(likelihood_and_perplexity.from_echo(passage, answer["answer"], answer["logprobs"], 1), answer)


@pytest.mark.parametrize("answer", ANSWERS, ids=IDS)
def test_prompt_logprobs_of_vllm_have_the_score_that_transformers_computes(answer: dict[str, Any]) -> None:
    passage = Passage(answer["text"], answer["context"])
    if refused(answer, UNKNOWN_WITHOUT_THE_FIRST_TOKEN):
        with pytest.raises(RejectedError, match="cannot score this text"):
            likelihood_and_perplexity.from_prompt_logprobs(passage, answer["prompt_logprobs"])
        return
    check(likelihood_and_perplexity.from_prompt_logprobs(passage, answer["prompt_logprobs"]), answer)
