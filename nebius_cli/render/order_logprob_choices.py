"""Orders the choices for the log probability views, and yields spans of text with their tokens.

It is separate from `order_choices` because plain text does not need the modules that read log probabilities.
"""

from collections.abc import Iterator, Sequence

from nebius_cli.render.order_choices import ChoiceOrder
from nebius_cli.response.answer_events import TextDelta
from nebius_cli.response.parse_logprobs import parse
from nebius_cli.response.token_spans import TokenSpan, TokenSpans


class SpanOrder(ChoiceOrder[TokenSpan]):
    """Yields the text of the choices with its tokens."""

    def __init__(self, choices: int) -> None:
        super().__init__(choices, _SpanPieces)


class _SpanPieces:
    def __init__(self) -> None:
        self._spans = TokenSpans()

    def feed(self, tokens: Sequence[TextDelta]) -> Iterator[TokenSpan]:
        for token in tokens:
            yield from self._spans.feed(token.text, parse(token.logprobs))

    def close(self) -> Iterator[TokenSpan]:
        yield from self._spans.close()
