"""Scores are computed from the tokens of the prompt, and never from other tokens."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.core.errors_and_exit_codes import BadInputError, RejectedError
from nebius_cli.response.token_logprobs import TokenLogprob
from nebius_cli.scoring import likelihood_and_perplexity
from nebius_cli.scoring.likelihood_and_perplexity import NoEchoError, Passage, Score
from tests.support.echo import Pair, logprobs

PARIS: list[Pair] = [("The", None), (" capital", -9.5), (" is", -0.5), (" Paris", -1.5), (".", -0.25)]
TEXT = "The capital is Paris."


def score(passage: Passage, pairs: list[Pair], text: str = "", max_tokens: int = 1) -> Score:
    return likelihood_and_perplexity.from_echo(
        passage, text or passage.prompt + "!", logprobs(pairs), max_tokens
    )


def test_the_total_is_the_sum_without_the_generated_token() -> None:
    found = score(Passage(TEXT), [*PARIS, (" And", -3.0)])
    assert found.log_likelihood == -11.75
    assert (found.scored, len(found.tokens), found.bytes) == (4, 5, len(TEXT) - 3)
    assert found.per_token == -11.75 / 4
    assert found.perplexity == math.exp(11.75 / 4)
    assert found.per_byte == -11.75 / 18
    assert found.bits_per_byte == pytest.approx(11.75 / 18 / math.log(2))
    assert [token.offset for token in found.tokens] == [0, 3, 11, 14, 20]


@pytest.mark.parametrize("max_tokens", [0, 1])
@pytest.mark.parametrize("more", [[], [(" And", -3.0)]], ids=["none generated", "one generated"])
def test_a_server_may_generate_one_token_more_or_less_than_requested(
    max_tokens: int, more: list[Pair]
) -> None:
    assert score(Passage(TEXT), [*PARIS, *more], max_tokens=max_tokens).log_likelihood == -11.75


def test_the_context_is_not_part_of_the_score() -> None:
    found = score(Passage(" Paris.", "The capital is"), [*PARIS, ("x", -1.0)])
    assert (found.log_likelihood, found.scored, found.bytes, found.spanning) == (-1.75, 2, 7, "")
    assert [(token.text, token.offset) for token in found.tokens] == [(" Paris", 0), (".", 6)]


def test_a_token_that_spans_the_boundary_counts_as_part_of_the_text() -> None:
    found = score(Passage("is.", "The capital is Par"), [*PARIS, ("x", -1.0)])
    assert (found.log_likelihood, found.scored, found.bytes, found.spanning) == (-1.75, 2, 3, " Paris")
    assert [token.offset for token in found.tokens] == [-4, 2]


@pytest.mark.parametrize("special", [["<s>"], ["[gMASK]", "<sop>"]], ids=" ".join)
def test_special_tokens_before_the_prompt_give_its_first_token_a_prediction(special: list[str]) -> None:
    pairs = [(text, -0.5 if index else None) for index, text in enumerate(special)]
    found = score(Passage("a b"), [*pairs, ("a", -2.0), (" b", -1.0), ("x", -1.0)])
    assert (found.log_likelihood, found.scored, len(found.tokens), found.bytes) == (-3.0, 2, 2, 3)


def test_a_special_token_in_the_prompt_is_part_of_the_text() -> None:
    found = score(Passage("<s>a"), [("<s>", None), ("a", -2.0), ("x", -1.0)])
    assert (found.log_likelihood, len(found.tokens)) == (-2.0, 2)


@pytest.mark.parametrize(
    "parts",
    [["\ufffd", "\ufffd"], ["", "日"], ["bytes:\\xe6\\x97", "bytes:\\xa5"]],
    ids=["replacement characters", "empty until it is complete", "escaped bytes"],
)
def test_a_character_in_two_tokens_is_located_however_the_server_shows_it(parts: list[str]) -> None:
    pairs: list[Pair] = [("é", None), (parts[0], -2.0), (parts[1], -1.0), ("本", -0.5), (" z", -4.0)]
    found = score(Passage("本 z", "é日"), [*pairs, ("x", -1.0)])
    assert (found.log_likelihood, found.scored, found.bytes, found.spanning) == (-4.5, 2, 5, "")
    assert [token.offset for token in found.tokens] == [0, 1]
    complete = score(Passage("日本 z", "é"), [*pairs, ("x", -1.0)])
    assert (complete.log_likelihood, complete.scored, complete.bytes) == (-7.5, 4, 8)


@pytest.mark.parametrize(
    ("context", "text", "total", "scored", "size"),
    [
        ("é ", "日本", -6.5, 4, 6),  # the space of " 日" is in the context, its first token in the text
        ("é 日", "本", -0.5, 1, 3),
        ("é", " 日本", -6.5, 4, 7),
    ],
)
def test_empty_tokens_belong_to_the_character_that_the_next_token_completes(
    context: str, text: str, total: float, scored: int, size: int
) -> None:
    pairs: list[Pair] = [("é", None), ("", -3.0), ("", -2.0), (" 日", -1.0), ("本", -0.5), ("", -9.0)]
    found = score(Passage(text, context), pairs)
    assert (found.log_likelihood, found.scored, found.bytes) == (total, scored, size)


def test_a_text_may_begin_with_a_split_character_or_contain_u_fffd() -> None:
    found = score(Passage("日本"), [("\ufffd", None), ("", -2.0), ("本", -1.0), ("", -9.0)])
    assert (found.log_likelihood, found.scored, found.bytes) == (-3.0, 2, 6)
    assert [token.offset for token in found.tokens] == [0, 0, 1]
    found = score(Passage("b", "a\ufffd"), [("a", None), ("", -2.0), ("b", -1.0), ("", -9.0)])
    assert (found.log_likelihood, found.scored) == (-1.0, 1)


def test_parts_of_a_character_that_no_token_completes_are_located() -> None:
    pairs: list[Pair] = [("x", None), (" ", -1.0), ("", -2.0), ("", -3.0), ("", -4.0), ("!", -5.0)]
    assert score(Passage(" ざ", "x"), pairs).log_likelihood == -10.0


def test_special_tokens_may_be_empty_or_missing_in_the_echo() -> None:
    passage = Passage("y", "x<|im_end|>")
    found = score(passage, [("x", None), ("", -2.0), ("y", -1.0), ("!", -9.0)], "xy!")
    assert (found.log_likelihood, found.scored) == (-1.0, 1)
    found = score(passage, [("x", None), ("<|im_end|>", -2.0), ("y", -1.0), ("!", -9.0)], "xy!")
    assert found.log_likelihood == -1.0


def test_a_token_that_may_be_on_either_side_of_the_boundary_is_an_error() -> None:
    # Two characters of three bytes in five parts: the third part may belong to either.
    pairs: list[Pair] = [("x", None), *[("", -1.0)] * 5, ("!", -1.0)]
    assert score(Passage("日本", "x"), pairs).log_likelihood == -5.0
    with pytest.raises(RejectedError) as caught:
        score(Passage("本", "x日"), pairs)
    assert caught.value.why == (
        "token 4 of 6 has no text in the answer: it may belong to the context or to the text"
    )


def test_prompt_logprobs_are_scored_although_the_first_token_is_missing() -> None:
    positions = [
        None,
        {"436": {"logprob": -5.5, "rank": 3, "decoded_token": " was"}, "29": {"logprob": -1.0}},
        {"9": {"logprob": -2.0, "rank": 1, "decoded_token": ""}},
        {"8": {"logprob": -1.0, "rank": 1, "decoded_token": " 日"}},
    ]
    found = likelihood_and_perplexity.from_prompt_logprobs(Passage("日", "Today was "), positions)
    assert (found.log_likelihood, found.scored, found.bytes) == (-3.0, 2, 3)
    assert (
        likelihood_and_perplexity.from_prompt_logprobs(Passage("Today was 日"), positions).log_likelihood
        == -8.5
    )
    with pytest.raises(RejectedError, match="cannot score this text"):
        likelihood_and_perplexity.from_prompt_logprobs(Passage("Yesterday"), positions)


def test_a_token_may_hold_a_space_and_part_of_a_character() -> None:
    found = score(Passage("a 日"), [("a", None), (" \ufffd", -2.0), ("\ufffd", -1.0), ("x", -1.0)])
    assert (found.log_likelihood, found.bytes) == (-3.0, 4)
    assert [token.offset for token in found.tokens] == [0, 1, 2]


def test_the_alphabet_of_byte_level_bpe_is_decoded() -> None:
    pairs = [("The", None), ("Ġcaf", -2.0), ("Ã©", -1.0), ("Ċ", -0.5), ("x", -1.0)]
    found = score(Passage("The café\n"), pairs)
    assert (found.log_likelihood, found.bytes) == (-3.5, 7)


@pytest.mark.parametrize(
    "tokens",
    [["▁The", "▁end", "."], [" The", " end", "."], ["The", "end", "."]],
    ids=["marks", "a leading space", "no spaces"],
)
def test_the_spaces_of_sentencepiece_tokens_are_restored(tokens: list[str]) -> None:
    pairs: list[Pair] = [("<s>", None), *((text, -1.0) for text in tokens), ("x", -1.0)]
    found = score(Passage("The end."), pairs)
    assert (found.log_likelihood, found.scored, found.bytes) == (-3.0, 3, 8)


def test_floored_log_probabilities_are_included_and_counted() -> None:
    found = score(Passage("a b c"), [("a", None), (" b", -9999.0), (" c", -1e38), ("x", -1.0)])
    assert (found.log_likelihood, found.floored, found.perplexity) == (-19998.0, 2, math.inf)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("!", [("!", -1.0)]),
        ("Paris", [("Paris", -1.0)]),
        ("Pari", [("Paris", None), ("!", -1.0), ("!", -1.0)]),
        ("", []),
    ],
    ids=["another text", "the generated text equals the prompt", "a different text", "nothing"],
)
def test_an_answer_without_the_echoed_prompt_is_never_scored(text: str, pairs: list[Pair]) -> None:
    with pytest.raises(NoEchoError, match="cannot score") as caught:
        likelihood_and_perplexity.from_echo(Passage("Paris"), text, logprobs(pairs), 1)
    assert "ignores echo" in caught.value.why


@pytest.mark.parametrize(
    "pairs",
    [
        [("!", None), ("?", -1.0)],
        [("Pa", None), ("r", -1.0)],
        [("London", None), ("!", -1.0)],
        [("\ufffd", None), ("!", -1.0)],
        [("", None), ("London", -1.0), ("!", -1.0)],
    ],
    ids=["other tokens", "too short", "another text", "ASCII", "an empty token"],
)
def test_an_echo_whose_tokens_are_not_the_prompt_is_never_scored(pairs: list[Pair]) -> None:
    with pytest.raises(RejectedError, match="cannot score this text") as caught:
        score(Passage("Paris"), pairs)
    assert caught.value.why == "the tokens of its answer do not match the prompt"


@pytest.mark.parametrize("lists", [None, {}, {"tokens": []}, {"content": []}])
def test_an_echo_without_log_probabilities_is_reported(lists: dict[str, object] | None) -> None:
    with pytest.raises(RejectedError) as caught:
        likelihood_and_perplexity.from_echo(Passage("a b"), "a b!", lists, 1)
    assert caught.value.why == "its answer has no log probabilities"


def test_tokens_that_make_up_the_prompt_need_no_offsets() -> None:
    lists = logprobs([*PARIS, ("x", -1.0)])
    del lists["text_offset"]
    found = likelihood_and_perplexity.from_echo(Passage(" Paris.", "The capital is"), TEXT + "x", lists, 1)
    assert found.log_likelihood == -1.75


def test_a_token_without_a_log_probability_is_an_error() -> None:
    with pytest.raises(RejectedError) as caught:
        score(Passage("a b"), [("a", None), (" b", None), ("x", -1.0)])
    assert caught.value.why == "token 2 of 2 has no log probability"


def test_a_text_without_any_predicted_token_is_an_error() -> None:
    for passage in (Passage("a"), Passage("")):
        with pytest.raises(BadInputError, match="nothing to score"):
            score(passage, [("a", None), ("x", -1.0)] if passage.text else [("x", -1.0)])


def test_tokens_with_their_bytes_are_scored_the_same_way() -> None:
    tokens = [TokenLogprob("é", None, raw="é".encode()), TokenLogprob("\ufffd", -2.0, raw=b"\xe6\x97")]
    tokens.append(TokenLogprob("\ufffd", -1.0, raw=b"\xa5"))
    found = likelihood_and_perplexity.from_tokens(Passage("日", "é"), tokens)
    assert (found.log_likelihood, found.bytes) == (-3.0, 3)
    blank = [TokenLogprob("<s>", None, raw=b"<s>"), TokenLogprob(" a", -1.0, raw=b" a")]
    assert likelihood_and_perplexity.from_tokens(Passage("a"), blank).log_likelihood == -1.0
    with pytest.raises(BadInputError, match="cannot score this text"):
        likelihood_and_perplexity.from_tokens(Passage("ein"), tokens)


def test_the_first_scored_token_is_the_first_one_of_the_text() -> None:
    pieces = [b"The", b" capital", b" is", b" Paris"]
    text = "The capital is Paris"
    places = [
        likelihood_and_perplexity.first_scored(Passage(text[cut:], text[:cut]), pieces)
        for cut in (0, 3, 11, 14, 18, 20)
    ]
    assert places == [1, 1, 2, 3, 3, 4]


def test_the_text_itself_may_contain_the_replacement_character() -> None:
    found = score(Passage("a\ufffdb"), [("a", None), ("\ufffd", -2.0), ("b", -1.0), ("x", -1.0)])
    assert (found.log_likelihood, found.bytes) == (-3.0, 4)


@given(
    text=st.text(max_size=12),
    boundary=st.integers(0, 40),
    cuts=st.lists(st.integers(0, 40), max_size=6),
    reported=st.booleans(),
)
def test_wherever_a_text_is_split_every_byte_is_counted_once(
    *, text: str, boundary: int, cuts: list[int], reported: bool
) -> None:
    text += "."
    data = text.encode("utf-8")
    edges = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    pieces = [data[start:end] for start, end in itertools.pairwise(edges)]
    boundary %= len(text)
    passage = Passage(text[boundary:], text[:boundary])
    tokens = [
        TokenLogprob(piece.decode("utf-8", "replace"), -1.0, raw=piece if reported else None)
        for piece in pieces
    ]
    try:
        found = likelihood_and_perplexity.from_tokens(passage, [TokenLogprob("<|bos|>"), *tokens])
    except RejectedError:
        if reported:
            raise
        return  # without the bytes, the boundary can be ambiguous
    assert found.bytes == len(passage.text.encode("utf-8"))
    if reported:  # otherwise the sizes of a character's parts are unknown
        assert found.scored == sum(edge > len(passage.context.encode("utf-8")) for edge in edges[1:])
