"""Log probabilities as servers send them, and the figures that nbx computes from them."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.response.parse_logprobs import parse, parse_prompt_logprobs
from nebius_cli.response.token_logprobs import (
    Alternative,
    Rank,
    TokenLogprob,
    entropy,
    join,
    perplexity,
    probability,
    rank,
    surprise,
)

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = ("tokens", "token_logprobs", "top_logprobs", "text_offset", "content", "token", "logprob", "bytes")
ENTRY = st.dictionaries(st.sampled_from(MEMBERS), ANY)
NEARLY = st.dictionaries(st.sampled_from(MEMBERS), ANY | st.lists(ENTRY | ANY, max_size=3))


def completions(**lists: Any) -> tuple[TokenLogprob, ...]:
    """Parse the completions shape of one token, unless lists are given."""
    return parse({"tokens": ["a"], "token_logprobs": [-1.0], **lists})


def chat(**members: Any) -> TokenLogprob:
    """Parse one entry of the chat endpoint's shape."""
    (token,) = parse({"content": [{"token": "a", "logprob": -1.0, "bytes": [97], **members}]})
    return token


def test_the_completions_shape_with_echo_is_parsed() -> None:
    # As vLLM sends it: no prediction for the first token.
    parsed = parse(
        {
            "text_offset": [0, 5],
            "token_logprobs": [None, -0.12],
            "tokens": ["Hello", " world"],
            "top_logprobs": [None, {"!": -2.3, " world": -0.12}],
        }
    )
    likely = (Alternative(" world", -0.12, chosen=True), Alternative("!", -2.3))
    assert parsed == (TokenLogprob("Hello", offset=0), TokenLogprob(" world", -0.12, likely, 5))


def test_the_chat_shape_is_parsed() -> None:
    others = [{"token": "b", "logprob": -0.5, "bytes": [98]}, {"token": "a", "logprob": -1.0, "bytes": [97]}]
    likely = (Alternative("b", -0.5, b"b"), Alternative("a", -1.0, b"a", chosen=True))
    assert chat(top_logprobs=others) == TokenLogprob("a", -1.0, likely, None, b"a")


def test_an_id_tells_which_alternative_was_chosen_if_the_bytes_do_not() -> None:
    # What llama.cpp sends for the last of three tokens that make up one character.
    others = [{"id": 231, "token": "\ufffd", "bytes": [141], "logprob": -1.25}]
    others += [{"id": 224, "token": "\ufffd", "bytes": [134], "logprob": -2.7}] * 2
    token = chat(id=224, token="\uff06", bytes=[239, 188, 134], logprob=-2.7, top_logprobs=others)
    assert [other.chosen for other in token.alternatives] == [False, True, False]


@pytest.mark.parametrize(
    ("sent", "known"),
    [
        (-9999.0, -math.inf),
        (-3.4028234663852886e38, -math.inf),
        (-10000, -math.inf),
        (-(10**400), -math.inf),
        (1e-7, 0.0),
        (0, 0.0),
        (-2, -2.0),
        (12.5, None),
        (10**400, None),
        (math.nan, None),
        (math.inf, None),
        (True, None),
        ("-1", None),
        (None, None),
    ],
)
def test_values_that_are_not_log_probabilities_are_unknown(sent: Any, known: float | None) -> None:
    assert completions(token_logprobs=[sent])[0].logprob == known
    assert chat(logprob=sent).logprob == known


def test_an_alternative_without_a_log_probability_is_ignored() -> None:
    assert completions(top_logprobs=[{"b": None, "c": "x"}])[0].alternatives == ()
    assert chat(top_logprobs=[{"token": "b"}, "c", None]).alternatives == ()


@pytest.mark.parametrize("logprobs", [[-1.0], [-1.0, -2.0, -3.0], [], None, {"a": -1.0}])
def test_a_list_of_another_length_is_not_paired_with_the_tokens(logprobs: Any) -> None:
    lists = {
        "tokens": ["a", "b"],
        "token_logprobs": logprobs,
        "top_logprobs": [{"a": -1.0}],
        "text_offset": [0],
    }
    assert parse(lists) == (TokenLogprob("a"), TokenLogprob("b"))


def test_alternatives_of_another_length_are_ignored_but_log_probabilities_are_kept() -> None:
    lists = {"tokens": ["a", "b"], "token_logprobs": [-1.0, -2.0], "top_logprobs": [{"b": -2.0}]}
    assert parse(lists) == (TokenLogprob("a", -1.0), TokenLogprob("b", -2.0))


def test_the_first_entry_of_prompt_logprobs_is_the_token_of_the_prompt() -> None:
    position = {
        "5": {"logprob": -3.0, "rank": 9, "decoded_token": "a"},
        "6": {"logprob": -1, "decoded_token": "b"},
    }
    first, token, broken = parse_prompt_logprobs(
        [None, position, {"5": {"logprob": "x"}, "6": position["6"]}]
    )
    assert first == broken == TokenLogprob("")
    assert (token.text, token.logprob) == ("a", -3.0)
    assert [(other.text, other.chosen) for other in token.alternatives] == [("b", False), ("a", True)]


@pytest.mark.parametrize(
    "nothing",
    [None, {}, {"tokens": None}, {"token_logprobs": [-1.0]}, {"tokens": "ab"}, {"content": []}, ["tokens"]],
)
def test_missing_log_probabilities_give_no_tokens(nothing: Any) -> None:
    assert parse(nothing) == ()


@given(NEARLY)
def test_any_value_from_a_server_is_parsed(value: dict[str, Any]) -> None:
    for token in parse(value):
        assert isinstance(token.text, str)
        assert token.logprob is None or token.logprob <= 0
        figures = (probability(token.logprob), surprise(token.logprob), entropy(token))
        assert all(figure is None or figure >= 0 for figure in figures)
        falling = [other.logprob for other in token.alternatives]
        assert falling == sorted(falling, reverse=True)
    confused = perplexity(token.logprob for token in parse(value))
    assert confused is None or confused >= 1
    assert isinstance(join(parse(value)), str)


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        (r"bytes:\xe2\x80", b"\xe2\x80"),
        (r"bytes: \xf0\x9f", b" \xf0\x9f"),
        (r"bytes:é\xE2", "é".encode() + b"\xe2"),
    ],
)
def test_escaped_bytes_in_the_text_of_a_token_are_its_bytes(text: str, raw: bytes) -> None:
    (token,) = completions(tokens=[text], top_logprobs=[{text: -1.0}])
    assert token.raw == token.exact == raw
    assert (token.alternatives[0].raw, token.alternatives[0].chosen) == (raw, True)


@pytest.mark.parametrize("text", ["bytes:", "bytes: none", r"\xe2", r"bytes:\n", r"bytes:\x4"])
def test_text_that_only_resembles_escaped_bytes_is_text(text: str) -> None:
    assert completions(tokens=[text])[0].raw is None


@pytest.mark.parametrize("numbers", [None, "a", [256], [-1], ["a"], [True], [1.0], {}])
def test_invalid_lists_of_bytes_are_ignored(numbers: Any) -> None:
    assert chat(bytes=numbers).raw is None


def test_characters_that_are_split_between_tokens_are_joined() -> None:
    entries = [{"token": "\ufffd", "bytes": [226]}, {"token": "\ufffd", "bytes": [128, 153]}, {"token": "s"}]
    assert join(parse({"content": entries})) == "\u2019s"
    assert join(parse({"tokens": [r"bytes:\xe2\x80", r"bytes:\x99", "s"]})) == "\u2019s"
    assert join([TokenLogprob("\ud83d")]) == "\ufffd" * 3


def test_probability_and_surprise_are_computed_from_the_log_probability() -> None:
    assert probability(math.log(0.25)) == pytest.approx(0.25)
    assert surprise(math.log(0.25)) == pytest.approx(2)
    assert (probability(-math.inf), surprise(-math.inf)) == (0, math.inf)
    assert (probability(None), surprise(None)) == (None, None)
    assert math.copysign(1, surprise(0.0) or 0.0) == 1


def likely(*masses: float, chosen: int | None = 0) -> TokenLogprob:
    """Return a token and alternatives with these probabilities."""
    others = [Alternative(str(i), math.log(mass), None, i == chosen) for i, mass in enumerate(masses)]
    return TokenLogprob("x", math.log(masses[chosen or 0]), tuple(others))


def test_entropy_is_exact_if_the_whole_distribution_is_known() -> None:
    assert entropy(likely(0.5, 0.25, 0.125, 0.125)) == pytest.approx(1.75)
    assert entropy(likely(0.5, 0.5)) == pytest.approx(1)


def test_entropy_counts_the_unreported_probability_as_one_token() -> None:
    assert entropy(likely(0.5, 0.25)) == pytest.approx(1.5)


def test_entropy_counts_a_chosen_token_outside_the_alternatives_once() -> None:
    outside = TokenLogprob("x", math.log(0.25), (Alternative("y", math.log(0.5)),))
    assert entropy(outside) == pytest.approx(1.5)
    unknown = TokenLogprob("x", None, (Alternative("y", math.log(0.5)),))
    assert entropy(unknown) == pytest.approx(1)


def test_entropy_and_rank_are_none_if_too_little_was_reported() -> None:
    assert entropy(TokenLogprob("x", -1.0)) is None
    assert rank(TokenLogprob("x", -1.0)) is None
    assert rank(TokenLogprob("x", None, (Alternative("y", -1.0),))) is None


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=20), st.integers(1, 20))
def test_the_reported_entropy_never_exceeds_the_true_entropy(weights: list[int], reported: int) -> None:
    masses = sorted((weight / sum(weights) for weight in weights), reverse=True)
    true = -math.fsum(mass * math.log2(mass) for mass in masses)
    bound = entropy(likely(*masses[:reported]))
    assert bound is not None
    assert bound <= true + 1e-9
    if reported >= len(masses):
        assert bound == pytest.approx(true, abs=1e-9)


def test_rank_is_known_if_a_less_likely_token_was_reported() -> None:
    assert rank(likely(0.5, 0.3, 0.1, chosen=0)) == Rank(1, known=True)
    assert rank(likely(0.5, 0.3, 0.1, chosen=1)) == Rank(2, known=True)
    # A server that adds the chosen token to the two likeliest sends the same as one that sends three.
    assert rank(likely(0.5, 0.3, 0.1, chosen=2)) == Rank(3, known=False)
    assert rank(TokenLogprob("x", -9.0, (Alternative("y", -1.0),))) == Rank(2, known=False)


def test_perplexity_ignores_unknown_log_probabilities() -> None:
    assert perplexity([math.log(0.5), None, math.log(0.125)]) == pytest.approx(4)
    assert perplexity([None]) is None
    assert perplexity([]) is None
    assert perplexity([-1.0, -math.inf]) == math.inf
    assert perplexity([-9000.0]) == math.inf
