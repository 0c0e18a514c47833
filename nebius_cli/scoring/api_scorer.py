"""Scores passages with the API, by requesting echoed prompts with the log probabilities of their tokens."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nebius_cli.core.errors_and_exit_codes import BadInputError, NbxError, RejectedError
from nebius_cli.request import parse_field_flags
from nebius_cli.request.parse_and_check_values import Value
from nebius_cli.request.request_body import CompletionRequest
from nebius_cli.response.events_to_answer import Completion
from nebius_cli.scoring import likelihood_and_perplexity
from nebius_cli.scoring.detect_echo_support import EchoSupport
from nebius_cli.scoring.likelihood_and_perplexity import PROMPT_LOGPROBS, Passage, Score
from nebius_cli.scoring.score_options import ScoreOptions

MAX_PROMPTS_PER_REQUEST = 16  # servers limit them, and one invalid prompt fails the whole request
# The configured settings that a scoring request uses.
CONFIGURED_FIELDS = ("model", "ai_project_id", "service_tier", "user", "extra_body")

Send = Callable[[CompletionRequest], Completion]


def scoring_fields(configured: Mapping[str, Value], options: ScoreOptions) -> dict[str, Any]:
    """Return the request fields that make a server echo the prompt with log probabilities.

    Of the `configured` fields only CONFIGURED_FIELDS are sent; fields given as flags override them. Raises
    UsageError.
    """
    kept = {name: configured[name] for name in CONFIGURED_FIELDS if name in configured}
    given = parse_field_flags.parse_fields(options.fields, str, validate=True)
    required = {"temperature": 0, "logprobs": options.alternatives, "echo": True, "stream": False}
    return {**kept, **given, "max_tokens": int(options.max_tokens), **required}


class ApiScorer:
    """Scores the prompts of one request with `scoring_fields`; a Scorer for `score_in_groups`.

    If the server does not echo prompts, it is asked for `prompt_logprobs` instead, one prompt per request;
    `note` is called once.
    """

    def __init__(
        self, fields: Mapping[str, Value], params: Mapping[str, Any], send: Send, note: Callable[[str], None]
    ) -> None:
        self._fields = fields
        self._params = params
        self._send = send
        self._note = note
        self._support = EchoSupport()

    def __call__(self, passages: Sequence[Passage]) -> list[Score | NbxError]:
        """Return a score or an error for each passage. Raises NbxError if the request fails."""
        if not self._support.falls_back:
            with contextlib.suppress(_SendAgainError):
                return self._ask(passages)
        return [self._ask([passage])[0] for passage in passages]

    def _ask(self, passages: Sequence[Passage]) -> list[Score | NbxError]:
        """Send one request. Raises _SendAgainError if it must be sent with `prompt_logprobs`."""
        support, fell_back = self._support, self._support.falls_back
        texts = [passage.prompt for passage in passages]
        fields, params = self._fields, self._params
        if fell_back:
            fields = support.fallback(fields)
            params = {PROMPT_LOGPROBS: fields.pop(PROMPT_LOGPROBS), **params}
        try:
            completion = self._send(CompletionRequest(texts[0] if len(texts) == 1 else texts, fields, params))
        except NbxError as error:
            final = support.refused(error, fell_back=fell_back)
            if final is None:
                raise _SendAgainError from error
            # The server may fail because it does not know the field.
            raise (support.cause if fell_back and support.cause else final) from None
        choices = [completion.choices[index].to_json() for index in range(len(passages))]
        max_tokens = int(str(fields["max_tokens"]))
        results = [
            _result(passage, choice, max_tokens) for passage, choice in zip(passages, choices, strict=True)
        ]
        again, note = support.answered(results, fell_back=fell_back)
        if again:
            raise _SendAgainError
        if note:
            self._note(note)
        return results


class _SendAgainError(Exception):
    """The server does not echo prompts, but may support `prompt_logprobs`."""


def _result(passage: Passage, choice: Mapping[str, Any], max_tokens: int) -> Score | NbxError:
    """Return the score of a passage from its choice, or the error if it has none."""
    try:
        return likelihood_and_perplexity.from_choice(passage, choice, max_tokens)
    except (RejectedError, BadInputError) as error:
        return error
