"""Declares the commands and flags of `nbx local`."""

import typer

from nebius_cli.commands.declare_command import Group, declare
from nebius_cli.commands.typer_parameters import argument, switch, text

HELP = """Models that run on this machine without a key.

\b
Examples:
  nbx local pull
  nbx local serve > engine.env &

A model is downloaded only once. After that, --local needs no network.
"""

PULL = """Download a model and print its path.

\b
Examples:
  nbx local pull
"""

LIST = """List models, downloaded or available.

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

SERVE = """Keep the engine running and print how to reach it.

\b
Examples:
  nbx local serve > engine.env &
  nbx local serve --port 8080 --model-file model.gguf

It prints lines that export NEBIUS_BASE_URL, NEBIUS_API_KEY and NEBIUS_MODEL. Run them in another shell
(source engine.env), and nbx uses the engine there without --local. Ctrl-C stops the engine.

nbx score and nbx rank cannot use this server, because it does not return the log probabilities of a prompt.
Use their flag --local or --model-file instead.
"""


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(cls=Group)
    name = argument("name", "Name of the model. Default: the one that --local uses.", "NAME")
    declare(
        group,
        "pull",
        (name, switch("force", "Download the model even if it is already there.")),
        "local.run_pull",
        help=PULL,
    )
    declare(group, "list", (switch("json", "Print one JSON object."),), "local.run_list", help=LIST)
    declare(group, "rm", (argument("name", "Name of the model.", "NAME"),), "local.run_rm", help=RM)
    declare(
        group,
        "serve",
        (
            text("port", "Port on 127.0.0.1. Default: any free one.", "N"),
            text("model_file", "Serve this GGUF file instead of the default model.", "FILE"),
        ),
        "local.run_serve",
        help=SERVE,
    )
    root.add_typer(group, name="local", help=HELP)
