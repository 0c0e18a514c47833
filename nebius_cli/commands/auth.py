"""Declares the commands and flags of `nbx auth`."""

import typer

from nebius_cli.commands.declare_command import Group, declare
from nebius_cli.commands.shared_flags import CONNECTION, CONNECTION_OPTIONS, KEY_OPTIONS
from nebius_cli.commands.typer_parameters import negatable, switch

HELP = """The API key: store it, see where it comes from, remove it.

\b
Examples:
  nbx auth login
  pass show nebius | nbx auth login --with-token
  nbx auth status --check

Create a key in the console: https://tokenfactory.nebius.com

nbx uses the first key that it finds, in this order: --api-key, --api-key-file, NEBIUS_API_KEY,
api_key_command, the system keyring, the config file. A key in the current profile takes precedence over the
same kind of key outside of it.
"""


LOGIN = """Check a key with the server and store it.

\b
Examples:
  nbx auth login
  nbx auth login --with-token < key.txt

nbx asks for the key without showing it. Create one at https://tokenfactory.nebius.com.

nbx stores the key only if the server accepts it. --no-verify stores it unchecked.
"""

LOGOUT = """Remove the stored key, or that of the current profile.

\b
Examples:
  nbx auth logout
  nbx auth logout --all
"""

STATUS = """Show which key nbx uses and which other keys exist.

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
    switch("with_token", "Read the key from stdin."),
    negatable("verify", "--verify/--no-verify", "Ask the server whether it accepts the key first (default)."),
    negatable(
        "keyring",
        "--keyring/--no-keyring",
        "Store the key in the system keyring, or in the config file. Default: the keyring if one works.",
    ),
)
OWN_STATUS = (
    switch("check", "Ask the server whether it accepts the key."),
    switch("json", "Print one JSON object."),
    *KEY_OPTIONS,
    *CONNECTION_OPTIONS,
)


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(cls=Group)
    declare(group, "login", OWN_LOGIN, "auth.run_login", help=LOGIN)
    every = switch("all", "Remove the keys of all profiles, too.")
    declare(group, "logout", (every,), "auth.run_logout", help=LOGOUT)
    declare(group, "status", OWN_STATUS, "auth.run_status", help=STATUS, connection=CONNECTION)
    declare(group, "token", KEY_OPTIONS, "auth.run_token", help=PRINT)
    root.add_typer(group, name="auth", help=HELP)
