"""`nbx config`: its commands and their flags."""

import re
from typing import Any

import typer
from typer.core import TyperCommand

from nebius_cli.commands.options import Flags, argument, declare, options_of, switch
from nebius_cli.core.errors import ExitCode

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

GET = """Print the value in force.

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
        _set,
        help=SET,
        cls=TakesNegatives,
    )
    declare(
        group,
        "get",
        (name, switch("show_origin", "Print where it comes from, too, after a tab.")),
        _get,
        help=GET,
    )
    declare(
        group,
        "unset",
        (name,),
        _unset,
        help=UNSET,
    )
    declare(
        group,
        "list",
        (switch("json", "One JSON object."),),
        _list,
        help=LIST,
    )
    declare(
        group,
        "edit",
        (),
        _edit,
        help=EDIT,
    )
    declare(group, "path", (), _path, help=PATH)
    root.add_typer(group, name="config", help=HELP)


def _set(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import config

    return config.run_set(options_of(config.ConfigOptions, flags), app)


def _get(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import config

    return config.run_get(options_of(config.ConfigOptions, flags), app)


def _unset(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import config

    return config.run_unset(options_of(config.ConfigOptions, flags), app)


def _list(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import config

    return config.run_list(options_of(config.ConfigOptions, flags), app)


def _edit(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import config

    return config.run_edit(options_of(config.ConfigOptions, flags), app)


def _path(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import config

    return config.run_path(options_of(config.ConfigOptions, flags), app)
