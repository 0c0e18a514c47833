"""The entry point of `nbx` and `python -m nebius_cli`."""

import gc
import os
import sys

from nebius_cli import __version__

# New objects between two garbage collections, instead of Python's 700: start-up creates hundreds of thousands
# of long-lived objects, and scanning them repeatedly takes a twelfth of the time.
GC_THRESHOLD_OBJECTS = 100_000
CANNOT_START = 78  # the exit code for a bad configuration


def start() -> int:
    """Run this process's command line; return its exit code."""
    if sys.argv[1:] == ["--version"] and _print_version():
        return 0
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until `main` handles Ctrl-C, let it end the process; Python would print a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.set_threshold(GC_THRESHOLD_OBJECTS)
    try:
        from nebius_cli.main import main
    except OSError as error:  # such as too many open files; the code that reports errors is not loaded
        os.write(2, f"nbx: cannot start\n  {error.strerror}\n".encode())
        return CANNOT_START
    code = main()
    gc.freeze()  # skip the collection at exit, which takes up to a tenth of a run
    return code


def _print_version() -> bool:
    """Print the version without further imports; return False on error, which `main` then reports."""
    line = f"nbx {__version__}\n".encode()
    try:
        return os.write(1, line) == len(line)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(start())
