"""Defines the supported shells, detects the user's, and returns the lines for its start-up file."""

from collections.abc import Mapping

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.similar_names import nearest

SHELLS = ("bash", "zsh", "fish", "powershell")
SCRIPT_HEADER = b"# nbx completion for "  # first line of each script, second line for zsh

_HINT = f"choose one of {', '.join(SHELLS)}"


def find_shell(name: str) -> str:
    """Return the supported shell for a name or path, such as `pwsh`. Raises UsageError."""
    shell = _shell_of_program(name)
    if shell not in SHELLS:
        close = nearest(shell, SHELLS)
        raise UsageError(f"no completion for {name!r}", f"did you mean {close}?" if close else "", _HINT)
    return shell


def detect_shell(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the user's shell, and the reason in words. Raises UsageError if it is not supported."""
    program = environ.get("SHELL", "")
    if not program and "PSModulePath" in environ:  # set on Windows, where SHELL is not
        return "powershell", "SHELL is not set, but PSModulePath is"
    shell = _shell_of_program(program)
    if shell not in SHELLS:
        what = f"no completion for your shell, {program}" if program else "unknown shell: SHELL is not set"
        raise UsageError(what, "", _HINT)
    return shell, f"SHELL is {program}"


def _shell_of_program(path: str) -> str:
    name = path.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    return {"pwsh": "powershell"}.get(name, name)


def is_nbx_script(script: bytes) -> bool:
    """Return whether a file is a completion script of nbx."""
    return any(line.startswith(SCRIPT_HEADER) for line in script.splitlines()[:2])


def bash_block(script: str) -> str:
    """Return the start-up lines that make bash load the script at this path."""
    return f"if [ -r {_quoted(script)} ]; then . {_quoted(script)}; fi"


def zsh_block(folder: str) -> str:
    """Return the start-up lines that make zsh load `_nbx` from a folder, before or after compinit."""
    return (
        f'fpath=({_quoted(folder)} "${{fpath[@]}}")\n'
        "whence compdef >/dev/null || { autoload -Uz compinit && compinit -i }\n"
        "autoload -Uz _nbx && compdef _nbx nbx"
    )


def powershell_block(name: str) -> str:
    """Return the profile lines that make PowerShell load the script `name` beside the profile."""
    return f'if (Test-Path -LiteralPath "$PSScriptRoot/{name}") {{ . "$PSScriptRoot/{name}" }}'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
