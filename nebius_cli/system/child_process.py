"""Starts every program that nbx runs, and makes its environment: no child sees the API key."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nebius_cli.core.errors import ConfigError

if TYPE_CHECKING:
    from subprocess import Popen

# The variables that hold a key, a command with one among its words, or headers with one.
SECRET_VARIABLES = ("NEBIUS_API_KEY", "NBX_API_KEY_COMMAND", "NBX_HEADERS")


def child_environ(environ: Mapping[str, str], **changes: str) -> dict[str, str]:
    """Return the environment of a child: `environ` without the variables of the key, with `changes`."""
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

    `environ` is that of nbx (None: of this process), `options` go to Popen. Raises ConfigError with
    `failure` and `hint` if the program cannot be started.
    """
    import subprocess  # takes 5 ms to import, and most runs start nothing

    env = child_environ(os.environ if environ is None else environ, **(changes or {}))
    try:
        return subprocess.Popen(command, env=env, **options)
    except (OSError, ValueError) as error:  # ValueError: a NUL in a word
        why = getattr(error, "strerror", None) or str(error)
        raise ConfigError(failure or f"cannot start {command[0]}", why, hint) from None
