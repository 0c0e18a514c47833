"""Compares the scores of two models: differences per text, and a lower bound on KL per token."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from nebius_cli.core.short_text import counted
from nebius_cli.scoring.likelihood_and_perplexity import Score, ScoredToken
from nebius_cli.scoring.means import mean_with_error
from nebius_cli.scoring.score_record import score_record

DIFFERENCES = ("difference", "difference_per_byte")  # members of the record of a text
KL_MEANS = ("at_least", "tail", "tail_against")  # members of `kl`, means over its `tokens`
MIN_MASS = 1e-7  # 1 minus a sum of rounded probabilities is not more precise than this


def _divergence(one: Score, other: Score) -> dict[str, float] | None:
    """Return bounds on KL(A || B) in nats, as means over `tokens`; None if the models' tokens differ.

    `at_least` is a lower bound: it treats all tokens that the models do not both report as a single token.
    `tail` is the probability that A gives to those tokens, `tail_against` the one that B gives to them.
    """
    if [(token.text, token.offset) for token in one.tokens] != [
        (token.text, token.offset) for token in other.tokens
    ]:
        return None
    pairs = [
        _at_position(a, b)
        for a, b in zip(one.tokens, other.tokens, strict=True)
        if a.logprob is not None and b.logprob is not None
    ]
    if not pairs:
        return None
    columns = zip(KL_MEANS, zip(*pairs, strict=True), strict=True)
    return {"tokens": len(pairs), **{name: math.fsum(values) / len(pairs) for name, values in columns}}


def comparison_record(one: Score, other: Score, *, with_divergence: bool, tokens: bool) -> dict[str, Any]:
    """Return the members of the record of a text that two models scored."""
    record = {
        **score_record(one, tokens=tokens),
        "against": score_record(other, tokens=tokens),
        "difference": one.log_likelihood - other.log_likelihood,
        "difference_per_byte": one.per_byte - other.per_byte,
    }
    if with_divergence:
        record["kl"] = _divergence(one, other)
    return record


def difference_lines(differences: Sequence[Sequence[float]], names: tuple[str, str]) -> list[str]:
    """Return lines with the mean differences of all texts, given the values of each of DIFFERENCES."""
    one, other = names
    totals, per_byte = differences
    texts = counted(len(totals), "text")
    return [
        f"{one} minus {other}: log-likelihood {mean_with_error(totals)} on average over {texts}",
        f"{one} minus {other}: {mean_with_error(per_byte)} nats per byte",
    ]


def divergence_lines(
    sums: Mapping[str, float], unknown: int, count: int, names: tuple[str, str]
) -> list[str]:
    """Return lines about the divergence over `count` texts; for `unknown` of them it is not known.

    `sums` has the number of tokens, and each of KL_MEANS added up over them.
    """
    one, other = names
    lines = []
    if tokens := sums.get("tokens"):
        bound, tail, against = (sums[name] / tokens for name in KL_MEANS)
        measured = counted(int(tokens), "token")
        lines += [
            f"KL divergence of {other} from {one}: at least {bound:.4f} nats per token ({measured})",
            f"probability of tokens not reported by both: {tail:.4f} for {one}, {against:.4f} for {other}",
        ]
    if unknown:
        where = f"{unknown:,} of {counted(count, 'text')}"
        lines.append(f"no KL divergence for {where}: the models split them into different tokens")
    return lines


def _at_position(one: ScoredToken, other: ScoredToken) -> tuple[float, float, float]:
    """Return the lower bound of KL at a position, and each model's probability outside the shared tokens.

    By the log sum inequality, treating several tokens as one never increases the divergence.
    """
    mine, others = _probabilities(one), _probabilities(other)
    shared = [(mine[text], others[text]) for text in mine if text in others]
    tail = max(MIN_MASS, 1 - math.fsum(p for p, _ in shared))
    tail_against = max(MIN_MASS, 1 - math.fsum(q for _, q in shared))
    bound = math.fsum(p * math.log(p / q) for p, q in shared) + tail * math.log(tail / tail_against)
    return max(0.0, bound), tail, tail_against


def _probabilities(token: ScoredToken) -> dict[str, float]:
    """Return the probabilities of the reported tokens that their text identifies."""
    known: dict[str, float | None] = {other.text: other.logprob for other in token.alternatives}
    known[token.text] = token.logprob
    return {
        text: math.exp(logprob)
        for text, logprob in known.items()
        if logprob is not None and text and "\ufffd" not in text and math.exp(logprob) > 0
    }
