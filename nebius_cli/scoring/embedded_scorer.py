"""Scores passages with the embedded engine, one after the other, and long ones in overlapping windows."""

from nebius_cli.scoring import likelihood_and_perplexity
from nebius_cli.scoring.likelihood_and_perplexity import Passage, Score
from nebius_cli.scoring.sliding_window import SlidingWindow, TokenScorer, added_tokens, score_in_windows


def score_passage(
    engine: TokenScorer, passage: Passage, window: SlidingWindow | None = None
) -> tuple[Score, int]:
    """Return the score of a passage, and how many tokens its prompt has.

    Without a window, a prompt that is longer than the context is rejected. Raises NbxError if the passage has
    no score, ServerError if the engine cannot continue.
    """
    tokens = engine.tokenize(passage.prompt)
    first = likelihood_and_perplexity.first_scored(passage, [token.raw for token in tokens])
    if window is None:
        scored = list(engine.logprobs(tokens, first))
    else:
        added = added_tokens(tokens, passage.prompt.encode("utf-8", "surrogatepass"))
        scored = score_in_windows(engine, tokens, first, added, window)
    return likelihood_and_perplexity.from_tokens(passage, scored), len(tokens)
