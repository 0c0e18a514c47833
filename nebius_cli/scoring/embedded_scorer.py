"""Scores passages with the embedded engine, one after the other."""

from collections.abc import Iterator
from typing import Protocol

from nebius_cli.core.errors import BadInputError, NbxError
from nebius_cli.local.engine_server_logprobs import VocabularyToken
from nebius_cli.response.token_logprobs import TokenLogprob
from nebius_cli.scoring import likelihood
from nebius_cli.scoring.likelihood import Passage, Score
from nebius_cli.scoring.score_in_groups import Scorer


class TokenScorer(Protocol):
    """The embedded engine, through its library or its server."""

    def tokenize(self, text: str) -> list[VocabularyToken]:
        """Return the tokens of a prompt."""

    def logprobs(self, pieces: list[VocabularyToken], first: int) -> Iterator[TokenLogprob]:
        """Yield each token with its log probability, None before index `first`."""


def score_passage(engine: TokenScorer, passage: Passage) -> tuple[Score, int]:
    """Return the score of a passage, and how many tokens its prompt has.

    Raises NbxError if it has no score, ServerError if the engine cannot continue.
    """
    tokens = engine.tokenize(passage.prompt)
    first = likelihood.first_scored(passage, [token.raw for token in tokens])
    return likelihood.from_tokens(passage, list(engine.logprobs(tokens, first))), len(tokens)


def engine_scorer(engine: TokenScorer) -> Scorer:
    """Return a scorer that uses the embedded engine, one passage after the other."""

    def score_one(passage: Passage) -> Score | NbxError:
        try:
            return score_passage(engine, passage)[0]
        except BadInputError as error:
            return error

    return lambda passages: [score_one(passage) for passage in passages]
