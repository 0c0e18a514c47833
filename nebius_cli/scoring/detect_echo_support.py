"""Finds out whether a server echoes prompts; if it does not, prompts are sent with `prompt_logprobs`."""

from collections.abc import Mapping, Sequence
from typing import Any

from nebius_cli.core.errors_and_exit_codes import NbxError, RejectedError
from nebius_cli.scoring.likelihood_and_perplexity import PROMPT_LOGPROBS, NoEchoError

FALLBACK_NOTE = "the server does not echo prompts: scoring with prompt_logprobs, one request per text"
UNKNOWN_FIELD_STATUSES = (400, 422)  # HTTP statuses of a server that refuses a request field


class EchoSupport:
    """Whether a model's server echoes prompts. If `falls_back`, requests are sent with `prompt_logprobs`."""

    def __init__(self) -> None:
        self.falls_back = False
        self._echoes = False  # a prompt was echoed
        self._confirmed = False  # `prompt_logprobs` was answered
        self._error: NbxError | None = None

    @property
    def cause(self) -> NbxError | None:
        """Why requests use `prompt_logprobs`; None if they do not, or once one of them was answered."""
        return None if self._confirmed else self._error

    def fallback(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Return the members of a request with `prompt_logprobs`, given those of one with `echo`."""
        others = {name: value for name, value in members.items() if name not in ("echo", "logprobs")}
        return {PROMPT_LOGPROBS: members.get("logprobs"), **others, "max_tokens": 1}

    def answered(self, outcomes: Sequence[Any], *, fell_back: bool) -> tuple[bool, str]:
        """Learn from the outcomes of a request; return whether to send it again with `prompt_logprobs`.

        Also return a note for the user, the first time that the server answers such a request.
        """
        missing = [outcome for outcome in outcomes if isinstance(outcome, NoEchoError)]
        if len(missing) < len(outcomes):
            first = fell_back and not self._confirmed
            self._confirmed = self._confirmed or fell_back
            self._echoes = self._echoes or not fell_back
            return False, FALLBACK_NOTE if first else ""
        if fell_back or self._echoes:
            return False, ""
        self._fall_back(missing[0])
        return True, ""

    def refused(self, error: NbxError, *, fell_back: bool) -> NbxError | None:
        """Return the error of a request that failed, None to send it again with `prompt_logprobs`.

        A server that refuses `prompt_logprobs` cannot score: the error says why nbx asked for them.
        """
        if not isinstance(error, RejectedError) or error.status not in UNKNOWN_FIELD_STATUSES:
            return error
        if fell_back:
            return self.cause or error
        if self._echoes or "echo" not in error.line.lower():
            return error
        self._fall_back(NoEchoError(error.what, error.why, error.hint))
        return None

    def _fall_back(self, error: NbxError) -> None:
        self._error = self._error or error
        self.falls_back = True
