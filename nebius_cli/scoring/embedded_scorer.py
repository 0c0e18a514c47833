"""Scores passages with the embedded engine, one after the other, and long ones in overlapping windows."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from nebius_cli.local.engine_server_logprobs import VocabularyToken
from nebius_cli.response.token_logprobs import TokenLogprob
from nebius_cli.scoring import likelihood
from nebius_cli.scoring.likelihood import Passage, Score
from nebius_cli.scoring.score_options import MAX_ADDED_TOKENS, SlidingWindow


class TokenScorer(Protocol):
    """The embedded engine, through its library or its server."""

    def tokenize(self, text: str) -> list[VocabularyToken]:
        """Return the tokens of a prompt."""

    def logprobs(self, pieces: list[VocabularyToken], first: int) -> Iterator[TokenLogprob]:
        """Yield each token with its log probability, None before index `first`."""


def score_passage(
    engine: TokenScorer, passage: Passage, window: SlidingWindow | None = None
) -> tuple[Score, int]:
    """Return the score of a passage, and how many tokens its prompt has.

    Without a window, a prompt that is longer than the context is refused. Raises NbxError if the passage has
    no score, ServerError if the engine cannot continue.
    """
    tokens = engine.tokenize(passage.prompt)
    first = likelihood.first_scored(passage, [token.raw for token in tokens])
    if window is None:
        scored = list(engine.logprobs(tokens, first))
    else:
        added = _added_tokens(tokens, passage.prompt.encode("utf-8", "surrogatepass"))
        scored = _in_windows(engine, tokens, first, added, window)
    return likelihood.from_tokens(passage, scored), len(tokens)


def _in_windows(
    engine: TokenScorer, tokens: list[VocabularyToken], first: int, added: int, window: SlidingWindow
) -> list[TokenLogprob]:
    """Return the tokens with their log probabilities, each given what its window has before it.

    Each window begins with the `added` special tokens of the prompt.
    """
    found: list[TokenLogprob] = []
    begin = 0
    while len(found) < len(tokens):
        # A window that has only context is not evaluated.
        part = tokens[:added] + tokens[begin + added : begin + window.size]
        scored = list(engine.logprobs(part, min(len(part), max(first, len(found)) - begin)))
        found += scored[len(found) - begin :]
        begin += window.stride
    return found


def _added_tokens(tokens: Sequence[VocabularyToken], prompt: bytes) -> int:
    """Return how many special tokens the model has put in front of a prompt."""
    texts = (prompt, b" " + prompt)  # SentencePiece puts a space in front
    counts = range(MAX_ADDED_TOKENS + 1)
    return next((n for n in counts if b"".join(token.raw for token in tokens[n:]) in texts), 0)
