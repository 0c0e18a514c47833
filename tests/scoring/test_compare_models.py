"""Comparison records: the scores of two models side by side."""

import math

import pytest

from nebius_cli.response.token_logprobs import Alternative
from nebius_cli.scoring.compare_models import comparison_record
from nebius_cli.scoring.likelihood_and_perplexity import Score, ScoredToken


def score(*tokens: ScoredToken) -> Score:
    return Score(tokens, -1.0, max(1, len(tokens) - 1), 2, 0, "", len(tokens))


def token(text: str, probability: float | None, offset: int, **others: float) -> ScoredToken:
    logprob = None if probability is None else math.log(probability)
    likely = tuple(Alternative(name, math.log(other)) for name, other in others.items())
    return ScoredToken(text, logprob, offset, None, likely)


FIRST = token("a", None, 0)


def test_the_kl_bound_treats_tokens_that_only_one_model_reports_as_one_token() -> None:
    one, other = score(FIRST, token("b", 0.5, 1, c=0.25)), score(FIRST, token("b", 0.25, 1, d=0.25))
    kl = comparison_record(one, other, with_divergence=True, tokens=False)["kl"]
    assert kl == {
        "tokens": 1,
        "at_least": pytest.approx(0.5 * math.log(2) + 0.5 * math.log(0.5 / 0.75)),
        "tail": pytest.approx(0.5),
        "tail_against": pytest.approx(0.75),
    }


def test_texts_that_the_models_tokenize_differently_have_no_divergence() -> None:
    one, other = score(FIRST, token("b", 0.5, 1)), score(token("ab", None, 0))
    assert comparison_record(one, other, with_divergence=True, tokens=False)["kl"] is None
    assert comparison_record(score(FIRST), score(FIRST), with_divergence=True, tokens=False)["kl"] is None
    assert "kl" not in comparison_record(one, other, with_divergence=False, tokens=False)
