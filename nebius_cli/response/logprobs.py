"""Parses log probabilities from both wire shapes; computes entropy, rank and perplexity.

The completions shape has four parallel lists: `tokens`, `token_logprobs`, `top_logprobs`, `text_offset`
(OpenAI's first completions API, vLLM). llama.cpp sends the shape of the chat endpoint instead:
`content[]` of `{token, logprob, bytes, top_logprobs[{token, logprob, bytes}]}`. Nothing here trusts the
server: any member may be missing, null, short, or of another type. Unknown values are None.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# JSON has no infinity: vLLM sends -9999.0 for it, llama.cpp the lowest float.
MIN_LOGPROB = -9999.0
MAX_ROUNDING_ERROR = 1e-3  # above 0 by more than this is not a log probability

_ESCAPED = re.compile(r"bytes:(?:\\x[0-9a-fA-F]{2}|[^\\])*\\x[0-9a-fA-F]{2}(?:\\x[0-9a-fA-F]{2}|[^\\])*")
_BYTE = re.compile(r"\\x([0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of the most likely tokens at a position; `chosen` if it is the one in the text."""

    text: str
    logprob: float
    raw: bytes | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A chosen token and the alternatives at its position, most likely first.

    `logprob` is the natural logarithm: -inf for probability 0, None if unknown (as for the first token of an
    echoed prompt). `offset` counts characters of the returned text. `raw` has the token's bytes if known: a
    token can hold part of a character, for which `text` has the server's replacement.
    """

    text: str
    logprob: float | None = None
    alternatives: tuple[Alternative, ...] = ()
    offset: int | None = None
    raw: bytes | None = None

    @property
    def exact(self) -> bytes:
        """The bytes of the token: `raw` if known, otherwise its text as UTF-8."""
        return self.raw if self.raw is not None else self.text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Rank:
    """Position of a token in the order of falling probability, from 1; a lower bound unless `known`."""

    at_least: int
    known: bool


def parse(logprobs: Mapping[str, Any] | None) -> tuple[TokenLogprob, ...]:
    """Return the tokens of a choice's `logprobs` member, in order; empty if there is none."""
    if not isinstance(logprobs, Mapping):
        return ()
    content = logprobs.get("content")
    if isinstance(content, list):
        return tuple(_from_entry(entry) for entry in content if isinstance(entry, Mapping))
    return _from_lists(logprobs)


def probability(logprob: float | None) -> float | None:
    """Return e^logprob, a number from 0 to 1."""
    return None if logprob is None else math.exp(logprob)


def surprise(logprob: float | None) -> float | None:
    """Return -log2 p in bits: 0 for a certain token, 1 for an even chance, inf for an impossible one."""
    return None if logprob is None else abs(logprob) / math.log(2)


def entropy(token: TokenLogprob) -> float | None:
    """Return a lower bound, in bits, of the entropy at this position; None without alternatives.

    H = -Σ p·log2 p - r·log2 r, over the reported tokens (including the chosen one) and r = 1 - Σ p, the
    probability of all other tokens, which count as one token here. Splitting them only adds entropy (the
    grouping property: Shannon 1948, section 6), so the true value is never lower.
    """
    if not token.alternatives:
        return None
    known = [other.logprob for other in token.alternatives]
    if token.logprob is not None and not any(other.chosen for other in token.alternatives):
        known.append(token.logprob)
    masses = [math.exp(logprob) for logprob in known]
    masses.append(max(0.0, 1 - math.fsum(masses)))
    return math.fsum(-mass * math.log2(mass) for mass in masses if mass) + 0.0


def rank(token: TokenLogprob) -> Rank | None:
    """Return the rank of the chosen token: one more than the number of likelier tokens.

    The rank is exact only if a less likely token was reported too. Servers append the chosen token to the
    most likely ones, so the last token of a list may rank anywhere further down.
    """
    if token.logprob is None or not token.alternatives:
        return None
    likelier = sum(other.logprob > token.logprob for other in token.alternatives)
    return Rank(likelier + 1, token.alternatives[-1].logprob < token.logprob)


def perplexity(logprobs: Iterable[float | None]) -> float | None:
    """Return exp(-mean) of the known log probabilities; None if none is known, inf if one is -inf."""
    known = [logprob for logprob in logprobs if logprob is not None]
    if not known:
        return None
    return perplexity_at(math.fsum(known) / len(known))


def perplexity_at(mean: float) -> float:
    """Return exp(-mean), or inf if that does not fit a float."""
    return math.exp(-mean) if mean > -700 else math.inf  # exp(710) overflows


def join(tokens: Iterable[TokenLogprob]) -> str:
    """Return the text of tokens joined as bytes, so that characters split between tokens are whole."""
    return b"".join(token.exact for token in tokens).decode("utf-8", "replace")


def _from_lists(lists: Mapping[str, Any]) -> tuple[TokenLogprob, ...]:
    texts, logprobs, tops, offsets = (
        value if isinstance(value := lists.get(name), list) else []
        for name in ("tokens", "token_logprobs", "top_logprobs", "text_offset")
    )
    tokens = []
    for place in range(max(len(texts), len(logprobs))):
        text, raw = _text(_item(texts, place))
        top = _item(tops, place)
        found: list[Alternative] = []
        for name, value in top.items() if isinstance(top, Mapping) else ():
            if (logprob := _logprob(value)) is not None:
                other, other_raw = _text(name)
                found.append(Alternative(other, logprob, other_raw, chosen=name == _item(texts, place)))
        offset = _item(offsets, place)
        offset = offset if type(offset) is int and offset >= 0 else None
        tokens.append(
            TokenLogprob(text, _logprob(_item(logprobs, place)), _likeliest_first(found), offset, raw)
        )
    return tuple(tokens)


def _from_entry(entry: Mapping[str, Any]) -> TokenLogprob:
    text, raw = _text(entry.get("token"), entry.get("bytes"))
    tops = entry.get("top_logprobs")
    found: list[Alternative] = []
    for top in tops if isinstance(tops, list) else ():
        if isinstance(top, Mapping) and (logprob := _logprob(top.get("logprob"))) is not None:
            other, other_raw = _text(top.get("token"), top.get("bytes"))
            # llama.cpp joins the last part of a character with the parts before it, so compare ids.
            ids = entry.get("id"), top.get("id")
            same = (other, other_raw) == (text, raw) if None in ids else ids[0] == ids[1]
            taken = any(alternative.chosen for alternative in found)
            found.append(Alternative(other, logprob, other_raw, chosen=same and not taken))
    return TokenLogprob(text, _logprob(entry.get("logprob")), _likeliest_first(found), None, raw)


def _likeliest_first(found: Iterable[Alternative]) -> tuple[Alternative, ...]:
    return tuple(sorted(found, key=lambda alternative: -alternative.logprob))


def _item(values: Sequence[Any], place: int) -> Any:
    return values[place] if place < len(values) else None


def _logprob(value: Any) -> float | None:
    """Return a log probability as a float of at most 0; None for anything else, such as a logit."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not value <= MAX_ROUNDING_ERROR:
        return None  # NaN is not <= anything
    return -math.inf if value <= MIN_LOGPROB else min(0.0, float(value))


def _text(text: Any, numbers: Any = None) -> tuple[str, bytes | None]:
    r"""Return a token's text and its bytes if reported, as numbers or in the form `bytes:\xe2\x80`."""
    text = text if isinstance(text, str) else ""
    raw: bytes | None = None
    if isinstance(numbers, list) and all(type(n) is int and 0 <= n < 256 for n in numbers):
        raw = bytes(numbers)
    elif _ESCAPED.fullmatch(text):
        # The split alternates between literal text and bytes.
        parts = _BYTE.split(text.removeprefix("bytes:"))
        raw = b"".join(
            bytes.fromhex(part) if place % 2 else part.encode("utf-8", "surrogatepass")
            for place, part in enumerate(parts)
        )
    return (text if raw is None else raw.decode("utf-8", "replace")), raw
