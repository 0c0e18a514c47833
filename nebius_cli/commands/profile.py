"""Declares the commands and flags of `nbx profile`."""

import typer

from nebius_cli.commands.declare_command import Group, declare
from nebius_cli.commands.typer_parameters import argument, arguments, switch

HELP = """Named sets of settings: another account, server or defaults.

\b
Examples:
  nbx profile add work base_url=https://host/v1 model=MODEL
  nbx profile use work
  nbx complete --profile work "Once upon a time"

The current profile is the first of --profile, NBX_PROFILE and the one chosen with nbx profile use; - means
none. Its settings override the same settings outside of it, and nbx config set writes to it.
"""

LIST = """List the profiles, what each sets and which one is current.

\b
Examples:
  nbx profile list
  nbx profile list --json | jq -r '.profiles[].name'
"""

USE = """Use a profile in all later runs.

\b
Examples:
  nbx profile use work
  nbx profile use --none
"""

ADD = """Create a profile.

\b
Examples:
  nbx profile add work model=MODEL temperature=0.2
  pass show work | nbx profile add work api_key=-
"""

RM = """Delete a profile and its settings.

\b
Examples:
  nbx profile rm work
"""


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(cls=Group)
    declare(group, "list", (switch("json", "Print one JSON object."),), "profile.run_list", help=LIST)
    declare(
        group,
        "use",
        (argument("name", "Name of the profile, - for none.", "PROFILE"), switch("none", "Use no profile.")),
        "profile.run_use",
        help=USE,
    )
    declare(
        group,
        "add",
        (
            argument("name", "Name of the profile.", "NAME"),
            arguments("settings", "Its settings; - as a value reads stdin.", "SETTING=VALUE"),
        ),
        "profile.run_add",
        help=ADD,
    )
    declare(group, "rm", (argument("name", "Name of the profile.", "PROFILE"),), "profile.run_rm", help=RM)
    root.add_typer(group, name="profile", help=HELP)
