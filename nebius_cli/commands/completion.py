"""`nbx completion`: its commands and their flags."""

from typing import TYPE_CHECKING, Any

import typer

from nebius_cli.commands.declare import Flags, declare, options_of
from nebius_cli.commands.parameters import argument
from nebius_cli.core.errors import ExitCode
from nebius_cli.shell_completion.shells import SHELLS

if TYPE_CHECKING:
    from nebius_cli.actions.completion import CompletionOptions

HELP = """TAB completion for bash, zsh, fish and PowerShell.

\b
Examples:
  nbx completion install
  nbx completion install zsh
  nbx completion uninstall zsh
  nbx completion show fish > nbx.fish

TAB offers commands, flags, choices, files and the ids of models.

The script is static: TAB starts neither Python nor nbx. After an upgrade, install brings it up to date.
"""

INSTALL = """Put the script where the shell looks; name what changed.

\b
Examples:
  nbx completion install
  nbx completion install fish

A start-up file is changed where the shell would not find the script by itself: .zshrc, PowerShell's
profile, and .bashrc if bash-completion is not on. The block in it is marked, and uninstall takes it out.
"""

UNINSTALL = """Undo what install did, to the byte.

\b
Examples:
  nbx completion uninstall
  nbx completion uninstall powershell
"""

SHOW = """Print the script, for other ways to install it.

\b
Examples:
  nbx completion show bash > nbx.bash
"""


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(rich_markup_mode=root.rich_markup_mode)
    shell = argument("shell", "Shell to complete in; default that of $SHELL.", "|".join(SHELLS))

    def options(flags: Flags) -> "CompletionOptions":
        from nebius_cli.actions.completion import CompletionOptions
        from nebius_cli.shell_completion import scripts, typer_reader

        def make_script(shell: str) -> str:
            return scripts.GENERATORS[shell](typer_reader.read_tree(typer.main.get_command(root), "nbx"))

        return options_of(CompletionOptions, {"make_script": make_script, **flags})

    def install(flags: Flags, app: Any) -> ExitCode:
        from nebius_cli.actions import completion

        return completion.run_install(options(flags), app)

    def uninstall(flags: Flags, app: Any) -> ExitCode:
        from nebius_cli.actions import completion

        return completion.run_uninstall(options(flags), app)

    def show(flags: Flags, app: Any) -> ExitCode:
        from nebius_cli.actions import completion

        return completion.run_show(options(flags), app)

    declare(group, "install", (shell,), install, help=INSTALL)
    declare(group, "uninstall", (shell,), uninstall, help=UNINSTALL)
    declare(group, "show", (shell,), show, help=SHOW)
    root.add_typer(group, name="completion", help=HELP)
