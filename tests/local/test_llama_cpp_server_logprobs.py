"""Scoring with the engine's own endpoints: tokens, log probabilities and errors."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nebius_cli.core.errors_and_exit_codes import RejectedError, ServerError
from nebius_cli.local.llama_cpp_server_logprobs import EngineScoring, VocabularyToken
from nebius_cli.local.start_llama_cpp_server import Engine
from tests.support.weights import real_weights

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def model() -> Path:
    return real_weights()


@pytest.fixture(scope="module")
def native(model: Path) -> Iterator[EngineScoring]:
    with Engine(model, parallel=1, for_scoring=True) as engine, EngineScoring(engine) as scoring:
        yield scoring


def test_the_tokens_of_a_text_add_up_to_its_bytes(native: EngineScoring) -> None:
    text = "The capital é日🦙 of\n<|im_end|>"
    pieces = native.tokenize(text)
    assert b"".join(piece.raw for piece in pieces) == text.encode()
    assert pieces[:2] == [VocabularyToken(504, b"The"), VocabularyToken(3575, b" capital")]


def test_only_tokens_from_the_first_requested_one_have_a_log_probability(native: EngineScoring) -> None:
    pieces = native.tokenize("1, 2, 3, 4")
    found = [token.logprob for token in native.logprobs(pieces, 3)]
    assert [logprob is None for logprob in found] == [True] * 3 + [False] * (len(pieces) - 3)
    assert all(logprob <= 0 for logprob in found if logprob is not None)


def test_log_probabilities_match_those_of_a_completion(native: EngineScoring) -> None:
    # After "The capital of France", few tokens have nearly all of the probability.
    pieces = native.tokenize("The capital of France")
    answer = native._post("/completion", {"prompt": [p.id for p in pieces], "n_predict": 1, "n_probs": 50})
    top = answer["completion_probabilities"][0]["top_logprobs"]
    for entry in top[:3]:
        piece = VocabularyToken(entry["id"], bytes(entry["bytes"]))
        *_, reported = native.logprobs([*pieces, piece], len(pieces))
        assert reported.logprob == pytest.approx(entry["logprob"], abs=1e-3)


def test_a_token_that_the_engine_does_not_know_is_an_error(native: EngineScoring) -> None:
    with pytest.raises((ServerError, RejectedError)):
        list(native.logprobs([VocabularyToken(504, b"The"), VocabularyToken(99_999_999, b"x")], 1))


def test_more_tokens_than_fit_in_the_context_are_refused(native: EngineScoring) -> None:
    with pytest.raises(RejectedError) as caught:
        list(native.logprobs([VocabularyToken(504, b"The")] * 9000, 8999))
    assert caught.value.status == 400


def test_an_engine_that_died_is_reported(model: Path) -> None:
    with Engine(model, parallel=1, for_scoring=True) as engine, EngineScoring(engine) as native:
        engine.stop()
        with pytest.raises(ServerError, match="stopped unexpectedly"):
            native.tokenize("a")
