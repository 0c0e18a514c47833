"""Declares the commands and flags of `nbx completion`."""

import functools
from typing import Any

import typer

from nebius_cli.commands.declare_command import Flags, Group, declare, options_of
from nebius_cli.commands.typer_parameters import argument
from nebius_cli.core.errors_and_exit_codes import ExitCode
from nebius_cli.shell_completion.supported_shells import SHELLS

HELP = """TAB completion for bash, zsh, fish and PowerShell.

\b
Examples:
  nbx completion install
  nbx completion install zsh
  nbx completion uninstall zsh
  nbx completion show fish > nbx.fish

TAB completes commands, flags, choices, files and model IDs. The script is static, so TAB does not start nbx.
Run install again after an upgrade.
"""

INSTALL = """Install the completion script of a shell.

\b
Examples:
  nbx completion install
  nbx completion install fish

If the shell does not find the script by itself, nbx adds a marked block to its start-up file: .zshrc, the
PowerShell profile, or .bashrc if bash-completion is not installed. nbx completion uninstall removes it.
"""

UNINSTALL = """Undo nbx completion install.

\b
Examples:
  nbx completion uninstall
  nbx completion uninstall powershell
"""

SHOW = """Print the completion script.

\b
Examples:
  nbx completion show bash > nbx.bash
"""


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(cls=Group)
    shell = argument("shell", "Shell to complete in. Default: $SHELL.", "|".join(SHELLS))

    def run(action: str, flags: Flags, app: Any) -> ExitCode:
        from nebius_cli.actions import completion
        from nebius_cli.command_tree import read_typer_commands
        from nebius_cli.shell_completion import generator_of_shell

        def make_script(shell: str) -> str:
            return generator_of_shell.GENERATORS[shell](
                read_typer_commands.read_tree(typer.main.get_command(root), "nbx")
            )

        options = options_of(completion.CompletionOptions, {"make_script": make_script, **flags})
        return getattr(completion, action)(options, app)  # type: ignore[no-any-return]

    for name, help_text in (("install", INSTALL), ("uninstall", UNINSTALL), ("show", SHOW)):
        declare(group, name, (shell,), functools.partial(run, f"run_{name}"), help=help_text)
    root.add_typer(group, name="completion", help=HELP)
