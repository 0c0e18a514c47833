"""Declares the flags of `nbx doctor`."""

import typer

from nebius_cli.commands.declare_command import declare
from nebius_cli.commands.shared_flags import CONNECTION, CONNECTION_OPTIONS, KEY_OPTIONS
from nebius_cli.commands.typer_parameters import field_options, switch
from nebius_cli.request.field_table import BY_NAME

HELP = """Check everything a completion needs and say what to fix.

\b
Examples:
  nbx doctor
  nbx doctor --live
  nbx doctor --json | jq '.checks[] | select(.state == "fail")'

nbx doctor also works without a key, without a network and with a broken config file. It shows no secrets.
Only --live can cost something.

In a pipe, each line has these columns, separated by tabs: name, state, what nbx found, what to do. --json is
{checks: [{name, state, text, hint}], exit_code}. The state is ok, warn, fail or skipped. The exit code is
that of the first failed check, or 0.
"""

FIELDS = (BY_NAME["model"], BY_NAME["ai_project_id"])

OWN = (
    switch("live", "Also generate one token with the default model, and load the local model."),
    switch("json", "Print one JSON object."),
    *field_options(FIELDS),
    *KEY_OPTIONS,
    *CONNECTION_OPTIONS,
)


def add_to(root: typer.Typer) -> None:
    """Add the command."""
    declare(root, "doctor", OWN, "doctor.run", help=HELP, connection=(*FIELDS, *CONNECTION))
