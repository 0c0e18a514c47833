"""Imports modules while nbx waits for the server, so that they cost no time when they are needed."""

import importlib
import sys
import threading
from collections.abc import Sequence

# Instead of Python's 0.005 s: the thread that receives the first token must not wait for an import.
SWITCH_INTERVAL_S = 0.0005


def preload(modules: Sequence[str]) -> None:
    """Import modules in a thread. Code that needs a module earlier waits until it is imported."""
    if any(module not in sys.modules for module in modules):
        # Not a daemon: Python crashes when it exits in the middle of an import in another thread.
        threading.Thread(target=load, args=(modules,), name="nbx-preload").start()


def load(modules: Sequence[str]) -> None:
    """Import modules, switching to other threads often; stop early if the program is ending."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        for module in modules:
            if not threading.main_thread().is_alive():
                return
            importlib.import_module(module)
    finally:
        sys.setswitchinterval(interval)
