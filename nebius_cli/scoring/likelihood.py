"""How likely a text is: log probabilities of an echoed prompt → log-likelihood, perplexity, bits per byte.

Which tokens are the prompt's, and where each of them begins, is told by the tokens themselves: together they
must make up the prompt, byte for byte. `text_offset` alone would not do. vLLM counts in it the characters of
the tokens as it shows them, a beginning-of-sequence token and every part of a split character among them
(`_create_completion_logprobs` in vllm/entrypoints/openai), and these are not in the text.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cache
from typing import Any

from nebius_cli.core.errors import BadInputError, RejectedError
from nebius_cli.response import logprobs
from nebius_cli.response.logprobs import MIN_LOGPROB, TokenLogprob

OTHER_MODEL_HINT = "another model or server may; --local scores on this machine"
_CANNOT = "the server cannot score"
_UNKNOWN = "\ufffd"  # what a server shows for the part of a character
_MAX_PART_BYTES = 3  # that one of these stands for: a whole character would have been shown
_MAX_SPECIAL_TOKENS = 4  # tokens before the prompt's own
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
    for interpretation in _interpretations(tokens):
        for count in counts:
            # All tokens there are, and the first was predicted: it was generated, and is what the prompt is.
            generated = bool(max_tokens) and count == len(tokens) and tokens[0].logprob is not None
            ends = None if generated else _token_ends(interpretation[:count], passage)
            if ends is not None:
                return _score(passage, tokens[:count], ends)
    why = "it ignores echo: the tokens of its answer are not those of the prompt"
    raise RejectedError(_CANNOT, why, OTHER_MODEL_HINT)


def first_scored(passage: Passage, pieces: Sequence[bytes]) -> int:
    """Return the place of the first token whose log probability is wanted, by the bytes of all of them.

    A token too early, where the model puts something in front of the prompt; never the first of all, which
    has no prediction.
    """
    boundary, end = len(_bytes(passage.context)), 0
    for place, piece in enumerate(pieces):
        end += len(piece)
        if place and end > boundary:
            return place
    return len(pieces)


def from_tokens(passage: Passage, tokens: Sequence[TokenLogprob]) -> Score:
    """Return the score from the prompt's own tokens, with their exact bytes.

    Raises BadInputError where nothing has a prediction, and where the model changes the text it is given.
    """
    for interpretation in _interpretations(tokens):
        ends = _token_ends(interpretation, passage)
        if ends is not None:
            return _score(passage, tokens, ends)
    why = "its tokeniser changes the text: the tokens do not make up the prompt"
    raise BadInputError("the model cannot score this text", why, "choose another GGUF file")


def _score(passage: Passage, tokens: Sequence[TokenLogprob], ends: Sequence[int]) -> Score:
    """Return the score of tokens of which each ends at a byte of the prompt."""
    prompt, boundary = _bytes(passage.prompt), len(_bytes(passage.context))
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


class _UnknownBytes(Enum):
    """What a token does not tell of the prompt's bytes."""

    BYTES = auto()  # part of a character: one to three bytes that are not ASCII
    BLANK = auto()  # a blank before the token, or none


_TokenParts = list[bytes | _UnknownBytes]  # of one token


def _interpretations(tokens: Sequence[TokenLogprob]) -> Iterator[list[_TokenParts]]:
    """Yield what the tokens of a server may mean, the likeliest first."""
    shown = [_parts(token) for token in tokens]
    yield shown
    table = _byte_level_alphabet()
    if all(character in table for token in tokens for character in token.text):
        yield [[bytes(table[character] for character in token.text)] for token in tokens]
    # SentencePiece writes blanks as a mark of its own, and puts one before the first word.
    marked = [_parts(replace(token, text=token.text.replace("\u2581", " "))) for token in tokens]
    yield marked
    for place, first in enumerate(marked[:_MAX_SPECIAL_TOKENS]):
        if isinstance(first[0], bytes) and first[0].startswith(b" "):
            yield [*marked[:place], [first[0][1:], *first[1:]], *marked[place + 1 :]]
    # Shown one at a time, its tokens lose the blank before them.
    yield [[_UnknownBytes.BLANK, *parts] for parts in shown]


def _parts(token: TokenLogprob) -> _TokenParts:
    if token.raw is not None:
        return [token.raw]
    first, *others = token.text.split(_UNKNOWN)
    parts: _TokenParts = [_bytes(first)]
    for other in others:
        parts += [_UnknownBytes.BYTES, _bytes(other)]
    return parts


def _token_ends(interpretation: Sequence[_TokenParts], passage: Passage) -> list[int] | None:
    """Return at which byte of the prompt each token ends, None where they do not make it up.

    Only the first may be no part of it, as few as can be: those that mark the beginning of a sequence.
    """
    prompt = _bytes(passage.prompt)
    ways = (_align(interpretation, prompt, special) for special in range(_MAX_SPECIAL_TOKENS + 1))
    return next((ends for ends in ways if ends is not None), None)


def _align(interpretation: Sequence[_TokenParts], prompt: bytes, special: int) -> list[int] | None:
    ways: list[dict[int, int]] = []  # for each token: where it may end, and where it begins then
    reached = {0: 0}
    for place, parts in enumerate(interpretation):
        step = {end: start for start in reached for end in _possible_ends(parts, start, prompt)}
        if place < special and 0 in reached:
            step.setdefault(0, 0)
        ways.append(step)
        reached = step
    if len(prompt) not in reached:
        return None
    ends = [len(prompt)]
    for step in reversed(ways):
        ends.append(step[ends[-1]])
    return ends[-2::-1]


def _possible_ends(parts: _TokenParts, start: int, prompt: bytes) -> set[int]:
    """Return where a token that begins at `start` may end."""
    places = {start}
    for part in parts:
        if isinstance(part, bytes):
            places = {place + len(part) for place in places if prompt.startswith(part, place)}
        elif part is _UnknownBytes.BLANK:
            places |= {place + 1 for place in places if prompt.startswith(b" ", place)}
        else:
            places = {
                place + size
                for place in places
                for size in range(1, _MAX_PART_BYTES + 1)
                if len(run := prompt[place : place + size]) == size and _is_part(run)
            }
    return places


def _is_part(run: bytes) -> bool:
    """Return whether bytes are of characters that are not whole: whole ones would have been shown.

    Or are that very sign, which a text may hold as well.
    """
    return run == _bytes(_UNKNOWN) or (min(run) >= 0x80 and not run.decode("utf-8", "ignore"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@cache
def _byte_level_alphabet() -> Mapping[str, int]:
    """Return the alphabet in which byte-level BPE writes bytes (GPT-2, `bytes_to_unicode`)."""
    same = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in same]
    return {chr(byte): byte for byte in same} | {chr(256 + n): byte for n, byte in enumerate(others)}
