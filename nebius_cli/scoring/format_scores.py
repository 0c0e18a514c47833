"""Formats tables of scores: of a text, its tokens, or candidates. `drawn` rounds numbers for a terminal."""

import re
from collections.abc import Mapping, Sequence

from nebius_cli.core import jsontext
from nebius_cli.render.format_token import escaped
from nebius_cli.scoring.likelihood_and_perplexity import Score, ScoredToken
from nebius_cli.scoring.ranking import MEASURES
from nebius_cli.terminal.write_table import Cells

Table = tuple[Cells, Sequence[Cells]]

NONE = "-"
# Titles of the columns that hold numbers, in any of the tables.
NUMBERS = ("value", "offset", "log probability", "tokens", *(name.replace("_", " ") for name in MEASURES))

# White space that a cell, which has a single line, would not keep: all except single spaces.
_LOST_SPACE = re.compile(r"[^\S ]|(?<= ) ")


def measures(score: Score, *, drawn: bool) -> Table:
    """Return the measures of one text."""
    scored = f"{score.scored} of {len(score.tokens)}" if drawn else str(score.scored)
    rows = [
        ("log-likelihood", _number(score.log_likelihood, drawn=drawn)),
        ("tokens scored", scored),
        ("log-likelihood per token", _number(score.per_token, drawn=drawn)),
        ("perplexity", _number(score.perplexity, drawn=drawn)),
        ("bits per byte", _number(score.bits_per_byte, drawn=drawn)),
    ]
    return ("measure", "value"), rows


def compared(one: Score, other: Score, names: tuple[str, str], *, drawn: bool) -> Table:
    """Return the measures of one text under two models, and their differences."""
    values = [
        ("log-likelihood", one.log_likelihood, other.log_likelihood),
        ("log-likelihood per token", one.per_token, other.per_token),
        ("perplexity", one.perplexity, other.perplexity),
        ("bits per byte", one.bits_per_byte, other.bits_per_byte),
    ]
    rows = [
        (name, _number(a, drawn=drawn), _number(b, drawn=drawn), _number(a - b, drawn=drawn))
        for name, a, b in values
    ]
    return ("measure", *names, "difference"), rows


def tokens(score: Score, *, drawn: bool) -> Table:
    """Return the tokens of one text."""
    rows = [
        (
            _quoted_token(token),
            NONE if token.offset is None else str(token.offset),
            NONE if token.logprob is None else _number(token.logprob, drawn=drawn),
        )
        for token in score.tokens
    ]
    return ("token", "offset", "log probability"), rows


def ranks(
    texts: Sequence[str],
    scores: Sequence[Score],
    order: Sequence[int],
    best: Mapping[str, int],
    *,
    drawn: bool,
) -> Table:
    """Return the candidates with these indexes, and the measures by which each is the `best`."""
    rows = []
    for index in order:
        score = scores[index]
        numbers = [_number(measure(score), drawn=drawn) for measure in MEASURES.values()]
        rows.append((quoted(texts[index]), *numbers, str(score.scored), _wins(best, index)))
    header = ("candidate", *(name.replace("_", " ") for name in MEASURES), "tokens", "best by")
    return header, rows


def compared_ranks(
    texts: Sequence[str],
    scores: Sequence[Sequence[Score]],
    order: Sequence[int],
    best: Sequence[Mapping[str, int]],
    names: Sequence[str],
    *,
    drawn: bool,
) -> Table:
    """Return the candidates with their log-likelihoods under two models, and by which measures each wins."""
    rows = []
    for index in order:
        one, other = (own[index].log_likelihood for own in scores)
        numbers = [_number(value, drawn=drawn) for value in (one, other, one - other)]
        rows.append((quoted(texts[index]), *numbers, *(_wins(own, index) for own in best)))
    return ("candidate", *names, "difference", "best by", "best by (other model)"), rows


def _wins(best: Mapping[str, int], index: int) -> str:
    """Return the measures by which a candidate is the best."""
    return ", ".join(name.replace("_", " ") for name in best if best[name] == index) or NONE


def quoted(text: str) -> str:
    """Return a text as a JSON string on one line, with all white space that a cell would not keep escaped."""
    shown = jsontext.encode(text).decode("utf-8")
    return _LOST_SPACE.sub(lambda match: f"\\u{ord(match[0]):04x}", shown)


def _quoted_token(token: ScoredToken) -> str:
    r"""Return a token as `quoted` does; bytes that are only part of a character are shown as `\xe2`."""
    if token.raw is None or token.raw.decode("utf-8", "ignore").encode("utf-8") == token.raw:
        return quoted(token.text)
    return f'"{escaped(token.text, token.raw)}"'


def _number(value: float, *, drawn: bool) -> str:
    return f"{value:.4f}" if drawn else str(value)
