"""Scores passages with the embedded engine, one after the other."""

from nebius_cli.local.engine_scoring import EngineScoring
from nebius_cli.scoring import likelihood
from nebius_cli.scoring.groups import Scorer
from nebius_cli.scoring.likelihood import Passage, Score


def engine_scorer(engine: EngineScoring) -> Scorer:
    """Return a scorer that uses the embedded engine, one passage after the other."""

    def score_one(passage: Passage) -> Score:
        tokens = engine.tokenize(passage.prompt)
        first = likelihood.first_scored(passage, [token.raw for token in tokens])
        return likelihood.from_tokens(passage, list(engine.logprobs(tokens, first)))

    return lambda passages: [score_one(passage) for passage in passages]
