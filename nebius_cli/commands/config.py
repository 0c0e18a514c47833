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
        help="Write a setting into the config file, or into the chosen profile.",
    )
    declare(
        group,
        "get",
        (name, switch("show_origin", "Print where it comes from, too, after a tab.")),
        _run("run_get"),
        help="Print the value in force.",
    )
    declare(
        group,
        "unset",
        (name,),
        _run("run_unset"),
        help="Take a setting out of the config file, or out of the chosen profile.",
    )
    declare(
        group,
        "list",
        (switch("json", "One JSON object."),),
        _run("run_list"),
        help="List the settings that have a value, with where each came from.",
    )
    declare(
        group,
        "edit",
        (),
        _run("run_edit"),
        help="Edit the config file with $VISUAL or $EDITOR; it is checked before it replaces the old one.",
    )
    declare(group, "path", (), _run("run_path"), help="Print where the config file is.")
    root.add_typer(group, name="config", help=HELP)


def _run(name: str) -> Any:
    def body(app: Any, flags: dict[str, Any]) -> ExitCode:
        from nebius_cli.actions import config

        return getattr(config, name)(app, **frozen(flags))  # type: ignore[no-any-return]

    return body
