"""What `nbx doctor` finds: checks with their verdicts, and the one exit code that they come to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from nebius_cli.core.errors import ExitCode, NbxError, TimedOutError
from nebius_cli.core.format import counted

MAX_CLOCK_SKEW_S = 60.0  # seconds that this clock and the server's may differ
MIN_CERTIFICATE_DAYS = 14  # of a certificate, in which it is time to say so
MIN_SECRET_CHARS = 4  # characters; shorter ones stand in ordinary words


class State(Enum):
    """The verdict of a check."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, the verdict, what was seen, and what to do. `code` is a failure's."""

    name: str
    state: State
    text: str
    hint: str = ""
    code: ExitCode = ExitCode.DONE


def failed_check(name: str, error: NbxError) -> Check:
    """Return the check that ended with this error."""
    # The flags that a deadline names are not those that bound a probe.
    hint = "" if isinstance(error, TimedOutError) else error.hint
    return Check(name, State.FAIL, error.line, hint, error.code)


def exit_code(checks: Iterable[Check]) -> ExitCode:
    """Return the code of the first check that failed, DONE where none did."""
    return next((check.code for check in checks if check.state is State.FAIL), ExitCode.DONE)


def to_json(checks: Sequence[Check]) -> dict[str, Any]:
    """Return what `--json` says."""
    lines = [
        {"name": check.name, "state": check.state.value, "text": check.text, "hint": check.hint or None}
        for check in checks
    ]
    return {"checks": lines, "exit_code": int(exit_code(checks))}


def redacted(check: Check, secrets: Iterable[str]) -> Check:
    """Return a check in which no secret can be read, not even where a server sent it back."""
    text, hint = check.text, check.hint
    for secret in secrets:
        if len(secret) >= MIN_SECRET_CHARS:
            text, hint = text.replace(secret, "***"), hint.replace(secret, "***")
    return replace(check, text=text, hint=hint)


def check_clock(date: str, now: float) -> Check:
    """Compare this clock with the server's, which has whole seconds and the way here behind it."""
    try:
        theirs = parsedate_to_datetime(date)
        theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
        behind = theirs.timestamp() - now
    except (ValueError, OverflowError):
        return Check("clock", State.SKIPPED, "the server does not say what time it is")
    if abs(behind) <= MAX_CLOCK_SKEW_S:
        return Check("clock", State.OK, f"within {MAX_CLOCK_SKEW_S:g} s of the server's")
    words = f"{abs(behind):.0f} s {'behind' if behind > 0 else 'ahead of'} the server's"
    return Check("clock", State.WARN, words, "set this machine's clock")


def check_certificate(version: str, ends: float, now: float) -> Check:
    """Judge a certificate that was found good, by how long it will be."""
    days = int((ends - now) // 86_400)
    text = f"{version}, certificate until {datetime.fromtimestamp(ends, UTC).date().isoformat()}"
    if days < MIN_CERTIFICATE_DAYS:
        return Check(
            "tls", State.WARN, f"{text}, {counted(days, 'day')}", "whoever runs the server must renew it"
        )
    return Check("tls", State.OK, text)
