"""Imports every module of a package twice, and prints the side effects of the second import.

Run it as a separate program, with the name of the package and those of modules to leave out. The first import
loads third-party packages, whose side effects do not count. In the second, Python's audit hooks and a watched
environment report the use of files, processes, connections, signals, threads and variables.
"""

import importlib
import os
import pkgutil
import signal
import sys
import threading
from typing import Any

# Events of the import system itself, which finds modules and runs their code.
_ITS_OWN = {"import", "exec", "compile", "marshal.loads", "os.listdir", "os.scandir", "code.__new__"}
_HARMLESS = ("object.", "builtins.", "sys._getframe", "sys.setprofile", "cpython.", "function.__new__")
_reported: list[str] = []
_watching = False


class _Watched(os._Environ):  # type: ignore[type-arg]
    def __getitem__(self, name: str) -> str:
        _tell(f"environment {name}")
        return str(super().__getitem__(name))

    def __setitem__(self, name: str, value: str) -> None:
        _tell(f"environment {name} set")
        super().__setitem__(name, value)


def _tell(what: str) -> None:
    if _watching:
        _reported.append(what)


def _hook(event: str, words: tuple[Any, ...]) -> None:
    if not _watching or event in _ITS_OWN or event.startswith(_HARMLESS):
        return
    if event == "open" and str(words[0]).endswith((".py", ".pyc")) and words[1] in ("r", "rb"):
        return
    _tell(f"{event} {words!r}")


def _started(_: threading.Thread) -> None:
    _tell("a thread was started")


def _modules(package: str) -> list[str]:
    root = importlib.import_module(package)
    return [package, *(found.name for found in pkgutil.walk_packages(root.__path__, f"{package}."))]


def main(package: str, *left_out: str) -> None:
    """Print one line for each side effect of an import."""
    global _watching  # noqa: PLW0603 - a hook cannot be removed, only silenced
    sys.dont_write_bytecode = True
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    names = [name for name in _modules(package) if name not in left_out]
    for name in names:
        importlib.import_module(name)
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
    os.environ.__class__ = _Watched
    threading.Thread.start = _started  # type: ignore[assignment, method-assign]
    sys.addaudithook(_hook)
    _watching = True
    for name in names:
        importlib.import_module(name)
    _watching = False
    if {number: signal.getsignal(number) for number in signal.valid_signals()} != handlers:
        _reported.append("a signal handler was set")
    sys.stdout.write("".join(f"{line}\n" for line in [*_reported, f"{len(names)} modules"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
