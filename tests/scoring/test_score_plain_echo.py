"""The fast path for scoring an echo returns what the full alignment returns, or None."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nebius_cli.core.errors_and_exit_codes import NbxError
from nebius_cli.scoring.likelihood_and_perplexity import Passage, from_choice
from nebius_cli.scoring.score_plain_echo import score_plain

TOKEN = st.text(st.sampled_from("ab é日😀\n"), min_size=1, max_size=3)
ODD = st.sampled_from(["", "\ufffd", "bytes:\\xe6", "Ġa", "\u2581a", None, 3])
LOGPROB = st.one_of(st.floats(-20, 0), st.sampled_from([0, -9999.0, -10000.0, None, 0.5, math.nan]))


@settings(max_examples=300)
@given(st.data())
def test_the_fast_path_agrees_with_the_alignment(data: st.DataObject) -> None:
    max_tokens = data.draw(st.sampled_from([0, 1]))
    mostly = st.integers(0, 9).flatmap(lambda n: TOKEN if n else ODD)
    tokens: list[Any] = data.draw(st.lists(mostly, min_size=1, max_size=8))
    logprobs = [None, *data.draw(st.lists(LOGPROB, min_size=len(tokens) - 1, max_size=len(tokens) - 1))]
    texts = [token for token in tokens if isinstance(token, str)]
    special = data.draw(st.integers(0, 2))
    prompt = "".join(texts[special : len(texts) - max_tokens])
    boundary = data.draw(st.integers(0, len(prompt)))
    passage = Passage(prompt[boundary:], prompt[:boundary])
    lists = {"tokens": tokens, "token_logprobs": logprobs}
    quick = score_plain(passage.prompt, boundary, lists, max_tokens)
    if quick is None:
        return
    score = from_choice(passage, {"text": "".join(texts), "logprobs": lists}, max_tokens)
    assert quick == (score.log_likelihood, score.scored, score.bytes, score.spanning, score.count)
    assert score.floored == 0


PLAIN: dict[str, Any] = {"tokens": ["a", " b", " c", "!"], "token_logprobs": [None, -1.0, -2.0, -3.0]}


def test_the_usual_echo_is_scored() -> None:
    assert score_plain("a b c", 0, PLAIN, 1) == (-3.0, 2, 4, "", 3)
    assert score_plain("a b c", 3, PLAIN, 1) == (-2.0, 1, 2, "", 1)
    assert score_plain("a b c", 2, PLAIN, 1) == (-3.0, 2, 3, " b", 2)
    assert score_plain(" b c", 0, PLAIN, 1) == (-3.0, 2, 4, "", 2)  # "a" is a special token here
    assert score_plain("a b c!", 0, PLAIN, 0) == (-6.0, 3, 5, "", 4)


@pytest.mark.parametrize(
    ("prompt", "changed"),
    [
        ("a b c", {"tokens": None}),
        ("a b c", {"token_logprobs": [None]}),
        ("a b c", {"token_logprobs": [-1.0, -1.0, -2.0, -3.0]}),
        ("a b c", {"token_logprobs": [None, None, -2.0, -3.0]}),
        ("a b c", {"token_logprobs": [None, -9999.0, -2.0, -3.0]}),
        ("a b c", {"tokens": ["a", "", " b c", "!"]}),
        ("a b c", {"tokens": ["!"], "token_logprobs": [None]}),
        ("b c", {}),
        ("x b c", {}),
        ("a b c d", {}),
        ("a", {"tokens": ["a", "!"], "token_logprobs": [None, -1.0]}),
    ],
)
def test_anything_unusual_is_left_to_the_alignment(prompt: str, changed: dict[str, Any]) -> None:
    assert score_plain(prompt, 0, {**PLAIN, **changed}, 1) is None


def test_an_answer_without_lists_is_left_to_the_alignment() -> None:
    assert score_plain("a", 0, None, 1) is None
    with pytest.raises(NbxError):
        from_choice(Passage("a"), {"text": "a"}, 1, tokens=False)
