"""Scores as JSON, their warnings, and the winners of a ranking."""

import pytest

from nebius_cli.scoring import ranking, score_record
from nebius_cli.scoring.likelihood_and_perplexity import Score, ScoredToken

TOKENS = (ScoredToken("a", None, 0), ScoredToken(" b", -2.0, 1))


def score(total: float = -2.0, scored: int = 1, size: int = 2, floored: int = 0, spanning: str = "") -> Score:
    return Score(TOKENS, total, scored, size, floored, spanning, len(TOKENS))


def test_a_record_has_every_measure_and_on_request_the_tokens() -> None:
    record = score_record.score_record(score(), tokens=False)
    assert record == {
        "log_likelihood": -2.0,
        "tokens": 2,
        "tokens_scored": 1,
        "bytes_scored": 2,
        "per_token": -2.0,
        "per_byte": -1.0,
        "perplexity": pytest.approx(7.38905609893065),
        "bits_per_byte": pytest.approx(1.4426950408889634),
        "tokens_floored": 0,
        "spanning_token": None,
    }
    reported = score_record.score_record(score(), tokens=True)["token_logprobs"]
    assert reported == [
        {"token": "a", "logprob": None, "offset": 0},
        {"token": " b", "logprob": -2.0, "offset": 1},
    ]


def test_an_infinite_perplexity_is_null() -> None:
    assert score_record.score_record(score(-9999.0), tokens=False)["perplexity"] is None


def test_a_spanning_token_and_floored_tokens_are_warned_about() -> None:
    assert score_record.warnings(score()) == []
    one, two = score_record.warnings(score(floored=1, spanning=" Paris"))
    assert "' Paris' begins in the context" in one
    assert two.startswith("1 token has the log probability -9999")
    assert score_record.warnings(score(floored=2))[0].startswith("2 tokens have")


def test_each_measure_has_its_own_winner_and_the_first_of_equals_wins() -> None:
    short, long, wide = score(-2.0, 1, 2), score(-3.0, 3, 3), score(-3.0, 2, 30)
    assert ranking.winners([long, short, wide, short]) == {"total": 1, "per_token": 0, "per_byte": 2}
