"""Defines the results of `nbx doctor`: checks with their states, their JSON, and the exit code."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from nebius_cli.api.redaction import Redactor
from nebius_cli.core.errors_and_exit_codes import ExitCode, NbxError, TimedOutError
from nebius_cli.core.short_text import counted

MAX_CLOCK_SKEW_S = 60.0
MIN_CERTIFICATE_DAYS = 14  # a certificate that expires sooner causes a warning


class State(Enum):
    """The state of a check."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check; `code` is the exit code if it failed."""

    name: str
    state: State
    text: str
    hint: str = ""
    code: ExitCode = ExitCode.DONE


def failed_check(name: str, error: NbxError) -> Check:
    """Return the check `name` that failed with `error`."""
    # The hint of a timeout names flags that do not change the time limits of a check.
    hint = "" if isinstance(error, TimedOutError) else error.hint
    return Check(name, State.FAIL, error.line, hint, error.code)


def exit_code(checks: Iterable[Check]) -> ExitCode:
    """Return the exit code of the first check that failed, DONE if none did."""
    return next((check.code for check in checks if check.state is State.FAIL), ExitCode.DONE)


def to_json(checks: Sequence[Check]) -> dict[str, Any]:
    """Return the object that `--json` prints."""
    lines = [
        {"name": check.name, "state": check.state.value, "text": check.text, "hint": check.hint or None}
        for check in checks
    ]
    return {"checks": lines, "exit_code": int(exit_code(checks))}


def redacted(check: Check, redactor: Redactor) -> Check:
    """Return the check without the secrets, which a server may have sent back."""
    return replace(check, text=redactor.text(check.text), hint=redactor.text(check.hint))


def check_clock(date: str, now: float) -> Check:
    """Compare the Date header of a response with `now`, in Unix time."""
    try:
        theirs = parsedate_to_datetime(date)
        theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
        behind = theirs.timestamp() - now
    except (ValueError, OverflowError):
        return Check("clock", State.SKIPPED, "the server does not send the time")
    if abs(behind) <= MAX_CLOCK_SKEW_S:
        return Check("clock", State.OK, f"within {MAX_CLOCK_SKEW_S:g} s of the server's clock")
    words = f"{abs(behind):.0f} s {'behind' if behind > 0 else 'ahead of'} the server's clock"
    return Check("clock", State.WARN, words, "set this machine's clock")


def check_certificate(version: str, ends: float, now: float) -> Check:
    """Check when a valid certificate expires; `ends` and `now` are Unix time."""
    days = int((ends - now) // 86_400)
    text = f"{version}, certificate valid until {datetime.fromtimestamp(ends, UTC).date().isoformat()}"
    if days < MIN_CERTIFICATE_DAYS:
        return Check(
            "tls",
            State.WARN,
            f"{text}, {counted(days, 'day')} left",
            "the operator of the server must renew it",
        )
    return Check("tls", State.OK, text)
