"""`nbx local`: its commands and their flags."""

from typing import Any

import typer

from nebius_cli.commands.options import Flags, argument, declare, options_of, switch, text
from nebius_cli.core.errors import ExitCode

HELP = """Models that run on this machine, and need no key.

\b
Examples:
  nbx local pull
  nbx local serve > engine.env &

Once a model is here, it needs no network either.
"""

PULL = """Fetch a model and print where it is.

\b
Examples:
  nbx local pull
"""

LIST = """List models: here, or to be fetched.

\b
Examples:
  nbx local list
  nbx local list --json
"""

RM = """Delete a model from this machine.

\b
Examples:
  nbx local rm NAME
"""

SERVE = """Keep the engine running; print exports for nbx.

\b
Examples:
  nbx local serve > engine.env &
  nbx local serve --port 8080 --model-file model.gguf
"""


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(rich_markup_mode=root.rich_markup_mode)
    name = argument("name", "Name of the model; default that of --local.", "NAME")
    declare(
        group,
        "pull",
        (name, switch("force", "Fetch it even if it is there.")),
        _pull,
        help=PULL,
    )
    declare(
        group,
        "list",
        (switch("json", "One JSON object."),),
        _list,
        help=LIST,
    )
    declare(
        group,
        "rm",
        (argument("name", "Name of the model.", "NAME"),),
        _rm,
        help=RM,
    )
    declare(
        group,
        "serve",
        (
            text("port", "Port to listen on, of 127.0.0.1. Default any free one.", "N"),
            text("model_file", "Serve this GGUF file instead of the default model.", "FILE"),
        ),
        _serve,
        help=SERVE,
    )
    root.add_typer(group, name="local", help=HELP)


def _pull(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import local

    return local.run_pull(options_of(local.LocalOptions, flags), app)


def _list(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import local

    return local.run_list(options_of(local.LocalOptions, flags), app)


def _rm(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import local

    return local.run_rm(options_of(local.LocalOptions, flags), app)


def _serve(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import local

    return local.run_serve(options_of(local.LocalOptions, flags), app)
