"""Compares the scores of two models: the difference per text, and a bound of the KL divergence per token."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nebius_cli.scoring.choices import mean_with_error
from nebius_cli.scoring.likelihood import Score, ScoredToken
from nebius_cli.scoring.records import score_record

MIN_MASS = 1e-7  # what is left of 1 after a sum of rounded probabilities is not more exact


@dataclass(frozen=True, slots=True)
class Divergence:
    """Sums over `positions` of what is known of KL(A || B), in nats.

    `bound` counts all tokens that only one of the models reports as one token: KL is never lower. `tail` is
    the probability that A gives to those tokens, `tail_against` what B gives to them.
    """

    positions: int
    bound: float
    tail: float
    tail_against: float


def divergence(one: Score, other: Score) -> Divergence | None:
    """Return what is known of the divergence; None if the models cut the text into other tokens."""
    if [(token.text, token.offset) for token in one.tokens] != [
        (token.text, token.offset) for token in other.tokens
    ]:
        return None
    pairs = [
        _at_position(a, b)
        for a, b in zip(one.tokens, other.tokens, strict=True)
        if a.logprob is not None and b.logprob is not None
    ]
    bounds, tails, tails_against = zip(*pairs, strict=True) if pairs else ((), (), ())
    return Divergence(len(pairs), math.fsum(bounds), math.fsum(tails), math.fsum(tails_against))


def comparison_record(
    one: Score, other: Score, found: Divergence | None, *, with_divergence: bool, tokens: bool
) -> dict[str, Any]:
    """Return the JSON object of a text with two scores."""
    record = {
        **score_record(one, tokens=tokens),
        "against": score_record(other, tokens=tokens),
        "difference": one.log_likelihood - other.log_likelihood,
        "difference_per_byte": one.per_byte - other.per_byte,
    }
    if with_divergence:
        record["kl"] = None if found is None else _means(found)
    return record


def _means(found: Divergence) -> dict[str, float]:
    count = found.positions
    means = {"at_least": found.bound, "tail": found.tail, "tail_against": found.tail_against}
    return {name: value / count for name, value in means.items()}


def summary(
    pairs: Sequence[tuple[Score, Score]], names: tuple[str, str], found: Sequence[Divergence | None]
) -> list[str]:
    """Return lines on all texts: the mean difference, and what is known of the divergence."""
    if not pairs:
        return []
    one, other = names
    differences = [a.log_likelihood - b.log_likelihood for a, b in pairs]
    per_byte = [a.per_byte - b.per_byte for a, b in pairs]
    texts = f"{len(pairs)} text{'s' if len(pairs) > 1 else ''}"
    lines = [
        f"{one} minus {other}: log-likelihood {mean_with_error(differences)} on average over {texts}",
        f"{one} minus {other}: {mean_with_error(per_byte)} per byte",
    ]
    known = [divergence for divergence in found if divergence is not None and divergence.positions]
    if known:
        count = sum(divergence.positions for divergence in known)
        bound, tail, against = (
            math.fsum(values) / count
            for values in zip(*((d.bound, d.tail, d.tail_against) for d in known), strict=True)
        )
        lines += [
            f"KL divergence of {other} from {one}: at least {bound:.4f} nats per token ({count} tokens)",
            f"probability outside the tokens that both report: {tail:.4f} of {one}, {against:.4f} of {other}",
        ]
    if len(known) < len(found):
        lines.append(f"{len(found) - len(known)} of {texts}: no KL, the models split them differently")
    return lines


def _at_position(one: ScoredToken, other: ScoredToken) -> tuple[float, float, float]:
    """Return the bound of KL at a position, and the probability outside of the shared tokens in both models.

    By the log sum inequality, tokens that are counted as one never have a greater divergence than apart.
    """
    mine, others = _probabilities(one), _probabilities(other)
    shared = [(mine[text], others[text]) for text in mine if text in others]
    tail = max(MIN_MASS, 1 - math.fsum(p for p, _ in shared))
    tail_against = max(MIN_MASS, 1 - math.fsum(q for _, q in shared))
    bound = math.fsum(p * math.log(p / q) for p, q in shared) + tail * math.log(tail / tail_against)
    return max(0.0, bound), tail, tail_against


def _probabilities(token: ScoredToken) -> dict[str, float]:
    """Return the probabilities of the reported tokens whose text tells which token it is."""
    known = {other.text: other.logprob for other in token.alternatives}
    if token.logprob is not None:
        known[token.text] = token.logprob
    return {
        text: math.exp(logprob)
        for text, logprob in known.items()
        if text and "\ufffd" not in text and math.exp(logprob) > 0
    }
