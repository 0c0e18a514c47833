"""`nbx doctor`: its flags."""

import typer

from nebius_cli.commands.declare import declare
from nebius_cli.commands.parameters import field_options, switch
from nebius_cli.commands.shared_options import CONNECTION, CONNECTION_OPTIONS, KEY_OPTIONS
from nebius_cli.request.field_table import BY_NAME

HELP = """Check everything a completion needs, and say what to fix.

\b
Examples:
  nbx doctor
  nbx doctor --live
  nbx doctor --json | jq '.checks[] | select(.state == "fail")'

It works without a key, without a network and with a broken config file, sends nothing that costs anything
unless --live is given, and shows no secret. In a pipe a line holds, with tabs between: name, state, what
was seen, what to do; --json is {checks: [{name, state, text, hint}], exit_code}. The state is ok, warn,
fail or skipped. The exit code is that of the first check that failed, 0 where none did.
"""

FIELDS = (BY_NAME["model"], BY_NAME["ai_project_id"])

OWN = (
    switch("live", "Also complete one token with the default model, and load the local one."),
    switch("json", "One JSON object."),
    *field_options(FIELDS),
    *KEY_OPTIONS,
    *CONNECTION_OPTIONS,
)


def add_to(root: typer.Typer) -> None:
    """Add the command."""
    declare(root, "doctor", OWN, "doctor.run", help=HELP, connection=(*FIELDS, *CONNECTION))
