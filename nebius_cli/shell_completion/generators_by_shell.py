"""Maps each shell to the generator of its completion script and to the file name in `completions/`."""

from collections.abc import Callable

from nebius_cli.shell_completion import bash, fish, powershell, zsh
from nebius_cli.shell_completion.command_tree import Command

GENERATORS: dict[str, Callable[[Command], str]] = {
    "bash": bash.script,
    "zsh": zsh.script,
    "fish": fish.script,
    "powershell": powershell.script,
}
FILE_NAMES = {"bash": "nbx.bash", "zsh": "_nbx", "fish": "nbx.fish", "powershell": "nbx.ps1"}
