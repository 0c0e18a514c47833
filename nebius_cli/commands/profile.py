"""`nbx profile`: its commands and their flags."""

from typing import Any

import typer

from nebius_cli.commands.options import Flags, argument, arguments, declare, options_of, switch
from nebius_cli.core.errors import ExitCode

HELP = """Settings under a name: another account, server or defaults.

\b
Examples:
  nbx profile add work base_url=https://host/v1 model=MODEL
  nbx profile use work
  nbx complete --profile work "Once upon a time"

--profile beats NBX_PROFILE, and that beats what nbx profile use has chosen; - is none of them. Settings
of the profile in force beat those outside of it, and nbx config set writes into it.
"""

LIST = """List the profiles: what put one in force, and what each sets.

\b
Examples:
  nbx profile list
  nbx profile list --json | jq -r '.profiles[].name'
"""

USE = """Choose the profile of every run from now on.

\b
Examples:
  nbx profile use work
  nbx profile use --none
"""

ADD = """Make a profile.

\b
Examples:
  nbx profile add work model=MODEL temperature=0.2
  pass show work | nbx profile add work api_key=-
"""

RM = """Delete a profile and what it sets.

\b
Examples:
  nbx profile rm work
"""


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(rich_markup_mode=root.rich_markup_mode)
    name = argument("name", "Name of the profile.", "PROFILE")
    declare(
        group,
        "list",
        (switch("json", "One JSON object."),),
        _list,
        help=LIST,
    )
    declare(
        group,
        "use",
        (argument("name", "Name of the profile, - for none.", "PROFILE"), switch("none", "Use none.")),
        _use,
        help=USE,
    )
    declare(
        group,
        "add",
        (name, arguments("settings", "What it sets; a value of - is read from stdin.", "SETTING=VALUE")),
        _add,
        help=ADD,
    )
    declare(group, "rm", (name,), _rm, help=RM)
    root.add_typer(group, name="profile", help=HELP)


def _list(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import profile

    return profile.run_list(options_of(profile.ProfileOptions, flags), app)


def _use(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import profile

    return profile.run_use(options_of(profile.ProfileOptions, flags), app)


def _add(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import profile

    return profile.run_add(options_of(profile.ProfileOptions, flags), app)


def _rm(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import profile

    return profile.run_rm(options_of(profile.ProfileOptions, flags), app)
