"""The user's editor: which one it is, and a file handed to it until it is closed."""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nebius_cli.core.errors import ConfigError

EDITOR_VARIABLES = ("VISUAL", "EDITOR")
DEFAULT_EDITORS = ("notepad",) if os.name == "nt" else ("sensible-editor", "editor", "nano", "vi")
HINT = "set VISUAL or EDITOR to an editor, such as nano or 'code --wait'"


def choose(environ: Mapping[str, str], *, terminal: bool) -> list[str]:
    """Return the command that start the editor: a variable's, else a usual one's, which need a terminal.

    Raises ConfigError where there is none.
    """
    for name in EDITOR_VARIABLES:
        if text := environ.get(name, "").strip():
            return _split_command(name, text)
    if not terminal:
        raise ConfigError("there is no terminal to edit on, and no editor is set", "", HINT)
    for name in DEFAULT_EDITORS:
        if found := shutil.which(name, path=environ.get("PATH")):
            return [found]
    raise ConfigError("there is no editor", f"none of {', '.join(DEFAULT_EDITORS)} is in PATH", HINT)


def run(command: Sequence[str], path: Path) -> None:
    """Edit a file, and return when the editor has ended. Raises ConfigError where it fails."""
    try:
        with _ignore_interrupts():
            # Many editors save into a new file, and the text may hold a key.
            code = subprocess.call([*command, path], umask=-1 if os.name == "nt" else 0o077)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"cannot start the editor {command[0]}", why, HINT) from None
    if code:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise ConfigError(f"the editor {command[0]} failed", how, "")


def _split_command(name: str, text: str) -> list[str]:
    if shutil.which(text):  # a path with blanks in it, which nobody has quoted
        return [text]
    try:
        command = shlex.split(text, posix=os.name != "nt")
    except ValueError as error:
        raise ConfigError(f"{name}={text}", str(error).lower(), HINT) from None
    return [word.strip('"') for word in command] if os.name == "nt" else command


@contextlib.contextmanager
def _ignore_interrupts() -> Iterator[None]:
    """Leave Ctrl-C to the editor, to which it is a command, and which must not be killed by it."""
    old = signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN, which the editor would inherit
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)
