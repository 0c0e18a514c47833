"""Computes the log-likelihood, perplexity and bits per byte of a text from its tokens' log probabilities.

The tokens are aligned with the prompt byte for byte (align_tokens_with_text.py). `text_offset` is not enough:
vLLM counts the characters of the tokens as it displays them, including a beginning-of-sequence token and each
part of a split character (`_create_completion_logprobs` in vllm/entrypoints/openai), which are not in the
text. If the alignment does not determine which tokens belong to the text, there is no score.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nebius_cli.core.errors_and_exit_codes import BadInputError, IgnoredFieldError, RejectedError
from nebius_cli.response import parse_logprobs, token_logprobs
from nebius_cli.response.parse_logprobs import MIN_LOGPROB
from nebius_cli.response.token_logprobs import Alternative, TokenLogprob
from nebius_cli.scoring import score_plain_echo
from nebius_cli.scoring.align_tokens_with_text import CONTINUATION_BYTES, Extents, align, utf8

PROMPT_LOGPROBS = "prompt_logprobs"  # vLLM's own request field, and the member of a choice that answers it
OTHER_MODEL_HINT = "try another model or server, or score on this machine with --local"
_CANNOT = "the server cannot score"
_CANNOT_TEXT = "the server cannot score this text"


class NoEchoError(IgnoredFieldError):
    """The server does not echo prompts with log probabilities."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to score, and the context before it, which is not scored."""

    text: str
    context: str = ""

    @property
    def prompt(self) -> str:
        """The prompt to send."""
        return self.context + self.text


@dataclass(frozen=True, slots=True)
class ScoredToken:
    """A token of the text. `offset` counts characters, and is negative if the token begins in the context.

    `offset` is None if it is not known where the token begins. `raw` has its bytes if known; `logprob` is
    a natural logarithm, None for a token without a prediction. `alternatives` are the most likely tokens.
    """

    text: str
    logprob: float | None
    offset: int | None
    raw: bytes | None = None
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """The score of a text. Logarithms are natural.

    `scored` is the number of tokens with a prediction: all, or all but the first. `bytes` counts the UTF-8
    bytes of the characters that end in them. `floored` is the number of tokens with -9999 in place of minus
    infinity. `spanning` is the token, if any, that begins in the context and ends in the text; it counts as
    part of the text. `count` is the number of tokens, even if `tokens` was not requested.
    """

    tokens: tuple[ScoredToken, ...]
    log_likelihood: float
    scored: int
    bytes: int
    floored: int
    spanning: str
    count: int

    @property
    def per_token(self) -> float:
        """Log-likelihood per scored token."""
        return self.log_likelihood / self.scored

    @property
    def per_byte(self) -> float:
        """Log-likelihood per scored byte."""
        return self.log_likelihood / self.bytes

    @property
    def perplexity(self) -> float:
        """exp of the negative log-likelihood per token; inf if that does not fit a float."""
        return token_logprobs.perplexity_at(self.per_token)

    @property
    def bits_per_byte(self) -> float:
        """Negative log2-likelihood per scored byte."""
        return abs(self.per_byte) / math.log(2)


def from_choice(
    passage: Passage, choice: Mapping[str, Any], max_tokens: int, *, tokens: bool = True
) -> Score:
    """Return the score from a choice with an echo, or with `prompt_logprobs`. Raises as `from_echo` does.

    If `tokens` is false, the score may be without tokens, which is faster.
    """
    if not tokens:
        lists, boundary = choice.get("logprobs"), len(passage.context)
        found = score_plain_echo.score_plain(passage.prompt, boundary, lists, max_tokens)
        if found is not None:
            return Score((), found.log_likelihood, found.scored, found.bytes, 0, found.spanning, found.tokens)
    try:
        return from_echo(passage, choice["text"], choice.get("logprobs"), max_tokens)
    except NoEchoError:
        positions = choice.get(PROMPT_LOGPROBS)
        if not isinstance(positions, list):
            raise
        return from_prompt_logprobs(passage, positions)


def from_echo(passage: Passage, text: str, lists: Mapping[str, Any] | None, max_tokens: int) -> Score:
    """Return the score from an echoed answer: its `text` and its `logprobs` member (`lists`).

    `max_tokens` is the requested number, 0 or 1; a generated token is dropped. Raises NoEchoError if the
    answer does not echo the prompt with log probabilities, RejectedError if the tokens do not yield a score,
    BadInputError if no token has a prediction.
    """
    tokens = parse_logprobs.parse(lists)
    begins = text.startswith(passage.prompt)  # false if the server drops special tokens from the text
    if not tokens and begins:
        raise NoEchoError(_CANNOT, "its answer has no log probabilities", OTHER_MODEL_HINT)
    # The generated token may be missing if the model ends at once; a server may also add one anyway.
    counts = [len(tokens) - 1, len(tokens)] if max_tokens else [len(tokens), len(tokens) - 1]
    if tokens and tokens[0].logprob is not None and (max_tokens or not begins):
        # A first token with a prediction was generated: the tokens only look like the prompt.
        counts.remove(len(tokens))
    extents = align(tokens, [count for count in counts if count >= 0], utf8(passage.prompt))
    if extents is not None:
        return _score(passage, tokens[: len(extents)], extents)
    if not begins:
        why = "it ignores echo: its answer does not begin with the prompt"
        raise NoEchoError(_CANNOT, why, OTHER_MODEL_HINT)
    if len(tokens) <= 1:
        why = "it ignores echo: its log probabilities are those of the generated token"
        raise NoEchoError(_CANNOT, why, OTHER_MODEL_HINT)
    why = "the tokens of its answer do not match the prompt"
    raise RejectedError(_CANNOT_TEXT, why, OTHER_MODEL_HINT)


def from_prompt_logprobs(passage: Passage, positions: Sequence[Any]) -> Score:
    """Return the score from the `prompt_logprobs` of a choice, vLLM's own member.

    It has an object {token id: {logprob, decoded_token}} for each token of the prompt, the token itself
    first; null for the first token, whose text and probability are not known. Raises as `from_echo` does.
    """
    tokens = parse_logprobs.parse_prompt_logprobs(positions)
    extents = align(tokens, [len(tokens)], utf8(passage.prompt), first_missing=True)
    if extents is None:
        why = "its prompt_logprobs do not match the prompt"
        raise RejectedError(_CANNOT_TEXT, why, OTHER_MODEL_HINT)
    return _score(passage, tokens, extents)


def first_scored(passage: Passage, pieces: Sequence[bytes]) -> int:
    """Return the index of the first token to score, given the bytes of all tokens.

    It is never the first token, which has no prediction. If the model adds a token before the prompt, the
    result may be one too low.
    """
    boundary, end = len(utf8(passage.context)), 0
    for index, piece in enumerate(pieces):
        end += len(piece)
        if index and end > boundary:
            return index
    return len(pieces)


def from_tokens(passage: Passage, tokens: Sequence[TokenLogprob]) -> Score:
    """Return the score from the tokens of the prompt, with their exact bytes.

    Raises BadInputError if no token has a prediction, or if the tokens do not make up the prompt.
    """
    extents = align(tokens, [len(tokens)], utf8(passage.prompt))
    if extents is not None:
        return _score(passage, tokens, extents)
    why = "its tokenizer changes the text: the tokens do not match the prompt"
    raise BadInputError("the model cannot score this text", why, "choose another GGUF file")


def _score(passage: Passage, tokens: Sequence[TokenLogprob], extents: Sequence[Extents]) -> Score:
    """Return the score of the tokens of the prompt, given their possible extents in it."""
    prompt, boundary = utf8(passage.prompt), len(utf8(passage.context))
    own: list[ScoredToken] = []
    known: list[float] = []
    unscored, spanning = boundary, ""  # bytes at the start that no prediction covers
    for index, (token, possible) in enumerate(zip(tokens, extents, strict=True)):
        in_text = {end > boundary or (start >= boundary and end > 0) for start, end in possible}
        if len(in_text) > 1:
            raise _uncertain(index, len(tokens))
        if in_text == {False}:
            continue
        own.append(_scored_token(token, possible, passage, prompt))
        if token.logprob is None:
            if index:
                why = f"token {index + 1} of {len(tokens)} has no log probability"
                raise RejectedError(_CANNOT_TEXT, why, OTHER_MODEL_HINT)
            unscored = max(boundary, _characters_end(prompt, possible, len(tokens)))
            continue
        known.append(max(token.logprob, MIN_LOGPROB))
        spanning = token.text if any(start < boundary < end for start, end in possible) else spanning
    size = len(prompt) - unscored
    if not known or not size:
        why = "the first token has no prediction, and the text has no other token"
        raise BadInputError("nothing to score", why, "--context TEXT gives the first token a prediction")
    floored = sum(value <= MIN_LOGPROB for value in known)
    return Score(tuple(own), math.fsum(known), len(known), size, floored, spanning, len(own))


def _uncertain(index: int, count: int) -> RejectedError:
    why = (
        f"token {index + 1} of {count} has no text in the answer: it may belong to the context or to the text"
    )
    hint = "end the context at another position, or score on this machine with --local"
    return RejectedError(_CANNOT_TEXT, why, hint)


def _characters_end(prompt: bytes, possible: Extents, count: int) -> int:
    """Return the end of the characters that end in the first token. Raises RejectedError if uncertain."""
    ends = {_character_start(prompt, end) for _, end in possible}
    if len(ends) > 1:
        raise _uncertain(0, count)
    return ends.pop()


def _scored_token(token: TokenLogprob, possible: Extents, passage: Passage, prompt: bytes) -> ScoredToken:
    starts = {_character_start(prompt, start) for start, _ in possible}
    offset = None
    if len(starts) == 1:
        offset = _count_characters(prompt[: starts.pop()]) - _count_characters(utf8(passage.context))
    return ScoredToken(token.text, token.logprob, offset, token.raw, token.alternatives)


def _character_start(prompt: bytes, offset: int) -> int:
    """Return the start of the character that an offset is inside, otherwise the offset itself."""
    while offset < len(prompt) and prompt[offset] in CONTINUATION_BYTES:
        offset -= 1
    return offset


def _count_characters(data: bytes) -> int:
    """Return the number of characters that begin in bytes of UTF-8."""
    return len(data.translate(None, CONTINUATION_BYTES))
