"""The spans of several choices, one choice after another."""

from collections.abc import Iterator, Sequence

from nebius_cli.render.choice_order import InTurn
from nebius_cli.response.events import Token
from nebius_cli.response.logprobs import parse
from nebius_cli.response.token_spans import TokenSpan, TokenSpans


class SpanOrder(InTurn[TokenSpan]):
    """The texts of the choices with the tokens that made them."""

    def __init__(self, choices: int) -> None:
        super().__init__(choices, _Spans)


class _Spans:
    def __init__(self) -> None:
        self._spans = TokenSpans()

    def feed(self, tokens: Sequence[Token]) -> Iterator[TokenSpan]:
        for token in tokens:
            yield from self._spans.feed(token.text, parse(token.logprobs))

    def close(self) -> Iterator[TokenSpan]:
        yield from self._spans.close()
