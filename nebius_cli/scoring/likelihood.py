"""Computes the log-likelihood, perplexity and bits per byte of a text from its tokens' log probabilities.

The tokens are aligned with the prompt byte for byte (token_alignment.py). `text_offset` is not enough: vLLM
counts the characters of the tokens as it displays them, including a beginning-of-sequence token and each part
of a split character (`_create_completion_logprobs` in vllm/entrypoints/openai), which are not in the text.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nebius_cli.core.errors import BadInputError, RejectedError
from nebius_cli.response import logprob_parser, logprobs
from nebius_cli.response.logprob_parser import MIN_LOGPROB
from nebius_cli.response.logprobs import TokenLogprob
from nebius_cli.scoring.token_alignment import interpretations, token_ends, utf8

OTHER_MODEL_HINT = "another model or server may; --local scores on this machine"
_CANNOT = "the server cannot score"
_CONTINUING = bytes(range(0x80, 0xC0))  # continuation bytes of UTF-8


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to score, given a context that does not count."""

    text: str
    context: str = ""

    @property
    def prompt(self) -> str:
        """The prompt to send."""
        return self.context + self.text


@dataclass(frozen=True, slots=True)
class ScoredToken:
    """A token of the text. `offset` counts characters, and is negative if the token begins in the context.

    `raw` has its bytes if known; `logprob` is natural, None for a token without a prediction.
    """

    text: str
    logprob: float | None
    offset: int
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """The score of a text. Logarithms are natural.

    `scored` is the number of tokens with a prediction: all, or all but the first. `bytes` counts the bytes of
    UTF-8 they cover. `floored` is the number of tokens with -9999 in place of minus infinity. `spanning` is
    the token, if any, that begins in the context and ends in the text; it counts as part of the text.
    """

    tokens: tuple[ScoredToken, ...]
    log_likelihood: float
    scored: int
    bytes: int
    floored: int
    spanning: str

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
        return logprobs.perplexity_at(self.per_token)

    @property
    def bits_per_byte(self) -> float:
        """Negative log2-likelihood per scored byte."""
        return abs(self.per_byte) / math.log(2)


def from_echo(passage: Passage, text: str, lists: Mapping[str, Any] | None, max_tokens: int) -> Score:
    """Return the score from an echoed answer: its `text` and its `logprobs` member (`lists`).

    `max_tokens` is the requested number, 0 or 1; a generated token is dropped. Raises RejectedError if the
    answer does not echo the prompt with log probabilities, BadInputError if no token has a prediction.
    """
    if not text.startswith(passage.prompt):
        why = "it ignores echo: its answer does not begin with the prompt"
        raise RejectedError(_CANNOT, why, OTHER_MODEL_HINT)
    tokens = logprob_parser.parse(lists)
    if not tokens:
        raise RejectedError(_CANNOT, "its answer has no log probabilities", OTHER_MODEL_HINT)
    # The generated token may be missing if the model ends at once; a server may also add one unasked.
    counts = (len(tokens) - 1, len(tokens)) if max_tokens else (len(tokens), len(tokens) - 1)
    for interpretation in interpretations(tokens):
        for count in counts:
            # A predicted first token was generated: the tokens are not the prompt, only equal to it.
            generated = bool(max_tokens) and count == len(tokens) and tokens[0].logprob is not None
            ends = None if generated else token_ends(interpretation[:count], utf8(passage.prompt))
            if ends is not None:
                return _score(passage, tokens[:count], ends)
    why = "it ignores echo: the tokens of its answer are not those of the prompt"
    raise RejectedError(_CANNOT, why, OTHER_MODEL_HINT)


def first_scored(passage: Passage, pieces: Sequence[bytes]) -> int:
    """Return the index of the first token to score, given the bytes of all tokens.

    It is never the first token, which has no prediction. If the model adds a token before the prompt, the
    result may be one too low.
    """
    boundary, end = len(utf8(passage.context)), 0
    for place, piece in enumerate(pieces):
        end += len(piece)
        if place and end > boundary:
            return place
    return len(pieces)


def from_tokens(passage: Passage, tokens: Sequence[TokenLogprob]) -> Score:
    """Return the score from the tokens of the prompt, with their exact bytes.

    Raises BadInputError if no token has a prediction, or if the tokens do not make up the prompt.
    """
    for interpretation in interpretations(tokens):
        ends = token_ends(interpretation, utf8(passage.prompt))
        if ends is not None:
            return _score(passage, tokens, ends)
    why = "its tokeniser changes the text: the tokens do not make up the prompt"
    raise BadInputError("the model cannot score this text", why, "choose another GGUF file")


def _score(passage: Passage, tokens: Sequence[TokenLogprob], ends: Sequence[int]) -> Score:
    """Return the score of tokens, given the byte offset in the prompt at which each one ends."""
    prompt, boundary = utf8(passage.prompt), len(utf8(passage.context))
    own: list[ScoredToken] = []
    known: list[float] = []
    size, spanning = 0, ""
    before = _count_characters(prompt[:boundary])
    counted = begun = 0  # bytes counted so far, and characters that begin in them
    for place, (token, start, end) in enumerate(zip(tokens, (0, *ends), ends, strict=False)):
        special = end == 0 and token.exact  # such as a beginning-of-sequence token
        if special or (end <= boundary and start < boundary):
            continue
        begun += _count_characters(prompt[counted:start])
        counted = start
        inside = start < len(prompt) and prompt[start] in _CONTINUING
        own.append(ScoredToken(token.text, token.logprob, begun - inside - before, token.raw))
        if token.logprob is None:
            if place:
                why = f"token {place + 1} of {len(tokens)} has no log probability"
                raise RejectedError(_CANNOT, why, OTHER_MODEL_HINT)
            continue
        known.append(max(token.logprob, MIN_LOGPROB))
        size += end - max(start, boundary)
        spanning = token.text if start < boundary < end else spanning
    if not known or not size:
        why = "the first token of all has no prediction, and the text has no other"
        raise BadInputError("nothing to score", why, "--context TEXT gives it one")
    floored = sum(value <= MIN_LOGPROB for value in known)
    return Score(tuple(own), math.fsum(known), len(known), size, floored, spanning)


def _count_characters(data: bytes) -> int:
    """Return the number of characters that begin in bytes of UTF-8."""
    return len(data.translate(None, _CONTINUING))
