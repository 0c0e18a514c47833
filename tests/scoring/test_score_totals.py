"""The totals over all records: accuracies, perplexity and differences."""

import math
from typing import Any

import pytest

from nebius_cli.scoring.score_totals import Totals


def added(*records: dict[str, Any], models: tuple[str, ...] = ("one", "two")) -> Totals:
    totals = Totals(models)
    for record in records:
        totals.add(record)
    return totals


NO_GOLD = "no question has a gold answer, so no accuracy is computed"


def lines(*records: dict[str, Any]) -> list[str]:
    return added(*records).lines()


def compared(difference: float, **more: Any) -> dict[str, Any]:
    return {"difference": difference, "difference_per_byte": difference / 10, **more}


def test_records_without_means_have_no_totals() -> None:
    assert lines() == lines({"log_likelihood": -1.0}, {"error": {"exit": 3}}) == []
    assert lines({"choices": [], "winners": {}}) == [NO_GOLD]


def test_accuracy_excludes_questions_that_failed() -> None:
    records: list[dict[str, Any]] = [{"acc": 1, "acc_norm": 0, "acc_bytes": 1}, {"error": {}}]
    records.insert(1, {"acc": 0, "acc_norm": 0, "acc_bytes": 1})
    assert lines(*records) == [
        "acc 0.5000 ± 0.5000, acc_norm 0.0000 ± 0.0000, acc_bytes 1.0000 ± 0.0000, 2 questions"
    ]
    assert lines(records[0]) == ["acc 1.0000, acc_norm 0.0000, acc_bytes 1.0000, 1 question"]


def text(log_likelihood: float, tokens: int, size: int) -> dict[str, Any]:
    return {"log_likelihood": log_likelihood, "tokens_scored": tokens, "bytes_scored": size}


def test_the_perplexity_of_all_texts_gives_every_token_the_same_weight() -> None:
    odd: list[dict[str, Any]] = [{"error": {}}, {"choices": [], "winners": {}}]
    totals = added(text(-6.0, 2, 10), text(-2.0, 6, 30), *odd, models=("one",))
    found = totals.to_json()
    assert (found["texts"], found["tokens_scored"], found["bytes_scored"]) == (2, 8, 40)
    assert found["log_likelihood"] == -8.0
    assert found["perplexity"] == pytest.approx(math.exp(1))
    assert found["bits_per_byte"] == pytest.approx(0.2 / math.log(2))
    assert totals.lines() == [
        NO_GOLD,
        "perplexity 2.7183, bits per byte 0.2885, log-likelihood -8.0000, 2 texts, 8 tokens",
    ]


def test_a_perplexity_too_large_for_a_float_is_null() -> None:
    totals = added(text(-9999.0, 1, 1), models=("one",))
    assert totals.to_json()["perplexity"] is None
    assert "perplexity inf" in totals.lines()[0]


def summary(*records: dict[str, Any]) -> dict[str, Any]:
    return added(*records).to_json()


ALL_RIGHT = {"acc": 1, "acc_norm": 1, "acc_bytes": 1}


def test_json_has_the_accuracies_under_their_usual_names() -> None:
    wrong = {"acc": 0, "acc_norm": 1, "acc_bytes": 1}
    assert summary(ALL_RIGHT, {"error": {}}, wrong) == {
        "model": "one",
        "against_model": "two",
        "questions": 2,
        "acc": 0.5,
        "acc_stderr": 0.5,
        "acc_norm": 1.0,
        "acc_norm_stderr": 0.0,
        "acc_bytes": 1.0,
        "acc_bytes_stderr": 0.0,
    }
    assert summary(ALL_RIGHT)["acc_stderr"] is None
    assert summary({"error": {}}) == {"model": "one", "against_model": "two"}


def test_json_has_the_differences_between_two_models() -> None:
    won = {"winners": {"total": 0}}
    question = {**ALL_RIGHT, **won, "against": {"acc": 0, "acc_norm": 1, "acc_bytes": 1, **won}}
    found = summary(question, question)
    assert (found["acc"], found["against"]["acc"], found["differences"]["acc"]) == (1.0, 0.0, 1.0)
    assert found["differences"]["acc_stderr"] == 0.0
    without_gold = {"winners": {"total": 0}, "against": {"winners": {"total": 1}}}
    found = summary(question, question, without_gold)
    assert (found["same_choice"], found["compared_questions"], found["questions"]) == (2, 3, 2)
    kl = {"tokens": 2, "at_least": 1.0, "tail": 0.5, "tail_against": 0.25}
    scores = {**text(-1.0, 1, 4), "against": text(-2.0, 1, 4)}
    found = summary(compared(1.0, kl=kl, **scores), compared(3.0, kl=None, **scores))
    assert (found["log_likelihood"], found["against"]["log_likelihood"]) == (-2.0, -4.0)
    assert found["difference_per_byte"] == pytest.approx(0.2)
    assert (found["texts"], found["difference"], found["difference_stderr"], found["kl"]) == (2, 2.0, 1.0, kl)


def test_differences_are_shown_as_means() -> None:
    assert lines(compared(1.0), compared(3.0)) == [
        "one minus two: log-likelihood 2.0000 ± 1.0000 on average over 2 texts",
        "one minus two: 0.2000 ± 0.1000 nats per byte",
    ]


def test_divergences_are_shown_as_means_over_tokens() -> None:
    one = {"tokens": 1, "at_least": 1.0, "tail": 0.5, "tail_against": 0.25}
    two = {"tokens": 3, "at_least": 2.0, "tail": 0.1, "tail_against": 0.05}
    found = lines(compared(1.0, kl=one), compared(1.0, kl=two), compared(1.0, kl=None))[2:]
    assert found == [
        "KL divergence of two from one: at least 1.7500 nats per token (4 tokens)",
        "probability of tokens not reported by both: 0.2000 for one, 0.1000 for two",
        "no KL divergence for 1 of 3 texts: the models split them into different tokens",
    ]


def test_a_run_with_one_model_ignores_differences_left_by_an_earlier_run() -> None:
    totals = added(compared(1.0, kl=None), ALL_RIGHT, models=("one",))
    assert totals.lines() == ["acc 1.0000, acc_norm 1.0000, acc_bytes 1.0000, 1 question"]
