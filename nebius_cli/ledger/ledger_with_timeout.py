"""Calls the ledger with a time limit, so that a run never waits long or fails because of it."""

import contextlib
from collections.abc import Callable
from typing import TypeVar

from nebius_cli.core.errors_and_exit_codes import TimedOutError
from nebius_cli.ledger.ledger_database import Ledger
from nebius_cli.system.thread_with_timeout import TimeoutThread

LEDGER_TIMEOUT_S = 2.0  # how long a run waits for the ledger, even on a disk that hangs

Result = TypeVar("Result")


class LedgerAccess:
    """Calls the ledger within a time limit, and warns once about each problem.

    `held` is true if another program had locked the database at the last call, `failed` if nothing more can
    be written.
    """

    def __init__(self, ledger: Ledger, warn: Callable[[str], None]) -> None:
        self.ledger = ledger
        self.held = False
        self.failed = False
        self._warn = warn
        self._warned: set[str] = set()
        self._thread = TimeoutThread("nbx-ledger")

    def run(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns, or raise what it raises. Raises TimedOutError."""
        return self._thread.run(LEDGER_TIMEOUT_S, work)

    def close(self) -> None:
        """Close the ledger, unless a write to it hangs."""
        if not self.failed:
            with contextlib.suppress(TimedOutError):
                self.run(self.ledger.close)
        self._thread.close()

    def warn_once(self, topic: str, text: str) -> None:
        """Show a warning, unless there was one about this topic."""
        if topic not in self._warned:
            self._warned.add(topic)
            self._warn(text)
