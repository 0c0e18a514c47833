"""The shells that nbx completes in: their names, and what their start-up files are told."""

from collections.abc import Mapping

from nebius_cli.core.errors import UsageError
from nebius_cli.core.suggest import nearest

SHELLS = ("bash", "zsh", "fish", "powershell")
SCRIPT_HEADER = b"# nbx completion for "  # how a script of ours begins, after zsh's line for its own loader

_HINT = f"one of {', '.join(SHELLS)}"


def find_shell(name: str) -> str:
    """Return the shell called `name`. Raises UsageError."""
    shell = _shell_of_program(name)
    if shell not in SHELLS:
        close = nearest(shell, SHELLS)
        raise UsageError(f"no completion for {name!r}", f"did you mean {close}?" if close else "", _HINT)
    return shell


def detect_shell(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the user's shell, and what says that it is. Raises UsageError."""
    program = environ.get("SHELL", "")
    if not program and "PSModulePath" in environ:  # always set on Windows, which has no SHELL
        return "powershell", "SHELL is not set, and PSModulePath is"
    shell = _shell_of_program(program)
    if shell not in SHELLS:
        what = f"no completion for {program}, the SHELL" if program else "which shell? SHELL is not set"
        raise UsageError(what, "", f"name {_HINT}")
    return shell, f"SHELL is {program}"


def _shell_of_program(path: str) -> str:
    name = path.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    return {"pwsh": "powershell"}.get(name, name)


def is_nbx_script(script: bytes) -> bool:
    """Return whether a file is a completion script that nbx made."""
    return any(line.startswith(SCRIPT_HEADER) for line in script.splitlines()[:2])


def bash_block(script: str) -> str:
    """Return the lines that make bash read the script at this path."""
    return f"if [ -r {_quoted(script)} ]; then . {_quoted(script)}; fi"


def zsh_block(folder: str) -> str:
    """Return the lines that make zsh find `_nbx` in this folder, wherever the user's own compinit stands."""
    return (
        f'fpath=({_quoted(folder)} "${{fpath[@]}}")\n'
        "whence compdef >/dev/null || { autoload -Uz compinit && compinit -i }\n"
        "autoload -Uz _nbx && compdef _nbx nbx"
    )


def powershell_block(name: str) -> str:
    """Return the lines that make PowerShell read the script of this plain name beside its profile."""
    return f'if (Test-Path -LiteralPath "$PSScriptRoot/{name}") {{ . "$PSScriptRoot/{name}" }}'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
