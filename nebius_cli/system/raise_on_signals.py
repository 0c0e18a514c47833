"""Makes a signal raise its exception in the main thread, or delays it; a second signal ends the process."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any, NoReturn

from nebius_cli.core.errors_and_exit_codes import HungUp, Interrupted, Quit, Stopped, Terminated

# Windows has only the first two.
SIGNALS = {"SIGINT": Interrupted, "SIGTERM": Terminated, "SIGHUP": HungUp, "SIGQUIT": Quit}


def raise_on_signals() -> None:
    """Make each signal raise its exception; a second one, other than SIGHUP, ends the process at once."""

    def stop(caught: int, frame: object) -> NoReturn:
        del frame
        restore_signals()
        if hasattr(signal, "SIGHUP"):  # a closing terminal sends several: one itself, one through its shell
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        raise SIGNALS[signal.Signals(caught).name]

    for number in _handled_signals():
        signal.signal(number, stop)


def restore_signals() -> None:
    """Restore the default action of signals."""
    for number in _handled_signals():
        signal.signal(number, signal.SIG_DFL)


def signal_before(error: BaseException | None) -> Stopped | None:
    """Return the signal that was being handled when `error` was raised."""
    while error is not None and not isinstance(error, Stopped):
        error = error.__context__
    return error


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Delay a signal that arrives during the block: its handler runs at the end.

    A second signal ends the process at once, in case the block waits for a disk or a network.

    If a handler raised while a program is being started or a file created, nothing would stop that program
    or remove that file. A program receives signals as usual, as it does not inherit the replaced handlers.
    """
    arrived: list[int] = []
    handlers: dict[int, Any] = {}
    held = True

    def hold(number: int, frame: object) -> None:
        if not held:  # the signal before kept this handler from being restored
            handlers[number](number, frame)
        elif arrived and number != getattr(signal, "SIGHUP", None):
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        else:
            arrived.append(number)

    if threading.current_thread() is threading.main_thread():  # no other thread runs handlers
        found = {number: signal.getsignal(number) for number in _handled_signals()}
        handlers = {number: handler for number, handler in found.items() if callable(handler)}
    try:
        for number in handlers:
            signal.signal(number, hold)
        yield
    finally:
        held = False
        for number, handler in handlers.items():
            if signal.getsignal(number) is hold:  # else a handler that ran has replaced it
                signal.signal(number, handler)
        for number in arrived:
            signal.raise_signal(number)


def _handled_signals() -> list[signal.Signals]:
    """Return the signals of this system, except those ignored at the start, as by nohup or `&`."""
    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    return [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
