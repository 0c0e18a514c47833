"""Exit codes, and the errors for HTTP statuses."""

import pytest

from nebius_cli.core import errors_and_exit_codes
from nebius_cli.core.errors_and_exit_codes import HINTS, ExitCode, NbxError, NetworkError, from_status

CODES = {
    "DONE": 0,
    "BUG": 1,
    "USAGE": 2,
    "REJECTED": 3,
    "AUTH": 4,
    "RATE_LIMITED": 5,
    "SERVER": 6,
    "NETWORK": 7,
    "INCOMPLETE": 8,
    "ROWS_FAILED": 9,
    "CAPPED": 10,
    "BAD_INPUT": 65,
    "OUTPUT": 74,
    "CONFIG": 78,
    "HUNG_UP": 129,
    "INTERRUPTED": 130,
    "QUIT": 131,
    "READER_GONE": 141,
    "TERMINATED": 143,
}


def test_exit_codes_never_change() -> None:
    assert {code.name: int(code) for code in ExitCode} == CODES
    assert all(code.meaning and "\n" not in code.meaning for code in ExitCode)


CLASSES = [
    ("UsageError", 2),
    ("BadInputError", 65),
    ("ConfigError", 78),
    ("OutputError", 74),
    ("NetworkError", 7),
    ("TimedOutError", 7),
    ("IncompleteError", 8),
    ("RejectedError", 3),
    ("AuthError", 4),
    ("RateLimitError", 5),
    ("ServerError", 6),
]


@pytest.mark.parametrize(("name", "code"), CLASSES)
def test_each_error_class_has_its_exit_code_and_three_texts(name: str, code: int) -> None:
    error = getattr(errors_and_exit_codes, name)("what", "why", "hint")
    assert (error.code, error.what, error.why, error.hint, str(error)) == (
        code,
        "what",
        "why",
        "hint",
        "what",
    )
    assert isinstance(error, NbxError)


STATUSES = [
    (300, 3),
    (304, 3),
    (400, 3),
    (401, 4),
    (402, 4),
    (403, 4),
    (404, 3),
    (408, 3),
    (409, 3),
    (413, 3),
    (422, 3),
    (429, 5),
    (499, 3),
    (500, 6),
    (503, 6),
    (529, 6),
    (999, 6),
]


@pytest.mark.parametrize(("status", "code"), STATUSES)
def test_each_status_is_an_error_with_its_exit_code(status: int, code: int) -> None:
    error = from_status(status, "words", retry_after=2.5)
    assert (error.code, error.status, error.retry_after) == (code, status, 2.5)
    assert (error.what, error.why, error.hint) == (
        f"the server answered {status}",
        "words",
        HINTS.get(status, ""),
    )


def test_the_request_id_is_shown() -> None:
    assert from_status(500, "", request_id="req-1").what == "the server answered 500 (request req-1)"


def test_a_network_error_is_not_retryable_unless_marked_so() -> None:
    assert not NetworkError("x").retryable
    assert NetworkError("x", retryable=True).retryable


def test_except_exception_does_not_catch_the_end_of_a_run() -> None:
    for kind in (errors_and_exit_codes.ReaderGone, errors_and_exit_codes.Terminated):
        assert not issubclass(kind, Exception)


def test_out_of_memory_after_sending_may_be_billed() -> None:
    assert [errors_and_exit_codes.no_memory(sent=sent).sent for sent in (False, True)] == [False, True]
    assert errors_and_exit_codes.no_memory().code is ExitCode.CONFIG
