"""Scores → rows: of one text, of its tokens, of candidates. `drawn` is for people, else for programs."""

import re
from collections.abc import Mapping, Sequence

from nebius_cli.core import jsontext
from nebius_cli.render.probability_scale import escaped
from nebius_cli.scoring.likelihood import Score, ScoredToken
from nebius_cli.scoring.records import MEASURES
from nebius_cli.terminal.tables import Cells

Table = tuple[Cells, Sequence[Cells]]

NONE = "-"
# Columns of numbers, in whichever table.
NUMBERS = ("value", "offset", "log probability", "tokens", *(name.replace("_", " ") for name in MEASURES))

# What would be lost on the one line of a cell: any white space but a single blank.
_BLANKS = re.compile(r"[^\S ]|(?<= ) ")


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


def tokens(score: Score, *, drawn: bool) -> Table:
    """Return the tokens of one text."""
    rows = [
        (
            _quoted_token(token),
            str(token.offset),
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
    """Return candidates in an order, with the measures by which each is the `best`."""
    rows = []
    for place in order:
        score = scores[place]
        wins = [name.replace("_", " ") for name in best if best[name] == place]
        numbers = [_number(measure(score), drawn=drawn) for measure in MEASURES.values()]
        rows.append((quoted(texts[place]), *numbers, str(score.scored), ", ".join(wins) or NONE))
    header = ("candidate", *(name.replace("_", " ") for name in MEASURES), "tokens", "wins by")
    return header, rows


def quoted(text: str) -> str:
    """Return a text as a JSON string that the cell of a table holds whole."""
    shown = jsontext.encode(text).decode("utf-8")
    return _BLANKS.sub(lambda match: f"\\u{ord(match[0]):04x}", shown)


def _quoted_token(token: ScoredToken) -> str:
    r"""Return a token as `quoted` does; one that is part of a character has its bytes as `\xe2`."""
    if token.raw is None or token.raw.decode("utf-8", "ignore").encode("utf-8") == token.raw:
        return quoted(token.text)
    return f'"{escaped(token.text, token.raw)}"'


def _number(value: float, *, drawn: bool) -> str:
    return f"{value:.4f}" if drawn else str(value)
