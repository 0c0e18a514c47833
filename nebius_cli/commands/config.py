"""`nbx config`: its commands and their flags."""

import re
from typing import Any

import typer
from typer.core import TyperCommand

from nebius_cli.commands.declare import declare
from nebius_cli.commands.parameters import argument, switch

HELP = """Read and write settings.

\b
Examples:
  nbx config set model MODEL
  nbx config get model --show-origin
  nbx config list --json
  nbx config edit

A flag beats the environment, that a project file, that a profile, that the config file, that the default.
A project file is a .nbx.toml in or above the directory, with request fields only; it is read where
project_file is true.
"""

SET = """Write a setting into the config file or the chosen profile.

\b
Examples:
  nbx config set temperature 0.2
  nbx config set model MODEL --profile work
  pass show nebius | nbx config set api_key -
"""

GET = """Print the value that applies.

\b
Examples:
  nbx config get model
  nbx config get base_url --show-origin

What is secret stays hidden: keys, a password in an address, all words of a command but the first.
"""

UNSET = """Take a setting out of the config file or the chosen profile.

\b
Examples:
  nbx config unset temperature
  nbx config unset model --profile work
"""

LIST = """List the settings that have a value, with where each came from.

\b
Examples:
  nbx config list
  nbx config list --json | jq -r .model.value
"""

EDIT = """Edit the config file; it is checked before it replaces the old one.

\b
Examples:
  nbx config edit
  EDITOR="code --wait" nbx config edit

The editor is $VISUAL, else $EDITOR, else a usual one.
"""

PATH = """Print where the config file is.

\b
Examples:
  nbx config path
  cp "$(nbx config path)" config.toml.old
"""


_NEGATIVE = re.compile(r"-\.?[0-9]")


class TakesNegatives(TyperCommand):
    """A command whose last operand may be a number below 0, which is no flag."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line of the command."""
        negative = [word for word in args if _NEGATIVE.match(word)]
        if len(negative) == 1 and "--" not in args:
            args = [*(word for word in args if word not in negative), "--", *negative]
        return super().parse_args(ctx, args)


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(rich_markup_mode=root.rich_markup_mode)
    name = argument("name", "Name of the setting, such as model.", "SETTING")
    declare(
        group,
        "set",
        (
            name,
            argument("value", "Its value; - reads it from stdin, which keeps keys out of sight.", "VALUE"),
        ),
        "config.run_set",
        help=SET,
        cls=TakesNegatives,
    )
    declare(
        group,
        "get",
        (name, switch("show_origin", "Print where it comes from, too, after a tab.")),
        "config.run_get",
        help=GET,
    )
    declare(group, "unset", (name,), "config.run_unset", help=UNSET)
    declare(group, "list", (switch("json", "One JSON object."),), "config.run_list", help=LIST)
    declare(group, "edit", (), "config.run_edit", help=EDIT)
    declare(group, "path", (), "config.run_path", help=PATH)
    root.add_typer(group, name="config", help=HELP)
