"""`nbx doctor`: its flags."""

from typing import Any

import typer

from nebius_cli.commands.options import (
    CONNECTION,
    CONNECTION_OPTIONS,
    KEY_OPTIONS,
    Flags,
    declare,
    field_options,
    options_of,
    switch,
)
from nebius_cli.core.errors import ExitCode
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
    declare(root, "doctor", OWN, _doctor, help=HELP)


def _doctor(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import doctor

    return doctor.run(options_of(doctor.DoctorOptions, flags, connection=(*FIELDS, *CONNECTION)), app)
