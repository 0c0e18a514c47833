"""How likely a text is: log probabilities of an echoed prompt → log-likelihood, perplexity, bits per byte.

Which tokens are the prompt's, and where each of them begins, is told by the tokens themselves: together they
must make up the prompt, byte for byte. `text_offset` alone would not do. vLLM counts in it the characters of
the tokens as it shows them, a beginning-of-sequence token and every part of a split character among them
(`_create_completion_logprobs` in vllm/entrypoints/openai), and these are not in the text.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nebius_cli.core.errors import BadInputError, RejectedError
from nebius_cli.response import logprobs
from nebius_cli.response.logprobs import MIN_LOGPROB, TokenLogprob
from nebius_cli.scoring.token_alignment import interpretations, token_ends, utf8

OTHER_MODEL_HINT = "another model or server may; --local scores on this machine"
_CANNOT = "the server cannot score"
_CONTINUING = bytes(range(0x80, 0xC0))  # bytes of UTF-8 that begin no character


@dataclass(frozen=True, slots=True)
class Passage:
    """What is scored: `text`, read after `context`, which is not counted."""

    text: str
    context: str = ""

    @property
    def prompt(self) -> str:
        """What is sent."""
        return self.context + self.text


@dataclass(frozen=True, slots=True)
class ScoredToken:
    """A token of the text. `offset` counts characters of the text, and is below 0 where it begins before.

    `raw` is its bytes where they are known.
    """

    text: str
    logprob: float | None
    offset: int
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What a model makes of a text. Logarithms are natural.

    `scored` tokens have a prediction: all of `tokens`, or all but the first. `bytes` counts the UTF-8 of the
    text that they cover. `floored` of them have the floor -9999 in the place of minus infinity. `spanning`
    is the token, if any, that begins in the context and ends in the text; it counts to the text.
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
        """e to the negative log-likelihood per token; inf where that is more than a float holds."""
        return logprobs.perplexity_at(self.per_token)

    @property
    def bits_per_byte(self) -> float:
        """Negative log2-likelihood per scored byte."""
        return abs(self.per_byte) / math.log(2)


def from_echo(passage: Passage, text: str, lists: Mapping[str, Any] | None, max_tokens: int) -> Score:
    """Return the score that an echoed answer gives: its `text`, and its `logprobs` member.

    `max_tokens` is what was asked for, 0 or 1; a generated token is dropped. Raises RejectedError where the
    answer is not an echo of the prompt with log probabilities, BadInputError where nothing has a prediction.
    """
    if not text.startswith(passage.prompt):
        why = "it ignores echo: its answer does not begin with the prompt"
        raise RejectedError(_CANNOT, why, OTHER_MODEL_HINT)
    tokens = logprobs.parse(lists)
    if not tokens:
        raise RejectedError(_CANNOT, "its answer has no log probabilities", OTHER_MODEL_HINT)
    # A model that ends at once may leave out the generated token, and a server may add one unasked.
    counts = (len(tokens) - 1, len(tokens)) if max_tokens else (len(tokens), len(tokens) - 1)
    for interpretation in interpretations(tokens):
        for count in counts:
            # All tokens there are, and the first was predicted: it was generated, and is what the prompt is.
            generated = bool(max_tokens) and count == len(tokens) and tokens[0].logprob is not None
            ends = None if generated else token_ends(interpretation[:count], utf8(passage.prompt))
            if ends is not None:
                return _score(passage, tokens[:count], ends)
    why = "it ignores echo: the tokens of its answer are not those of the prompt"
    raise RejectedError(_CANNOT, why, OTHER_MODEL_HINT)


def first_scored(passage: Passage, pieces: Sequence[bytes]) -> int:
    """Return the place of the first token whose log probability is wanted, by the bytes of all of them.

    A token too early, where the model puts something in front of the prompt; never the first of all, which
    has no prediction.
    """
    boundary, end = len(utf8(passage.context)), 0
    for place, piece in enumerate(pieces):
        end += len(piece)
        if place and end > boundary:
            return place
    return len(pieces)


def from_tokens(passage: Passage, tokens: Sequence[TokenLogprob]) -> Score:
    """Return the score from the prompt's own tokens, with their exact bytes.

    Raises BadInputError where nothing has a prediction, and where the model changes the text it is given.
    """
    for interpretation in interpretations(tokens):
        ends = token_ends(interpretation, utf8(passage.prompt))
        if ends is not None:
            return _score(passage, tokens, ends)
    why = "its tokeniser changes the text: the tokens do not make up the prompt"
    raise BadInputError("the model cannot score this text", why, "choose another GGUF file")


def _score(passage: Passage, tokens: Sequence[TokenLogprob], ends: Sequence[int]) -> Score:
    """Return the score of tokens of which each ends at a byte of the prompt."""
    prompt, boundary = utf8(passage.prompt), len(utf8(passage.context))
    own: list[ScoredToken] = []
    known: list[float] = []
    size, spanning = 0, ""
    before = _count_characters(prompt[:boundary])
    counted = begun = 0  # bytes that were looked at, and the characters that begin in them
    for place, (token, start, end) in enumerate(zip(tokens, (0, *ends), ends, strict=False)):
        special = end == 0 and token.exact  # marks the beginning of the sequence
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
    """Return how many characters begin in these bytes of UTF-8."""
    return len(data.translate(None, _CONTINUING))
