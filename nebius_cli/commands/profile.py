"""`nbx profile`: its commands and their flags."""

from typing import Any

import typer

from nebius_cli.commands.options import argument, arguments, declare, frozen, switch
from nebius_cli.core.errors import ExitCode

HELP = """Sets of settings under a name: another account, another server, other defaults.

\b
Examples:
  nbx profile add work base_url=https://host/v1 api_key_command="pass show work"
  nbx profile use work
  nbx complete --profile work "Once upon a time"

--profile beats NBX_PROFILE, and that beats what nbx profile use has chosen; - is none of them. Settings
of the profile in force beat those outside of it, and nbx config set writes into it.
"""


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(rich_markup_mode=root.rich_markup_mode)
    name = argument("name", "Name of the profile.", "PROFILE")
    declare(
        group,
        "list",
        (switch("json", "One JSON object."),),
        _run("run_list"),
        help="List the profiles: what put one in force, and what each sets.",
    )
    declare(
        group,
        "use",
        (argument("name", "Name of the profile, - for none.", "PROFILE"), switch("none", "Use none.")),
        _run("run_use"),
        help="Choose the profile of every run from now on.",
    )
    declare(
        group,
        "add",
        (name, arguments("settings", "What it sets; a value of - is read from stdin.", "SETTING=VALUE")),
        _run("run_add"),
        help="""Make a profile.

\b
Examples:
  nbx profile add work model=MODEL temperature=0.2
  pass show work | nbx profile add work api_key=-
""",
    )
    declare(group, "rm", (name,), _run("run_rm"), help="Delete a profile and what it sets.")
    root.add_typer(group, name="profile", help=HELP)


def _run(name: str) -> Any:
    def body(app: Any, flags: dict[str, Any]) -> ExitCode:
        from nebius_cli.actions import profile

        return getattr(profile, name)(app, **frozen(flags))  # type: ignore[no-any-return]

    return body
