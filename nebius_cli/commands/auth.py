"""`nbx auth`: its commands and their flags."""

import typer

from nebius_cli.commands.declare import declare
from nebius_cli.commands.parameters import negatable, switch
from nebius_cli.commands.shared_options import CONNECTION, CONNECTION_OPTIONS, KEY_OPTIONS

HELP = """The API key: store it, see where it comes from, remove it.

\b
Examples:
  nbx auth login
  pass show nebius | nbx auth login --with-token
  nbx auth status --check

nbx looks for a key in this order: --api-key, --api-key-file, NEBIUS_API_KEY, api_key_command, the system's
keyring, the config file. A key of the chosen profile beats those outside of it.
"""


LOGIN = """Store a key, typed without echo or read from stdin.

\b
Examples:
  nbx auth login
  nbx auth login --with-token < key.txt
"""

LOGOUT = """Remove the stored key, of the chosen profile if there is one.

\b
Examples:
  nbx auth logout
  nbx auth logout --all
"""

STATUS = """Show which key is used and which others exist.

\b
Examples:
  nbx auth status
  nbx auth status --check --json
"""

PRINT = """Print the key, for scripts.

\b
Examples:
  NEBIUS_API_KEY=$(nbx auth token) python app.py
"""

OWN_LOGIN = (
    switch("with_token", "Read the key from stdin instead of asking for it."),
    negatable(
        "keyring",
        "--keyring/--no-keyring",
        "Store it in the keyring or fail; or in the config file. Default: the keyring if one works.",
    ),
)
OWN_STATUS = (
    switch("check", "Ask the server whether it accepts the key."),
    switch("json", "One JSON object."),
    *KEY_OPTIONS,
    *CONNECTION_OPTIONS,
)


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(rich_markup_mode=root.rich_markup_mode)
    declare(group, "login", OWN_LOGIN, "auth.run_login", help=LOGIN)
    every = switch("all", "The keys of every profile.")
    declare(group, "logout", (every,), "auth.run_logout", help=LOGOUT)
    declare(group, "status", OWN_STATUS, "auth.run_status", help=STATUS, connection=CONNECTION)
    declare(group, "token", KEY_OPTIONS, "auth.run_token", help=PRINT)
    root.add_typer(group, name="auth", help=HELP)
