"""`nbx config`: its commands and their flags."""

from typing import Any

import typer

from nebius_cli.commands.options import argument, declare, frozen, switch
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
        _run("run_set"),
        help=SET,
    )
    declare(
        group,
        "get",
        (name, switch("show_origin", "Print where it comes from, too, after a tab.")),
        _run("run_get"),
        help=GET,
    )
    declare(
        group,
        "unset",
        (name,),
        _run("run_unset"),
        help=UNSET,
    )
    declare(
        group,
        "list",
        (switch("json", "One JSON object."),),
        _run("run_list"),
        help=LIST,
    )
    declare(
        group,
        "edit",
        (),
        _run("run_edit"),
        help=EDIT,
    )
    declare(group, "path", (), _run("run_path"), help=PATH)
    root.add_typer(group, name="config", help=HELP)


def _run(name: str) -> Any:
    def body(app: Any, flags: dict[str, Any]) -> ExitCode:
        from nebius_cli.actions import config

        return getattr(config, name)(app, **frozen(flags))  # type: ignore[no-any-return]

    return body
