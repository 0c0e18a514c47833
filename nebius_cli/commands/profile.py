"""`nbx profile`: its commands and their flags."""

import typer

from nebius_cli.commands.declare import declare
from nebius_cli.commands.parameters import argument, arguments, switch

HELP = """Settings under a name: another account, server or defaults.

\b
Examples:
  nbx profile add work base_url=https://host/v1 model=MODEL
  nbx profile use work
  nbx complete --profile work "Once upon a time"

--profile beats NBX_PROFILE, and that beats what nbx profile use has chosen; - is none of them. Settings
of the active profile beat those outside of it, and nbx config set writes into it.
"""

LIST = """List the profiles: which one is active and why, and what each sets.

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
    declare(group, "list", (switch("json", "One JSON object."),), "profile.run_list", help=LIST)
    declare(
        group,
        "use",
        (argument("name", "Name of the profile, - for none.", "PROFILE"), switch("none", "Use none.")),
        "profile.run_use",
        help=USE,
    )
    declare(
        group,
        "add",
        (name, arguments("settings", "What it sets; a value of - is read from stdin.", "SETTING=VALUE")),
        "profile.run_add",
        help=ADD,
    )
    declare(group, "rm", (name,), "profile.run_rm", help=RM)
    root.add_typer(group, name="profile", help=HELP)
