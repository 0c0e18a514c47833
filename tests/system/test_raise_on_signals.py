"""Signals that arrive while nbx creates something that only it would remove."""

import contextlib
import gc
import itertools
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from nebius_cli.core.errors_and_exit_codes import Terminated
from nebius_cli.system.lock import try_lock
from nebius_cli.system.raise_on_signals import signals_held
from nebius_cli.system.temporary_file import ANSWER, TemporaryFile
from tests.support.folder import names

CREATE: dict[str, Callable[[Path], object]] = {
    "an answer next to its file": lambda path: TemporaryFile(path, None, ANSWER),
    "a copy next to its file": lambda path: TemporaryFile(path, 0o600),
    "a lock": lambda path: try_lock(path.with_name("lock")),
}


def sent_at(moment: int, create: Callable[[], object]) -> bool:
    """Call `create`, and send SIGTERM at a call or return of a function; return False if it ends before."""
    seen = 0

    def look(frame: FrameType, event: str, arg: object) -> None:
        nonlocal seen
        seen += 1
        if seen == moment:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGTERM)

    with contextlib.suppress(Terminated):
        sys.setprofile(look)
        created = create()
        sys.setprofile(None)
        del created
    return seen >= moment


# A signal right after `os.scandir` leaves the folder for the garbage collector to close.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("sigterm")
@pytest.mark.parametrize("kind", CREATE)
def test_a_signal_while_a_file_is_being_created_leaves_no_file(kind: str, folder: Path) -> None:
    path = folder / "x"
    path.write_bytes(b"old")  # its permissions are copied
    gc.freeze()  # what other tests have left, so that `collect` is fast
    for moment in itertools.count(1):
        if not sent_at(moment, lambda: CREATE[kind](path)):
            break
        gc.collect()  # the frames of the exception refer to what was created
        assert names(folder) == ["x"], moment
        with pytest.raises(Terminated):  # the handler is in place again
            signal.raise_signal(signal.SIGTERM)
    gc.unfreeze()
    assert moment > 50


def hold_nothing() -> None:
    with signals_held():
        pass


def test_handlers_that_a_signal_has_replaced_are_not_restored() -> None:
    def stop(number: int, frame: object) -> None:  # as `raise_on_signals` does
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise Terminated

    old = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for moment in itertools.count(1):
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if not sent_at(moment, hold_nothing):
            break
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL, moment
    for number, handler in old.items():
        signal.signal(number, handler)
    assert moment > 20


def test_a_second_signal_ends_the_process_while_signals_are_held() -> None:
    script = (
        "import signal; from nebius_cli.system import raise_on_signals as held; held.raise_on_signals()\n"
        "with held.signals_held(): signal.raise_signal(2); signal.raise_signal(1); signal.raise_signal(15)"
    )
    done = subprocess.run([sys.executable, "-c", script], stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGTERM, b"")
