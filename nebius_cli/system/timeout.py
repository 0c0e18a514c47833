"""Limits the time of work that cannot be interrupted, such as a name lookup or a keyring prompt."""

import threading
from collections.abc import Callable
from typing import TypeVar

from nebius_cli.core.errors import TimedOutError

T = TypeVar("T")

MAX_WAIT_S = 0.5  # of one wait; Windows does not let Ctrl-C into it


def run_with_timeout(timeout_s: float, work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise what it raises. Raises TimedOutError when that takes too long.

    `math.inf` is no limit. Ctrl-C ends the wait, and leaves `work` behind.
    """
    done: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
            failures.append(error)

    # A daemon: a name lookup cannot be ended, and must not keep the process alive.
    thread = threading.Thread(target=run, name="nbx-timeout", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the system gives no more threads
        return work()
    left = timeout_s
    while thread.is_alive() and left > 0:
        thread.join(min(left, MAX_WAIT_S))
        left -= MAX_WAIT_S
    if failures:
        raise failures[0]
    if not done:
        raise TimedOutError(f"no answer within {timeout_s:g} s")
    return done[0]
