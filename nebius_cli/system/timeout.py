"""Limits the time of work that cannot be interrupted, such as a name lookup or a keyring prompt."""

import threading
from collections.abc import Callable
from typing import TypeVar

from nebius_cli.core.errors import TimedOutError

T = TypeVar("T")


def run_with_timeout(timeout_s: float, work: Callable[[], T]) -> T:
    """Return the result of `work`, or raise its exception. Raises TimedOutError after `timeout_s`."""
    done: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
            failures.append(error)

    # A daemon thread, so that work that hangs does not keep the process alive.
    thread = threading.Thread(target=run, name="nbx-timeout", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if failures:
        raise failures[0]
    if not done:
        raise TimedOutError(f"no answer within {timeout_s:g} s")
    return done[0]
