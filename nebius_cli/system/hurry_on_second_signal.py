"""Lets a run finish writing after a signal: a second signal hurries it, and a third one ends it."""

import contextlib
import signal
from collections.abc import Callable, Iterator

NAMES = ("SIGINT", "SIGTERM", "SIGQUIT")  # Windows has only the first two


@contextlib.contextmanager
def second_signal(hurry: Callable[[], None]) -> Iterator[None]:
    """Call `hurry` on the next signal instead of ending the process; the signal after that ends it.

    `hurry` is called between two instructions of the main thread, so it must not take a lock. Use it in the
    main thread. Signals that are already ignored or handled are not changed.
    """
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    numbers = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]

    def restore() -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)

    def caught(number: int, frame: object) -> None:
        del number, frame
        restore()
        hurry()

    for number in numbers:
        signal.signal(number, caught)
    try:
        yield
    finally:
        restore()
