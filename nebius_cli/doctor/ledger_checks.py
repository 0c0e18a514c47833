"""Checks the ledger and the budgets that are counted in it."""

import contextlib
import os
from collections.abc import Sequence

from nebius_cli.core.errors_and_exit_codes import ExitCode, LedgerError, TimedOutError
from nebius_cli.core.short_text import counted
from nebius_cli.doctor.check_results import Check, State
from nebius_cli.ledger.day_and_month_budgets import SpendingLimit
from nebius_cli.ledger.ledger_database import Ledger
from nebius_cli.system.thread_with_timeout import run_with_timeout

OTHERS_ANY = 0o077  # permission bits of group and others
INTEGRITY_TIMEOUT_S = 10.0  # the integrity check reads the whole file


def check_ledger(ledger: Ledger, *, on: bool) -> Check:
    """Check that the ledger is undamaged and writable. Problems are warnings: requests work without it."""
    name, path = "ledger", ledger.path
    if not on:
        return Check(name, State.SKIPPED, "the ledger is off", "nbx config set ledger true turns it on")
    try:
        text = f"{path}, {counted(ledger.count(), 'request')}"
        with contextlib.suppress(TimedOutError):
            if problem := run_with_timeout(INTEGRITY_TIMEOUT_S, ledger.problem):
                return Check(name, State.WARN, f"{text}; it is damaged: {problem}", _hint_to_move(ledger))
    except LedgerError as error:
        return Check(name, State.WARN, error.line, _hint_to_move(ledger))
    if waiting := ledger.pending_files:
        text += f"; {counted(len(waiting), 'file')} of pending rows beside it"
        return Check(
            name,
            State.WARN,
            text,
            f"the next request adds them; files that remain in {waiting[0].parent} contain no rows",
        )
    if not path.exists():
        return Check(name, State.OK, f"no file {path} yet")
    if others := path.stat().st_mode & OTHERS_ANY:
        text += f"; other users of this machine can read or write it (mode {others:04o})"
        return Check(name, State.WARN, text, f"chmod go= {path}")
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return Check(name, State.WARN, f"{text}; it is not writable", f"chmod u+w {path} {path.parent}")
    return Check(name, State.OK, text)


def check_budgets(budgets: Sequence[SpendingLimit], *, on: bool) -> Check:
    """Check what is left of the budgets that could be read; a used-up budget is a failure."""
    name, text = "budget", "; ".join(budget.as_text for budget in budgets)
    spent = next((budget for budget in budgets if budget.is_spent), None)
    if spent is not None:
        hint = f"raise {spent.name}, or use --over-budget for one run"
        return Check(name, State.FAIL, text, hint, ExitCode.CAPPED)
    if not on:
        hint = "nbx config set ledger true turns it on"
        return Check(name, State.WARN, "requests are not counted: the ledger is off", hint)
    if not budgets:
        return Check(name, State.WARN, "the budgets cannot be checked", "see the ledger check")
    return Check(name, State.WARN if any(budget.is_nearly_spent for budget in budgets) else State.OK, text)


def _hint_to_move(ledger: Ledger) -> str:
    return f"move {ledger.path} away, and nbx creates a new one"
