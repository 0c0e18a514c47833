"""Finds the user's editor and runs it on a file."""

import contextlib
import os
import shlex
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.system import child_process
from nebius_cli.system.paths import expand

EDITOR_VARIABLES = ("VISUAL", "EDITOR")
DEFAULT_EDITORS = ("notepad",) if os.name == "nt" else ("sensible-editor", "editor", "nano", "vi")
HINT = "set VISUAL or EDITOR to an editor, such as nano or 'code --wait'"


def choose(environ: Mapping[str, str], *, terminal: bool) -> list[str]:
    """Return the editor command of VISUAL or EDITOR, or else an installed default editor.

    A default editor needs a `terminal`. Raises ConfigError if no editor is found.
    """
    for name in EDITOR_VARIABLES:
        if text := environ.get(name, "").strip():
            program, *arguments = _split_command(name, text)
            return [expand(program, environ), *arguments]
    if not terminal:
        raise ConfigError("no editor is set, and stdin or stdout is not a terminal", "", HINT)
    for name in DEFAULT_EDITORS:
        if found := shutil.which(name, path=environ.get("PATH")):
            return [found]
    raise ConfigError("no editor found", f"none of {', '.join(DEFAULT_EDITORS)} is installed", HINT)


def run(command: Sequence[str], path: Path, environ: Mapping[str, str]) -> None:
    """Run the editor on a file until it exits. Raises ConfigError if it fails."""
    failure = f"cannot start the editor {command[0]}"
    # Many editors save to a new file; the umask keeps it private, as the text may hold a key.
    umask = -1 if os.name == "nt" else 0o077
    with (
        _ignore_interrupts(),
        child_process.running([*command, path], environ, failure=failure, hint=HINT, umask=umask) as process,
    ):
        code = process.wait()
    if code:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise ConfigError(f"the editor {command[0]} failed", how, "")


def _split_command(name: str, text: str) -> list[str]:
    if shutil.which(text):  # an unquoted path with spaces
        return [text]
    try:
        command = shlex.split(text, posix=os.name != "nt")
    except ValueError as error:
        raise ConfigError(f"{name}={text}", str(error).lower(), HINT) from None
    return [word.strip('"') for word in command] if os.name == "nt" else command


@contextlib.contextmanager
def _ignore_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C in this process while the editor runs, which may use it as a command."""
    old = signal.signal(signal.SIGINT, lambda *_: None)  # the editor would inherit SIG_IGN
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)
