"""Matching tokens with the text they produced; no text is lost, whatever the tokens are."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nebius_cli.response.token_logprobs import TokenLogprob
from nebius_cli.response.token_spans import MAX_UNMATCHED_TOKENS, TokenSpan, TokenSpans, token_spans


def token(text: str, raw: bytes | None = None) -> TokenLogprob:
    return TokenLogprob(text, -1.0, raw=raw)


def matched(text: str, *tokens: str | TokenLogprob) -> list[tuple[str, int]]:
    """Return the spans of a text, each with its number of tokens."""
    made = [entry if isinstance(entry, TokenLogprob) else token(entry) for entry in tokens]
    return [(span.text, len(span.tokens)) for span in token_spans(text, made)]


def test_each_token_has_its_own_text() -> None:
    assert matched("The cat sat", "The", " cat", " sat") == [("The", 1), (" cat", 1), (" sat", 1)]


def test_a_character_split_between_tokens_is_one_span_with_all_of_them() -> None:
    parts = (token("\ufffd", b"\xe2"), token("\ufffd", b"\x80\x99"))
    assert matched("it\u2019s", "it", *parts, "s") == [("it", 1), ("\u2019", 2), ("s", 1)]
    assert matched("it\u2019\u2019", "it", *parts, *parts) == [("it", 1), ("\u2019", 2), ("\u2019", 2)]
    smile = (token(" \ufffd", b" \xf0\x9f"), token("\ufffd", b"\x98\x80"))
    assert matched(" \U0001f600!", *smile, "!") == [(" \U0001f600", 2), ("!", 1)]


def test_tokens_without_text_belong_to_the_character_that_the_next_token_completes() -> None:
    assert matched("so 日", "so", "", "", " 日") == [("so", 1), (" 日", 3)]
    assert matched("日本", "", "日", "", "本") == [("日", 2), ("本", 2)]
    assert matched("日本", "\ufffd", "", "本") == [("日", 2), ("本", 1)]
    [span] = token_spans("日", [token(""), token(""), token("日")])
    assert span.logprob == -3.0


def test_tokens_without_text_are_never_part_of_an_ascii_character() -> None:
    assert matched("a b", "a", "", " b") == [("a", 1), ("", 1), (" b", 1)]
    assert matched("a", "a", "") == [("a", 1), ("", 1)]


def test_a_character_whose_parts_have_no_bytes_ends_where_the_next_token_begins() -> None:
    parts = ("\ufffd", "\ufffd", "\ufffd")
    assert matched("it\u2019s", "it", *parts, "s") == [("it", 1), ("\u2019", 3), ("s", 1)]
    assert matched("it\u2019", "it", *parts) == [("it", 1), ("\u2019", 3)]


def test_a_replacement_character_in_the_text_is_a_token_of_its_own() -> None:
    assert matched("a\ufffdb", "a", "\ufffd", "b") == [("a", 1), ("\ufffd", 1), ("b", 1)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The cat", ["The", "Ġcat"]),
        ("a\nb", ["a", "Ċ", "b"]),
        ("The cat", ["▁The", "▁cat"]),
        ("Ġ▁", ["Ġ", "▁"]),
    ],
)
def test_vocabulary_marks_match_spaces_and_newlines(text: str, tokens: list[str]) -> None:
    assert [count for _, count in matched(text, *tokens)] == [1] * len(tokens)


def test_a_special_token_has_no_text_and_does_not_take_that_of_its_neighbours() -> None:
    pieces = matched("The cat", "<|begin_of_text|>", "The", " cat", "<|end_of_text|>")
    assert pieces == [("", 1), ("The", 1), (" cat", 1), ("", 1)]
    assert matched("a", "", "a") == [("", 1), ("a", 1)]


def test_text_without_tokens_is_a_span_without_tokens() -> None:
    assert matched("text") == [("text", 0)]
    assert matched("text and more", "text") == [("text", 1), (" and more", 0)]
    assert matched("") == []


def test_tokens_that_match_nothing_share_one_span_without_a_log_probability() -> None:
    text = "some text"
    (shared,) = token_spans(text, [token("token_id:1"), token("token_id:2")])
    assert (shared.text, len(shared.tokens), shared.logprob) == (text, 2, None)
    many = [token(f"token_id:{number}") for number in range(3 * MAX_UNMATCHED_TOKENS)]
    assert [len(span.tokens) for span in token_spans("x" * 1000, many)] == [len(many)]


def test_the_log_probability_of_a_split_character_is_the_sum_of_its_parts() -> None:
    parts = (TokenLogprob("\ufffd", -1.0), TokenLogprob("\ufffd", -0.5))
    assert TokenSpan("\u2019", parts).logprob == pytest.approx(-1.5)
    assert TokenSpan("\u2019", (*parts, TokenLogprob("\ufffd"))).logprob is None
    assert TokenSpan("x").logprob is None
    assert TokenSpan("x", (TokenLogprob("x", -math.inf),)).logprob == -math.inf


def test_text_that_arrives_late_is_matched_with_its_earlier_token() -> None:
    live = TokenSpans()
    assert list(live.feed("", [token(" world")])) == []
    assert list(live.feed(" wo", [token("!")])) == []
    assert list(live.feed("rld", [])) == [TokenSpan(" world", (token(" world"),))]
    # A stop sequence removed the rest.
    assert list(live.close()) == [TokenSpan("", (token("!"),))]


def test_a_token_cut_off_by_a_stop_sequence_keeps_the_rest_of_its_text() -> None:
    assert matched("one", "one two", "three") == [("one", 1), ("", 1)]


def test_halves_of_a_surrogate_pair_stay_together() -> None:
    live = TokenSpans()
    assert list(live.feed("a\ud83d", [token("a")])) == [TokenSpan("a", (token("a"),))]
    assert list(live.feed("\ude00", [])) == [TokenSpan("\ud83d\ude00")]
    assert list(live.feed("\ud83d", [])) == []
    assert list(live.close()) == [TokenSpan("\ud83d")]


PIECES = st.text(st.sampled_from("ab \n\u2019\ufffd▁Ġ"), max_size=4)


@given(st.lists(st.tuples(PIECES, st.lists(PIECES, max_size=3)), max_size=8))
def test_no_text_and_no_token_is_lost_or_changed(frames: list[tuple[str, list[str]]]) -> None:
    live = TokenSpans()
    out = [span for text, texts in frames for span in live.feed(text, [token(t) for t in texts])]
    out += live.close()
    assert "".join(span.text for span in out) == "".join(text for text, _ in frames)
    assert [t.text for span in out for t in span.tokens] == [t for _, texts in frames for t in texts]


@given(st.text(max_size=40), st.data())
def test_tokens_that_are_the_bytes_of_the_text_are_matched_exactly(text: str, data: st.DataObject) -> None:
    whole = text.encode()
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(whole) - 1)), max_size=20)))
    edges = [0, *(cut for cut in cuts if cut < len(whole)), len(whole)]
    parts = [whole[start:end] for start, end in pairwise(edges) if end > start]
    tokens = [token(part.decode("utf-8", "replace"), part) for part in parts]
    for span in token_spans(text, tokens):
        made = b"".join(t.exact for t in span.tokens)
        assert made == span.text.encode()
