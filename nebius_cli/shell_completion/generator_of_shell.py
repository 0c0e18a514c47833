"""Maps each shell to the generator of its completion script and to the file name in `completions/`."""

from collections.abc import Callable

from nebius_cli.command_tree.commands_as_data import Command
from nebius_cli.shell_completion import bash, fish, powershell, zsh

GENERATORS: dict[str, Callable[[Command], str]] = {
    "bash": bash.script,
    "zsh": zsh.script,
    "fish": fish.script,
    "powershell": powershell.script,
}
FILE_NAMES = {"bash": "nbx.bash", "zsh": "_nbx", "fish": "nbx.fish", "powershell": "nbx.ps1"}
