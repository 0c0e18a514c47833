"""A limit on work that cannot be ended: a name lookup, a keyring that waits for somebody."""

import threading
from collections.abc import Callable
from typing import TypeVar

from nebius_cli.core.errors import TimedOutError

T = TypeVar("T")


def run_with_timeout(seconds: float, work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise what it raises. Raises TimedOutError when that takes too long."""
    done: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            failures.append(error)

    # A daemon: a name lookup cannot be ended, and must not keep the process alive.
    thread = threading.Thread(target=run, name="nbx-patience", daemon=True)
    thread.start()
    thread.join(seconds)
    if failures:
        raise failures[0]
    if not done:
        raise TimedOutError(f"no answer within {seconds:g} s")
    return done[0]
