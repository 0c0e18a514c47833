"""Declares the flags of `nbx bulk merge`."""

import typer

from nebius_cli.commands.declare_command import declare
from nebius_cli.commands.shared_flags import INPUT, ROW_OPTIONS
from nebius_cli.commands.typer_parameters import arguments, switch, text, texts

HELP = """Merge the outputs of all shards into one file.

\b
Examples:
  nbx bulk merge answers-1.jsonl answers-2.jsonl -o all.jsonl
  nbx bulk merge answers-*.jsonl --input prompts.jsonl -o all.jsonl

Answers are written in row order, each row once. An answer replaces an error of the same row; two different
answers to one row are an error (exit 65). Without --input, nbx orders rows by the index in their records and
cannot detect rows missing at the end.

The exit code is 9 if rows are missing or failed; nbx writes the others anyway.
"""

OWN = (
    arguments("answers", "Output files of nbx bulk.", "ANSWERS..."),
    text("output", "Write to FILE. Default stdout.", "FILE", None, "-o"),
    switch("force", "Replace FILE if it exists."),
    texts(
        "input",
        "Match the answers to the rows of this input by ID; repeatable, for several files.",
        "FILE",
        INPUT,
    ),
    texts("matrix", "With --input: the --matrix of the run.", "NAME=VALUES", INPUT),
    text("format", "Format of the input. Default: by file suffix.", "jsonl|csv|tsv|text|parquet", INPUT),
    switch("null", "In text input, prompts end with NUL instead of newline.", INPUT, "-0"),
    ROW_OPTIONS["encoding"],
    ROW_OPTIONS["invalid"],
)


def add_to(group: typer.Typer) -> None:
    """Add the command."""
    declare(group, "merge", OWN, "bulk_merge.run", help=HELP)
