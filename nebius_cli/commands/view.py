"""`nbx view`: its flags."""

import typer

from nebius_cli.commands.declare import declare
from nebius_cli.commands.parameters import argument, text

HELP = """Show the log probabilities of a saved answer.

\b
Examples:
  nbx complete "The capital of France is" --logprobs 5 --json > answer.json
  nbx view answer.json
  nbx view answer.json --view table
  nbx view answer.json --export heat.html

The file holds what --json or --ndjson printed, or result records of nbx bulk; - is stdin.
"""

OWN = (
    argument("file", "The saved answer; - is stdin.", "FILE"),
    text("view", "How to show it. Default heat. In a pipe both are TSV.", "heat|table", "Output"),
    text("export", "Write the heat view to a .svg or .html file, and print nothing.", "FILE", "Output"),
)


def add_to(root: typer.Typer) -> None:
    """Add the command."""
    declare(root, "view", OWN, "view.run", help=HELP)
