"""Long texts are scored in overlapping windows: with which context each token is scored."""

from collections.abc import Iterator

import pytest

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.local.llama_cpp_server_logprobs import VocabularyToken
from nebius_cli.response.token_logprobs import TokenLogprob
from nebius_cli.scoring.embedded_scorer import score_passage
from nebius_cli.scoring.likelihood_and_perplexity import Passage
from nebius_cli.scoring.sliding_window import SlidingWindow


class CharacterModel:
    """A model whose tokens are the characters of a text, after the special tokens in `added`.

    `seen` has each scored token and the tokens it was given; its log probability is
    -1 / the number of these tokens.
    """

    def __init__(self, added: str = "", space: str = "") -> None:
        self._added = added
        self._space = space
        self.seen: list[tuple[str, str]] = []

    def tokenize(self, text: str) -> list[VocabularyToken]:
        """Return the tokens of a prompt."""
        special = [VocabularyToken(0, f"<{one}>".encode()) for one in self._added]
        return special + [VocabularyToken(ord(one), one.encode()) for one in self._space + text]

    def logprobs(self, pieces: list[VocabularyToken], first: int) -> Iterator[TokenLogprob]:
        """Yield each token with its log probability."""
        assert first >= 1
        for index, piece in enumerate(pieces):
            if index >= first:
                given = b"".join(one.raw for one in pieces[:index]).decode()
                self.seen.append((piece.raw.decode(), given))
            yield TokenLogprob(piece.raw.decode(), -1 / index if index >= first else None, raw=piece.raw)


def given_to_each(text: str, context: str = "", *, size: int = 5, stride: int = 2, added: str = "") -> str:
    """Return each token with the tokens it was given, as `token:given` separated by spaces."""
    model = CharacterModel(added)
    score, tokens = score_passage(model, Passage(text, context), SlidingWindow(size, stride))
    assert tokens == len(added) + len(context) + len(text)
    assert score.scored == len(model.seen)
    assert score.log_likelihood == pytest.approx(
        sum(-1 / len(given.replace("<B>", "B")) for _, given in model.seen)
    )
    return " ".join(f"{token}:{given}" for token, given in model.seen)


def test_each_token_is_scored_once_in_the_first_window_that_has_it() -> None:
    # The windows are abcde, cdefg and efgh.
    assert given_to_each("abcdefgh") == "b:a c:ab d:abc e:abcd f:cde g:cdef h:efg"


@pytest.mark.parametrize("text", ["ab", "abcde"])
def test_a_text_that_fits_in_one_window_is_scored_as_without_windows(text: str) -> None:
    plain = CharacterModel()
    expected = score_passage(plain, Passage(text))
    model = CharacterModel()
    assert score_passage(model, Passage(text), SlidingWindow(5, 2)) == expected
    assert model.seen == plain.seen


def test_windows_that_have_only_context_are_not_evaluated() -> None:
    assert given_to_each("hij", "abcdefg") == "h:efg i:efgh j:ghi"
    assert given_to_each("fg", "abcde") == "f:cde g:cdef"


def test_the_special_token_before_a_prompt_is_put_before_each_window() -> None:
    # It takes up one token of the window, and gives the first token a prediction.
    expected = "a:<B> b:<B>a c:<B>ab d:<B>abc e:<B>cd f:<B>cde g:<B>ef"
    assert given_to_each("abcdefg", added="B") == expected


def test_the_space_that_a_tokenizer_adds_does_not_hide_a_special_token() -> None:
    model = CharacterModel("B", " ")
    score_passage(model, Passage("abcdef"), SlidingWindow(5, 2))
    assert model.seen[-1] == ("f", "<B>de")  # the third window


@pytest.mark.parametrize("stride", [1, 3, 7])
@pytest.mark.parametrize("length", range(2, 40))
def test_every_token_is_given_at_least_the_overlap_of_two_windows(stride: int, length: int) -> None:
    model, text = CharacterModel(), "".join(map(chr, range(0x4E00, 0x4E00 + length)))
    score, _ = score_passage(model, Passage(text), SlidingWindow(10, stride))
    assert "".join(token for token, _ in model.seen) == text[1:]
    for token, given in model.seen:
        index = text.index(token)
        assert text[:index].endswith(given)
        assert min(index, 10 - stride) <= len(given) < 10
    assert score.bytes == 3 * (length - 1)


@pytest.mark.parametrize(
    ("size", "stride", "context", "words"),
    [
        (0, 5, 0, "the context size of the model is unknown"),
        (20, 5, 10, "must be at most 10, the context size of the model"),
        (0, 8, 10, "must be less than 8, so that windows of 10 tokens overlap"),
        (10, 8, 0, "must be less than 8, so that windows of 10 tokens overlap"),
        (1, 1, 0, "must be at least 4, so that windows overlap"),
        (3, 1, 0, "must be at least 4, so that windows overlap"),
    ],
)
def test_a_window_that_does_not_fit_the_model_is_refused(
    size: int, stride: int, context: int, words: str
) -> None:
    with pytest.raises(UsageError) as refused:
        SlidingWindow(size, stride).in_context(context)
    assert words in refused.value.why


def test_the_window_defaults_to_the_context_of_the_model() -> None:
    assert SlidingWindow(0, 7).in_context(10) == SlidingWindow(10, 7)
    assert SlidingWindow(10, 7).in_context(0) == SlidingWindow(10, 7)


def test_the_smallest_window_allows_a_stride_of_one() -> None:
    assert SlidingWindow(4, 1).in_context(10) == SlidingWindow(4, 1)
