"""Scores passages over the API: prompts are echoed with the log probabilities of their tokens."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nebius_cli.core.errors import BadInputError, NbxError, RejectedError
from nebius_cli.request.field_validation import Value
from nebius_cli.request.request import CompletionRequest
from nebius_cli.response.answer_builder import Completion
from nebius_cli.scoring import likelihood
from nebius_cli.scoring.likelihood import NoEchoError, Passage, Score

MAX_PROMPTS_PER_REQUEST = 16  # servers limit them, and one invalid prompt fails the whole request
# The configured settings that a scoring request uses.
CONFIGURED_FIELDS = ("model", "ai_project_id", "service_tier", "user", "extra_body")
PROMPT_LOGPROBS = "prompt_logprobs"  # vLLM's own request field, and the member of a choice that answers it

Send = Callable[[CompletionRequest], Completion]


def scoring_fields(fields: Mapping[str, Any], max_tokens: int, alternatives: int = 1) -> dict[str, Any]:
    """Return the request fields that make a server echo the prompt with log probabilities."""
    required = {
        "max_tokens": max_tokens,
        "temperature": 0,
        "logprobs": alternatives,
        "echo": True,
        "stream": False,
    }
    return {**fields, **required}


class ApiScorer:
    """Scores the prompts of one request with `scoring_fields`; a scorer as `groups.score_in_groups` takes it.

    If the server does not echo prompts, it is asked for `prompt_logprobs` instead, one prompt per request;
    `note` is told once.
    """

    def __init__(
        self, fields: Mapping[str, Value], params: Mapping[str, Any], send: Send, note: Callable[[str], None]
    ) -> None:
        self._fields = fields
        self._params = params
        self._send = send
        self._note = note
        self._echoes: bool | None = None  # whether the server echoes prompts; None until that is known

    def __call__(self, passages: Sequence[Passage]) -> list[Score | NbxError]:
        """Return the score of each passage, or why it has none. Raises NbxError if the request fails."""
        if self._echoes is False:
            return [self._with_prompt_logprobs(passage) for passage in passages]
        try:
            results = self._with_echo(passages)
        except RejectedError as error:
            if self._echoes or "echo" not in error.line.lower():
                raise
            return self._without_echo(passages) or _raise(error)
        if all(isinstance(result, NoEchoError) for result in results) and self._echoes is None:
            return self._without_echo(passages) or results
        self._echoes = True
        return results

    def _with_echo(self, passages: Sequence[Passage]) -> list[Score | NbxError]:
        texts = [passage.prompt for passage in passages]
        prompt = texts[0] if len(texts) == 1 else texts
        completion = self._send(CompletionRequest(prompt, self._fields, self._params))
        max_tokens = int(str(self._fields["max_tokens"]))
        choices = [completion.choices[index].to_json() for index in range(len(passages))]
        return [
            _result(passage, choice, max_tokens) for passage, choice in zip(passages, choices, strict=True)
        ]

    def _without_echo(self, passages: Sequence[Passage]) -> list[Score | NbxError]:
        """Score with `prompt_logprobs`; return an empty list if the server has no such field."""
        try:
            first = self._with_prompt_logprobs(passages[0])
        except NbxError:
            return []
        if isinstance(first, NoEchoError):
            return []
        self._echoes = False
        self._note("the server does not echo prompts: scoring with prompt_logprobs, one request per text")
        return [first, *map(self._with_prompt_logprobs, passages[1:])]

    def _with_prompt_logprobs(self, passage: Passage) -> Score | NbxError:
        fields = {name: value for name, value in self._fields.items() if name not in ("echo", "logprobs")}
        params = {PROMPT_LOGPROBS: self._fields["logprobs"], **self._params}
        completion = self._send(CompletionRequest(passage.prompt, {**fields, "max_tokens": 1}, params))
        return _result(passage, completion.choices[0].to_json(), 1)


def _result(passage: Passage, choice: Mapping[str, Any], max_tokens: int) -> Score | NbxError:
    """Return the score that a choice has for a passage, or why it has none."""
    try:
        try:
            return likelihood.from_echo(passage, choice["text"], choice["logprobs"], max_tokens)
        except NoEchoError:
            positions = choice.get(PROMPT_LOGPROBS)
            if not isinstance(positions, list):
                raise
            return likelihood.from_prompt_logprobs(passage, positions)
    except (RejectedError, BadInputError) as error:
        return error


def _raise(error: NbxError) -> list[Score | NbxError]:
    raise error
