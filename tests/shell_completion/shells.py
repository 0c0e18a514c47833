"""Real shells in a pseudo-terminal: type, press TAB, read the screen and the arguments nbx would get."""

import os
import shlex
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pyte

COMPLETIONS = Path(__file__).parents[2] / "completions"
SCRIPTS = {"bash": "nbx.bash", "zsh": "_nbx", "fish": "nbx.fish"}

# If NBX_TEST_SHELLS is set, every shell is required, and the tests of a missing one fail.
SHELLS = [name for name in SCRIPTS if os.environ.get("NBX_TEST_SHELLS") == "1" or shutil.which(name)]
DESCRIBING = ("zsh", "fish")  # bash lists words without descriptions

PROMPT = "ready> "
LIMIT = 60.0  # seconds to wait for a screen; a slow machine needs a few

# Replaces nbx and Python: records that it was started, and prints its arguments.
STAND_IN = """#!/bin/sh
echo "${0##*/}" >> "$STARTED"
for word; do printf '<%s>' "$word"; done
echo ' end'
"""


class Answering(pyte.Screen):
    """A screen that answers a shell's queries, as a terminal does."""

    def __init__(self, child: "pexpect.spawn[bytes]") -> None:
        super().__init__(160, 60)
        self.child = child

    def write_process_input(self, data: str) -> None:
        """Send an answer."""
        self.child.send(data)


class Shell:
    """One interactive shell with nbx's completion loaded."""

    def __init__(self, child: "pexpect.spawn[bytes]", started: Path) -> None:
        self.child = child
        self._started = started
        self.screen = Answering(child)
        self._stream = pyte.ByteStream(self.screen)
        self.wait_for(PROMPT.strip())

    @property
    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    @property
    def started(self) -> list[str]:
        """The stand-ins that were started so far."""
        return self._started.read_text("utf-8").split()

    def type(self, keys: str) -> None:
        """Press keys; TAB is a tab character."""
        self.child.send(keys)

    def wait_for(self, *texts: str) -> str:
        """Return the screen as soon as it shows all of `texts`."""
        self.wait_until(lambda: all(text in self.text for text in texts))
        return self.text

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Read what the shell writes until `condition` holds."""
        end = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < end, f"this never came; the screen shows:\n{self.text}"
            try:
                self._stream.feed(self.child.read_nonblocking(65536, timeout=1))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                raise AssertionError(f"the shell ended; the screen shows:\n{self.text}") from None

    def given(self, keys: str) -> str:
        """Type a command line and Enter; return the arguments of nbx, each in <>."""
        self._started.write_text("", "utf-8")
        self.type(keys + "\r")
        shown = self.wait_for(" end\n" + PROMPT.strip())
        assert self.started == ["nbx"], "TAB started a program"
        # Clear the screen for the next command line.
        self.type("\x0c")
        self.wait_until(lambda: self.text == PROMPT.strip())
        return next(line for line in shown.splitlines() if line.endswith(" end")).removesuffix(" end")

    def listed(self, keys: str, *texts: str) -> str:
        """Type keys; return the screen as soon as it shows all of `texts`."""
        self.type(keys)
        shown = self.wait_for(*texts)
        assert self.started == [], "TAB started a program"
        return shown


@contextmanager
def shell(name: str, private: Path, script: Path | None = None, before: str = "") -> Iterator[Shell]:
    """Run the shell called `name` with a script loaded, the repository's own unless one is given.

    The shell keeps its files in `private` and runs the command `before` first. Its current folder contains a
    file and a folder whose names have a space.
    """
    words = COMMANDS[name](script or COMPLETIONS / SCRIPTS[name], private, before)
    with _running(words, private, {"INPUTRC": "/dev/null"}) as shell:
        yield shell


@contextmanager
def terminal(name: str, home: Path, more: Mapping[str, str] | None = None) -> Iterator[Shell]:
    """Run the shell called `name` as a terminal of the user at `home` does, with all its start-up files."""
    with _running([name, "-i"], home, more or {}) as shell:
        yield shell


def environ_of(private: Path) -> dict[str, str]:
    """Return the environment of a user whose home is `private`; programs that TAB starts are recorded."""
    return {
        "PATH": f"{private}:{os.environ['PATH']}",
        "HOME": str(private),
        "ZDOTDIR": str(private),
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "STARTED": str(private / "started"),
    }


@contextmanager
def _running(words: list[str], private: Path, more: Mapping[str, str]) -> Iterator[Shell]:
    started = private / "started"
    folder = private / "folder"
    (folder / "sub folder").mkdir(parents=True, exist_ok=True)
    (folder / "only one.txt").touch()
    started.write_text("", "utf-8")
    for program in ("nbx", "python", "python3"):
        path = private / program
        path.write_text(STAND_IN, "utf-8")
        path.chmod(0o755)
    environ = {**environ_of(private), **more}
    child = pexpect.spawn(words[0], words[1:], cwd=folder, env=environ, dimensions=(60, 160))
    try:
        yield Shell(child, started)
    finally:
        child.close(force=True)


def _bash(script: Path, private: Path, before: str) -> list[str]:
    rc = private / "rc"
    rc.write_text(f"PS1='{PROMPT}'\nset +o history\n{before}\nsource {shlex.quote(str(script))}\n", "utf-8")
    return ["bash", "--noprofile", "--rcfile", str(rc), "-i"]


def _zsh(script: Path, private: Path, before: str) -> list[str]:
    functions = private / "functions"
    functions.mkdir()
    shutil.copy(script, functions / "_nbx")
    path = f"fpath=({shlex.quote(str(functions))} $fpath)"
    lines = [f"PS1='{PROMPT}'", path, "autoload -Uz compinit", "compinit -u -D", before]
    (private / ".zshrc").write_text("\n".join(lines), "utf-8")
    return ["zsh", "-d", "-i"]


def _fish(script: Path, private: Path, before: str) -> list[str]:
    setup = f"{before}; source {shlex.quote(str(script))}; function fish_prompt; echo -n '{PROMPT}'; end"
    return ["fish", "--no-config", "-C", setup, "-i"]


COMMANDS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
