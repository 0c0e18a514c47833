"""`nbx bulk merge`: its flags."""

import typer

from nebius_cli.commands.declare import declare
from nebius_cli.commands.parameters import arguments, switch, text

HELP = """Put the answers of all shards in one file, each row once.

\b
Examples:
  nbx bulk merge answers-1.jsonl answers-2.jsonl -o all.jsonl
  nbx bulk merge answers-*.jsonl --input prompts.jsonl -o all.jsonl

The answers stand in the order of the rows. An answer beats an error of the same row; two different answers to
one row are an error (65). Without --input rows go by the index in their records, and rows missing after the
last one cannot be seen.

Exit 9 says that rows are missing, which are named, or failed; what there is has been written.
"""

INPUT = "Input"

OWN = (
    arguments("answers", "Outputs of nbx bulk.", "ANSWERS..."),
    text("output", "Write to FILE; default stdout.", "FILE", None, "-o"),
    switch("force", "Replace FILE if it exists."),
    text("input", "Go by the rows of this input, and their ids.", "FILE", INPUT),
    text("format", "What the input is. Default by its suffix.", "jsonl|csv|tsv|text|parquet", INPUT),
    switch("null", "Of text input: NUL instead of newline ends a prompt.", INPUT, "-0"),
    text("encoding", "Encoding of the input. Default utf-8.", "NAME", INPUT),
    text("invalid", "What to do with bytes that are not text. Default strict.", "strict|replace", INPUT),
)


def add_to(group: typer.Typer) -> None:
    """Add the command."""
    declare(group, "merge", OWN, "bulk_merge.run", help=HELP)
