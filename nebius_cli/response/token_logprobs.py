"""Tokens with their log probabilities, and the entropy, rank and perplexity computed from them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of the most likely tokens at a position; `chosen` if it is the token in the text."""

    text: str
    logprob: float
    raw: bytes | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A chosen token and the alternatives at its position, most likely first.

    `logprob` is the natural logarithm: -inf for probability 0, None if unknown (as for the first token of an
    echoed prompt). `offset` counts characters of the returned text. `raw` has the token's bytes if known: a
    token can be part of a character, for which `text` has the server's replacement.
    """

    text: str
    logprob: float | None = None
    alternatives: tuple[Alternative, ...] = ()
    offset: int | None = None
    raw: bytes | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether the server shows no text: vLLM does so for a token that ends inside a character."""
        return not self.text and self.raw is None

    @property
    def exact(self) -> bytes:
        """The bytes of the token: `raw` if known, otherwise its text as UTF-8."""
        return self.raw if self.raw is not None else self.text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Rank:
    """Position of a token in order of decreasing probability, from 1; a lower bound unless `known`."""

    at_least: int
    known: bool


def probability(logprob: float | None) -> float | None:
    """Return e^logprob, a number from 0 to 1."""
    return None if logprob is None else math.exp(logprob)


def surprise(logprob: float | None) -> float | None:
    """Return -log2 p in bits: 0 for a certain token, 1 for p = 0.5, inf for an impossible token."""
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
    """Return the text of tokens joined as bytes, so that characters split between tokens are complete."""
    return b"".join(token.exact for token in tokens).decode("utf-8", "replace")
