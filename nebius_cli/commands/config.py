"""Declares the commands and flags of `nbx config`."""

import re
from typing import Any

import typer

from nebius_cli.commands.declare_command import Command, Group, declare
from nebius_cli.commands.typer_parameters import argument, switch

HELP = """Read and write settings.

\b
Examples:
  nbx config set model MODEL
  nbx config get model --show-origin
  nbx config list --json
  nbx config edit

Precedence, highest first: flag, environment, project file, profile, config file, default. A project file is
a .nbx.toml in the current directory or above it. It may contain only request fields, and nbx reads it only
if the setting project_file is true.
"""

SET = """Set a value in the config file or in the current profile.

\b
Examples:
  nbx config set temperature 0.2
  nbx config set model MODEL --profile work
  pass show nebius | nbx config set api_key -
"""

GET = """Print the value that nbx uses.

\b
Examples:
  nbx config get model
  nbx config get base_url --show-origin

nbx hides secrets: keys, passwords in URLs and the arguments of api_key_command.
"""

UNSET = """Remove a setting from the config file or the current profile.

\b
Examples:
  nbx config unset temperature
  nbx config unset model --profile work
"""

LIST = """List the settings with their values and where each comes from.

\b
Examples:
  nbx config list
  nbx config list --all
  nbx config list --json | jq -r .model.value
"""

EDIT = """Edit the config file; nbx checks it before replacing the old one.

\b
Examples:
  nbx config edit
  EDITOR="code --wait" nbx config edit

The editor is $VISUAL, else $EDITOR, else the first common one that is installed.
"""

PATH = """Print the path of the config file.

\b
Examples:
  nbx config path
  cp "$(nbx config path)" config.toml.old
"""


_NEGATIVE = re.compile(r"-\.?[0-9]")


class TakesNegatives(Command):
    """A command whose last operand may be a negative number, which is not a flag."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line; move a negative number behind --, where it is an operand."""
        negative = [word for word in args if _NEGATIVE.match(word)]
        if len(negative) == 1 and "--" not in args:
            args = [*(word for word in args if word not in negative), "--", *negative]
        return super().parse_args(ctx, args)


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(cls=Group)
    name = argument("name", "Name of the setting, such as model.", "SETTING")
    declare(
        group,
        "set",
        (
            name,
            argument(
                "value",
                "Its value; - reads it from stdin, which keeps keys out of the shell history.",
                "VALUE",
            ),
        ),
        "config.run_set",
        help=SET,
        cls=TakesNegatives,
    )
    declare(
        group,
        "get",
        (name, switch("show_origin", "Also print where the value comes from, after a tab.")),
        "config.run_get",
        help=GET,
    )
    declare(group, "unset", (name,), "config.run_unset", help=UNSET)
    shown = (
        switch("all", "List all settings with their descriptions, including those that are not set."),
        switch("json", "Print one JSON object."),
    )
    declare(group, "list", shown, "config.run_list", help=LIST)
    declare(group, "edit", (), "config.run_edit", help=EDIT)
    declare(group, "path", (), "config.run_path", help=PATH)
    root.add_typer(group, name="config", help=HELP)
