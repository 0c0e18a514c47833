"""Scores a text that is longer than the context of the model, in overlapping windows.

The usual way to compute perplexities of long texts: https://huggingface.co/docs/transformers/perplexity
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.local.llama_cpp_server_logprobs import VocabularyToken
from nebius_cli.response.token_logprobs import TokenLogprob

MAX_ADDED_TOKENS = 2  # special tokens that a model puts in front of a prompt


class SlidingWindow(NamedTuple):
    """How to score a text that is longer than a window; `size` 0 means the context of the model.

    Both are in tokens: each window begins `stride` tokens after the previous one, and scores only the tokens
    that no earlier window contains.
    """

    size: int
    stride: int

    def in_context(self, context_tokens: int) -> "SlidingWindow":
        """Return the window for a model with this context, 0 if that is unknown.

        Raises UsageError if the window does not fit, or if windows would not overlap.
        """
        size = self.size or context_tokens
        if not size:
            why = "the context size of the model is unknown"
            raise UsageError("--stride requires --window", why, "for example --window 512")
        if 0 < context_tokens < size:
            why = f"must be at most {context_tokens:,}, the context size of the model"
            raise UsageError(f"--window {size}", why)
        limit = size - MAX_ADDED_TOKENS
        if limit < 2:  # even a stride of 1 would be too long
            why = f"must be at least {MAX_ADDED_TOKENS + 2}, so that windows overlap"
            raise UsageError(f"--window {size}", why, "for example --window 512")
        if self.stride >= limit:
            why = f"must be less than {limit:,}, so that windows of {size:,} tokens overlap"
            raise UsageError(f"--stride {self.stride}", why)
        return self._replace(size=size)


class TokenScorer(Protocol):
    """The embedded engine, through its library or its server."""

    def tokenize(self, text: str) -> list[VocabularyToken]:
        """Return the tokens of a prompt."""

    def logprobs(self, pieces: list[VocabularyToken], first: int) -> Iterator[TokenLogprob]:
        """Yield each token with its log probability, None before index `first`."""


def score_in_windows(
    engine: TokenScorer, tokens: list[VocabularyToken], first: int, added: int, window: SlidingWindow
) -> list[TokenLogprob]:
    """Return the tokens with their log probabilities, each given the tokens before it in its window.

    Each window begins with the `added` special tokens of the prompt.
    """
    found: list[TokenLogprob] = []
    begin = 0
    while len(found) < len(tokens):
        # A window that contains only context is not evaluated.
        part = tokens[:added] + tokens[begin + added : begin + window.size]
        scored = list(engine.logprobs(part, min(len(part), max(first, len(found)) - begin)))
        found += scored[len(found) - begin :]
        begin += window.stride
    return found


def added_tokens(tokens: Sequence[VocabularyToken], prompt: bytes) -> int:
    """Return how many special tokens the model has put in front of a prompt."""
    texts = (prompt, b" " + prompt)  # SentencePiece puts a space in front
    counts = range(MAX_ADDED_TOKENS + 1)
    return next((n for n in counts if b"".join(token.raw for token in tokens[n:]) in texts), 0)
