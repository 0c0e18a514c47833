"""The spans of several choices, one choice after another."""

from collections.abc import Iterator, Sequence

from nebius_cli.core.events import Token
from nebius_cli.core.logprobs import parse
from nebius_cli.core.spans import Span, Spans
from nebius_cli.ui.turns import InTurn


class SpanTurns(InTurn[Span]):
    """The texts of the choices with the tokens that made them."""

    def __init__(self, choices: int) -> None:
        super().__init__(choices, _Spans)


class _Spans:
    def __init__(self) -> None:
        self._spans = Spans()

    def feed(self, tokens: Sequence[Token]) -> Iterator[Span]:
        for token in tokens:
            yield from self._spans.feed(token.text, parse(token.logprobs))

    def close(self) -> Iterator[Span]:
        yield from self._spans.close()
