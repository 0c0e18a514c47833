"""`nbx local`: its commands and their flags."""

import typer

from nebius_cli.commands.declare import declare
from nebius_cli.commands.parameters import argument, switch, text

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
        group, "pull", (name, switch("force", "Fetch it even if it is there.")), "local.run_pull", help=PULL
    )
    declare(group, "list", (switch("json", "One JSON object."),), "local.run_list", help=LIST)
    declare(group, "rm", (argument("name", "Name of the model.", "NAME"),), "local.run_rm", help=RM)
    declare(
        group,
        "serve",
        (
            text("port", "Port to listen on, of 127.0.0.1. Default any free one.", "N"),
            text("model_file", "Serve this GGUF file instead of the default model.", "FILE"),
        ),
        "local.run_serve",
        help=SERVE,
    )
    root.add_typer(group, name="local", help=HELP)
