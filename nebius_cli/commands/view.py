"""Declares the flags of `nbx view`."""

import typer

from nebius_cli.commands.declare_command import declare
from nebius_cli.commands.typer_parameters import argument, text

HELP = """Show the token probabilities of a saved answer.

\b
Examples:
  nbx complete "The capital of France is" --logprobs 5 --json > answer.json
  nbx view answer.json
  nbx complete "The capital of France is" --logprobs 5 --json | nbx view
  nbx view answer.json --view table
  nbx view answer.json --export heat.html

The file is the output of nbx complete --json or --ndjson, of nbx bulk, or of nbx score --tokens --json.
Without a file, nbx reads stdin.

In a pipe, each token is a line with these columns, separated by tabs: choice, number, token, log probability,
probability, surprise in bits, entropy in bits, rank, and the alternatives as JSON; empty if unknown.
"""

OWN = (
    argument("answer", "A saved answer. Default: stdin.", "FILE"),
    text("view", "How to show the answer. Default heat. In a pipe, both are TSV.", "heat|table", "Output"),
    text("export", "Write the heat view to a .svg or .html file and print nothing.", "FILE", "Output"),
)


def add_to(root: typer.Typer) -> None:
    """Add the command."""
    declare(root, "view", OWN, "view.run", help=HELP)
