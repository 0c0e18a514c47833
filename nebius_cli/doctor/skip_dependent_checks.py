"""Runs checks in order, and skips each one that depends on a check that did not pass."""

from collections.abc import Callable

from nebius_cli.core.errors_and_exit_codes import NbxError
from nebius_cli.doctor.check_results import Check, State, failed_check


class CheckList:
    """The checks so far. `on_start` is called with the name of each check before it runs."""

    def __init__(self, on_start: Callable[[str], None]) -> None:
        self.checks: list[Check] = []
        self._on_start = on_start
        self._passed: set[str] = set()

    def run(self, name: str, requires: tuple[str, ...], work: Callable[[], Check]) -> None:
        """Run one check and add its result; an NbxError of `work` means that the check failed."""
        missing = next((required for required in requires if required not in self._passed), "")
        if missing:
            self.checks.append(Check(name, State.SKIPPED, f"needs {missing}"))
            return
        self._on_start(name)
        try:
            check = work()
        except NbxError as error:
            check = failed_check(name, error)
        self.checks.append(check)
        if check.state is not State.FAIL:
            self._passed.add(name)
