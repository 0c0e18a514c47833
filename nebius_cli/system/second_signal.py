"""After a signal, lets a run finish what it has to write before a second signal can end it."""

import contextlib
import signal
from collections.abc import Callable, Iterator

NAMES = ("SIGINT", "SIGTERM", "SIGQUIT")  # Windows has only the first two


@contextlib.contextmanager
def second_signal(hurry: Callable[[], None]) -> Iterator[None]:
    """Call `hurry` on the next signal, which would end the process; the one after it does.

    `hurry` is called between two instructions of the main thread, so it must not take a lock. Use it in the
    main thread. Signals that are ignored or handled stay so.
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
