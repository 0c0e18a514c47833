"""`nbx completion`: its commands and their flags."""

import functools
from typing import Any

import typer

from nebius_cli.commands.declare import Flags, declare, options_of
from nebius_cli.commands.parameters import argument
from nebius_cli.core.errors import ExitCode
from nebius_cli.shell_completion.shells import SHELLS

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

    def run(action: str, flags: Flags, app: Any) -> ExitCode:
        from nebius_cli.actions import completion
        from nebius_cli.shell_completion import scripts, typer_reader

        def make_script(shell: str) -> str:
            return scripts.GENERATORS[shell](typer_reader.read_tree(typer.main.get_command(root), "nbx"))

        options = options_of(completion.CompletionOptions, {"make_script": make_script, **flags})
        return getattr(completion, action)(options, app)  # type: ignore[no-any-return]

    for name, help_text in (("install", INSTALL), ("uninstall", UNINSTALL), ("show", SHOW)):
        declare(group, name, (shell,), functools.partial(run, f"run_{name}"), help=help_text)
    root.add_typer(group, name="completion", help=HELP)
