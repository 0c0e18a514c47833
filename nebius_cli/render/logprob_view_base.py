"""Writes what all log probability views on a terminal need: headings, summaries, choices in order."""

from abc import abstractmethod
from collections.abc import Iterable

from nebius_cli.render.choice_heading import heading
from nebius_cli.render.order_choices import OrderedRenderer
from nebius_cli.render.order_logprob_choices import SpanOrder
from nebius_cli.render.output_options import OutputOptions
from nebius_cli.render.probability_colors import DIM, RESET, summary
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.response.token_logprobs import TokenLogprob
from nebius_cli.response.token_spans import TokenSpan
from nebius_cli.system.streams import Streams, Write


class TokenView(OrderedRenderer[TokenSpan]):
    """Writes each choice below its heading and above its summary, as its tokens arrive."""

    def __init__(self, streams: Streams, write: Write, options: OutputOptions) -> None:
        super().__init__(SpanOrder(options.choices))
        self.streams = streams
        self.write = write
        self.color = options.color_out
        self._options = options
        self._begun = 0  # number of choices that have begun
        self._tokens: list[TokenLogprob] = []  # tokens of the current choice

    def finish(self, completion: Completion) -> None:
        """Write the held tokens and the last summary."""
        super().finish(completion)
        self._end_choice()

    def line(self, text: str, style: str = "") -> None:
        """Write a line, with a style if colour is on."""
        self.write((f"{style}{text}{RESET}\n" if style and self.color else f"{text}\n").encode())

    def begin_choice(self, index: int) -> None:
        """Write the lines above the tokens of a choice: its heading, if there are several choices."""
        if self._options.choices > 1 or index:
            self.line(heading(index, self._options.choices, self._options.prompts))

    @abstractmethod
    def draw(self, span: TokenSpan) -> None:
        """Write the next span of the current choice."""

    def summarize(self, text: str) -> None:
        """Write the summary of a choice, which is empty if no log probability is known."""
        if text:
            self.line(text, DIM)

    def put(self, spans: Iterable[TokenSpan | None]) -> None:
        """Write spans, with the lines above and below each choice."""
        for span in spans:
            if span is None:
                self._end_choice()
            if self._begun <= self.order.current:
                self.begin_choice(self.order.current)
                self._begun = self.order.current + 1
            if span is not None:
                self._tokens += span.tokens
                self.draw(span)

    def _end_choice(self) -> None:
        self.summarize(summary(self._tokens))
        self._tokens = []
