"""Defines the results of `nbx doctor`: checks with their states, their JSON, and the exit code."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from nebius_cli.api.redaction import Redactor
from nebius_cli.core.errors_and_exit_codes import ExitCode, NbxError, TimedOutError


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
