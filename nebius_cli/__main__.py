"""Where a process begins: `nbx`, and `python -m nebius_cli`, which is the same."""

import gc
import os
import sys

from nebius_cli import __version__

# New objects between two searches for cycles, instead of Python's 700: loading a program makes hundreds of
# thousands that all stay, and looking through them again and again is a twelfth of a start.
GC_THRESHOLD_OBJECTS = 100_000


def start() -> int:
    """Run this process's command line; return its exit code."""
    if sys.argv[1:] == ["--version"] and _print_version():
        return 0
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until `main` has its own way to stop, Ctrl-C ends the process, where Python would tell a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.set_threshold(GC_THRESHOLD_OBJECTS)
    from nebius_cli.main import main

    code = main()
    gc.freeze()  # or Python looks through all of it once more on its way out, for as long as a tenth of a run
    return code


def _print_version() -> bool:
    """Print the version; return False where stdout does not take it, for `main` to find out why.

    Scripts ask for it often, and it is all they ask: nothing is loaded for it.
    """
    line = f"nbx {__version__}\n".encode()
    try:
        return os.write(1, line) == len(line)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(start())
