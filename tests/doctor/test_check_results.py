"""Check results: exit code, JSON record and redaction."""

import pytest

from nebius_cli.api.redaction import Redactor
from nebius_cli.core.errors_and_exit_codes import AuthError, ExitCode, NetworkError, TimedOutError
from nebius_cli.core.secret import Secret
from nebius_cli.doctor import check_results
from nebius_cli.doctor.check_results import Check, State

OK = Check("a", State.OK, "fine")
WARN = Check("b", State.WARN, "doubtful", "look")
SKIPPED = Check("c", State.SKIPPED, "needs d")
NO_KEY = check_results.failed_check("key", AuthError("no API key", "none", "log in"))
NO_NETWORK = check_results.failed_check("tcp", NetworkError("refused"))


@pytest.mark.parametrize(
    ("found", "code"),
    [([], 0), ([OK, WARN, SKIPPED], 0), ([OK, NO_KEY, NO_NETWORK], 4), ([NO_NETWORK, NO_KEY], 7)],
    ids=["nothing", "no failure", "key first", "network first"],
)
def test_the_first_failure_is_the_exit_code(found: list[Check], code: int) -> None:
    assert check_results.exit_code(found) == code
    assert check_results.to_json(found)["exit_code"] == code


def test_a_failure_keeps_its_hint_unless_it_names_a_flag_that_probes_ignore() -> None:
    assert Check("key", State.FAIL, "no API key: none", "log in", ExitCode.AUTH) == NO_KEY
    late = check_results.failed_check(
        "api", TimedOutError("timed out", "", "use --stall-timeout to wait longer")
    )
    assert (late.text, late.hint) == ("timed out", "")


def test_the_record_has_name_state_text_and_hint_of_each_check() -> None:
    assert check_results.to_json([OK, WARN])["checks"] == [
        {"name": "a", "state": "ok", "text": "fine", "hint": None},
        {"name": "b", "state": "warn", "text": "doubtful", "hint": "look"},
    ]


def test_a_secret_is_redacted_wherever_it_occurs_unless_it_is_too_short() -> None:
    reported = Check("api", State.FAIL, "no such key: s3cr/t", "not s3cr%2Ft", ExitCode.AUTH)
    redactor = Redactor(Secret("s3cr/t"), Secret(""), Secret("no"), min_chars=4)
    clean = check_results.redacted(reported, redactor)
    assert clean == Check("api", State.FAIL, "no such key: ***", "not ***", ExitCode.AUTH)
