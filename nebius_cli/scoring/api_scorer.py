"""Scores passages over the API: prompts are echoed with the log probabilities of their tokens."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nebius_cli.request.fields import Value
from nebius_cli.request.request import CompletionRequest
from nebius_cli.response.completion import Completion
from nebius_cli.scoring import likelihood
from nebius_cli.scoring.groups import Scorer
from nebius_cli.scoring.likelihood import Passage, Score

MAX_PROMPTS_PER_REQUEST = 16  # servers limit them, and one invalid prompt fails the whole request
# The configured settings that a scoring request uses.
CONFIGURED_FIELDS = ("model", "ai_project_id", "service_tier", "user", "extra_body")


def scoring_fields(fields: Mapping[str, Any], max_tokens: int) -> dict[str, Any]:
    """Return the request fields that make a server echo the prompt with log probabilities."""
    required = {
        "max_tokens": max_tokens,
        "temperature": 0,
        "logprobs": 1,
        "echo": True,
        "stream": False,
    }
    return {**fields, **required}


def api_scorer(
    fields: Mapping[str, Value], params: Mapping[str, Any], send: Callable[[CompletionRequest], Completion]
) -> Scorer:
    """Return a scorer that sends the passages as prompts of one request with `scoring_fields`."""

    def score(passages: Sequence[Passage]) -> list[Score]:
        texts = [passage.prompt for passage in passages]
        completion = send(CompletionRequest(texts[0] if len(texts) == 1 else texts, fields, params))
        max_tokens = int(str(fields["max_tokens"]))
        choices = [completion.choices[index] for index in range(len(passages))]
        return [
            likelihood.from_echo(passage, choice.text, choice.to_json()["logprobs"], max_tokens)
            for passage, choice in zip(passages, choices, strict=True)
        ]

    return score
