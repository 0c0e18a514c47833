"""Starts every program that nbx runs, with an environment that does not contain the API key."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.system.raise_on_signals import signals_held

if TYPE_CHECKING:
    from subprocess import Popen

# The variables that contain a key, a command that may contain one, or headers that may contain one.
SECRET_VARIABLES = ("NEBIUS_API_KEY", "NBX_API_KEY_COMMAND", "NBX_HEADERS")


def child_environ(environ: Mapping[str, str], **changes: str) -> dict[str, str]:
    """Return the environment of a child: `environ` without SECRET_VARIABLES, with `changes`."""
    kept = {name: value for name, value in environ.items() if name not in SECRET_VARIABLES}
    return {**kept, **changes}


def start(
    command: Sequence[str | os.PathLike[str]],
    environ: Mapping[str, str] | None = None,
    *,
    changes: Mapping[str, str] | None = None,
    failure: str = "",
    hint: str = "",
    **options: Any,
) -> "Popen[bytes]":
    """Start a program without a shell and return its process; the only call of subprocess in nbx.

    `environ` is the environment of nbx (None: os.environ), `options` are passed to Popen. Raises ConfigError
    with `failure` and `hint` if the program cannot be started. If a signal arrives meanwhile, the program is
    killed before the exception of the signal's handler is raised.
    """
    import subprocess  # takes 5 ms to import, and most runs start no program

    env = child_environ(os.environ if environ is None else environ, **(changes or {}))
    process = None
    try:
        with signals_held():
            process = subprocess.Popen(command, env=env, **options)
    except (OSError, ValueError) as error:  # ValueError: a NUL in a word
        why = getattr(error, "strerror", None) or str(error)
        raise ConfigError(failure or f"cannot start {command[0]}", why, hint) from None
    except BaseException:
        if process is not None:
            with process:  # closes its pipes and waits
                process.kill()
        raise
    return process


@contextlib.contextmanager
def running(
    command: Sequence[str | os.PathLike[str]], environ: Mapping[str, str] | None = None, **options: Any
) -> "Iterator[Popen[bytes]]":
    """Run a program during the block, and kill it at the end. The parameters and errors are those of `start`.

    Its pipes are not closed: closing one would wait for a thread that reads it.
    """
    process = None
    try:
        with signals_held():
            process = start(command, environ, **options)
        yield process
    finally:
        if process is not None:
            process.kill()
            process.wait()
