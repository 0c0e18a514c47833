"""A server without echo is detected once, and asked for prompt_logprobs from then on."""

from typing import Any

import pytest

from nebius_cli.core.errors_and_exit_codes import NbxError, RejectedError, ServerError
from nebius_cli.scoring.detect_echo_support import FALLBACK_NOTE, EchoSupport
from nebius_cli.scoring.likelihood_and_perplexity import NoEchoError

NO_ECHO = NoEchoError("cannot", "it ignores echo")
UNCLEAR = RejectedError("cannot", "may belong to the context")
SCORE = {"log_likelihood": -1.0}


def answered(support: EchoSupport, *outcomes: Any, fell_back: bool = False) -> tuple[bool, str]:
    return support.answered(outcomes, fell_back=fell_back)


def test_one_echo_proves_that_the_server_supports_echo() -> None:
    for outcome in (SCORE, UNCLEAR):
        support = EchoSupport()
        assert answered(support, NO_ECHO, outcome) == (False, "")
        assert answered(support, NO_ECHO) == (False, "")  # that row fails
        assert not support.falls_back
        refused = RejectedError("no", "echo is not allowed here", status=400)
        assert support.refused(refused, fell_back=False) is refused


def test_a_request_answered_without_echo_is_repeated_and_the_note_shown_once() -> None:
    support = EchoSupport()
    assert answered(support, NO_ECHO, NO_ECHO) == (True, "")
    assert (support.falls_back, support.cause) == (True, NO_ECHO)
    assert answered(support, NO_ECHO) == (True, "")  # this request had been sent before the fallback
    assert answered(support, NO_ECHO, fell_back=True) == (False, "")
    assert answered(support, SCORE, fell_back=True) == (False, FALLBACK_NOTE)
    assert answered(support, SCORE, fell_back=True) == (False, "")
    assert support.cause is None


def test_a_request_refused_because_of_echo_is_repeated() -> None:
    support = EchoSupport()
    assert support.refused(RejectedError("no", "echo is not supported", status=400), fell_back=False) is None
    assert support.falls_back


@pytest.mark.parametrize(
    "error",
    [
        RejectedError("no", "too long", status=400),
        RejectedError("no", "echo", status=404),
        ServerError("echo"),
    ],
)
def test_a_refusal_for_another_reason_is_reported_unchanged(error: NbxError) -> None:
    assert EchoSupport().refused(error, fell_back=False) is error


def test_if_prompt_logprobs_are_refused_too_the_error_is_the_missing_echo() -> None:
    support = EchoSupport()
    answered(support, NO_ECHO)
    error = RejectedError("no", "unknown field", status=422)
    assert support.refused(error, fell_back=True) is NO_ECHO
    answered(support, SCORE, fell_back=True)
    assert support.refused(error, fell_back=True) is error


def test_the_fallback_request_has_prompt_logprobs_instead_of_echo() -> None:
    members = {"model": "m", "echo": True, "logprobs": 2, "max_tokens": 0}
    assert EchoSupport().fallback(members) == {"prompt_logprobs": 2, "model": "m", "max_tokens": 1}
    members["prompt_logprobs"] = 5  # set by the user
    assert EchoSupport().fallback(members)["prompt_logprobs"] == 5
