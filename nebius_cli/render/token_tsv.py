"""Writes `--view` to a pipe: one tab-separated line per token, with the columns in docs/logprobs.md."""

import math
from collections.abc import Iterable

from nebius_cli.core import jsontext
from nebius_cli.render.format_token import escaped
from nebius_cli.render.order_choices import OrderedRenderer
from nebius_cli.render.order_logprob_choices import SpanOrder
from nebius_cli.response.token_logprobs import TokenLogprob, entropy, probability, rank, surprise
from nebius_cli.response.token_spans import TokenSpan
from nebius_cli.system.streams import Write
from nebius_cli.terminal.sanitize import to_bytes


class TokenTsv(OrderedRenderer[TokenSpan]):
    """Writes the tokens of the choices, one choice after another."""

    def __init__(self, write: Write, choices: int) -> None:
        super().__init__(SpanOrder(choices))
        self._write = write
        self._count = 0

    def put(self, spans: Iterable[TokenSpan | None]) -> None:
        """Write a line for each token."""
        for span in spans:
            if span is None:
                self._count = 0
                continue
            # Text without tokens is written too.
            for token in span.tokens or (TokenLogprob(span.text),):
                self._count += 1
                self._write(to_bytes(row(self.order.current + 1, self._count, token)))


def row(choice: int, number: int, token: TokenLogprob) -> str:
    """Return the line of one token. An unknown value is an empty column; numbers have full precision."""
    found = rank(token)
    others = [[other.text, _finite(other.logprob)] for other in token.alternatives]
    columns = (
        str(choice),
        str(number),
        escaped(token.text, token.raw),
        _number(token.logprob),
        _number(probability(token.logprob)),
        _number(surprise(token.logprob)),
        _number(entropy(token)),
        "" if found is None else f"{'' if found.known else '>='}{found.at_least}",
        jsontext.encode(others).decode() if others else "",
    )
    return "\t".join(columns) + "\n"


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None  # JSON has no infinity
