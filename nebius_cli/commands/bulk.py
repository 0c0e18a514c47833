"""Declares the commands and flags of `nbx bulk`."""

from collections.abc import Iterable
from typing import Any

import typer

from nebius_cli.bulk.speed_and_cost_flags import LIMITS
from nebius_cli.cluster.ray_address import ADDRESS, LOCAL
from nebius_cli.commands.declare_command import Command, declare, default_group
from nebius_cli.commands.shared_flags import (
    ANY_FIELD_OPTIONS,
    CONNECTION,
    INPUT,
    KEY_OPTIONS,
    LEDGER_OPTIONS,
    LOCAL_OPTIONS,
    OUTPUT,
    REQUEST_SETTINGS,
    ROW_OPTIONS,
)
from nebius_cli.commands.typer_parameters import arguments, field_options, switch, text, texts
from nebius_cli.request.field_table import FIELDS
from nebius_cli.request.parse_and_check_values import Field

CLUSTER = "Cluster"

HELP = """Complete a file of prompts, each row exactly once.

\b
Examples:
  nbx bulk prompts.jsonl -o answers.jsonl
  nbx bulk prompts.jsonl --estimate --max-tokens 64
  nbx bulk merge answers-*.jsonl -o all.jsonl
  nbx bulk export all.jsonl -o all.csv

nbx bulk FILE is short for nbx bulk run FILE; nbx bulk run --help describes its flags.
"""

RUN = """Complete every row of a file; resume where a run stopped.

\b
Examples:
  nbx bulk prompts.jsonl -o answers.jsonl --max-tokens 64
  nbx bulk questions.csv --template "Q: {question}\\nA:" -o answers.jsonl
  nbx bulk prompts.txt -o answers.jsonl --max-cost 5 --max-tokens 200
  nbx bulk prompts.jsonl -o answers.jsonl --local
  nbx bulk prompts.jsonl -o answers.jsonl --matrix temperature=0,0.7

Each answer becomes a line of -o FILE as soon as it arrives. If a run stops early, repeat the command to
resume: it sends only the rows that have no answer yet.

FILE can be JSONL, CSV, TSV, text or Parquet, also with .gz or .zst. The suffix determines the format, unless
--format sets it. A JSONL row is a string, {"prompt": ...} with any request field and an id, or a line of a
batch file. Fields of a row override flags.

With --ray, FILE may also be a folder or a pattern, or in an object store, and -o names a folder;
docs/cluster.md has the details.

The exit code is 0 if every row has an answer, and 9 if some failed. answers.failed.jsonl lists the failed
rows and can be the input of another run.
"""

EVERYDAY = (
    "--output",
    "--template",
    "--model",
    "--max-tokens",
    "--temperature",
    "--stop",
    "--ordered",
    "--max-cost",
    "--estimate",
    "--local",
)
_HERE = {  # help texts that differ from those of other commands
    "logprobs": "Return log probabilities of the N most likely tokens at each position.",
    "n": "Number of answers per prompt (server default 1).",
    "timeout": "Time limit for one attempt of a request; 0 means no limit.",
}


def _reworded(fields: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(field._replace(help=_HERE.get(field.name, field.help)) for field in fields)


# An answer is written as one line when it is complete, so there is nothing to stream.
ROW_FIELDS = _reworded(field for field in FIELDS if field.name not in ("stream", "stream_options"))

OWN = (
    arguments("inputs", "Files with one prompt per row; - is stdin.", "FILE..."),
    ROW_OPTIONS["format"],
    text("template", 'Make the prompt from columns: "Q: {question}\\nA:".', "TEXT", INPUT),
    text("template_file", "Read the template from a file; backslashes are not escapes.", "FILE", INPUT),
    switch("null", "In text input, prompts end with NUL instead of newline.", INPUT, "-0"),
    ROW_OPTIONS["encoding"],
    ROW_OPTIONS["invalid"],
    switch("allow_empty", "Allow empty prompts.", INPUT),
    ROW_OPTIONS["on_bad_row"],
    ROW_OPTIONS["shard"],
    texts(
        "matrix",
        "Send each row with every combination of these values, as in temperature=0,0.7.",
        "NAME=VALUES",
        INPUT,
    ),
    text("output", "Write JSONL to FILE; needed to resume a run.", "FILE", OUTPUT, "-o"),
    text(
        "ray",
        "Run on a Ray cluster: auto, HOST:PORT or ray://HOST:PORT; without ADDRESS, on this machine.",
        "ADDRESS",
        CLUSTER,
    ),
    text("output_format", "Format of the output folder of --ray. Default parquet.", "parquet|jsonl", CLUSTER),
    ROW_OPTIONS["restart"],
    switch("no_prompt", "Leave prompts out of the output.", OUTPUT),
    ROW_OPTIONS["ordered"],
    ROW_OPTIONS["summary"],
    ROW_OPTIONS["estimate"],
    switch("json", "With --estimate: one JSON object.", OUTPUT),
    ROW_OPTIONS["dry_run"],
    *field_options(LIMITS),
    ROW_OPTIONS["max_cost"],
    ROW_OPTIONS["price"],
    *field_options(ROW_FIELDS),
    *ANY_FIELD_OPTIONS,
    *LOCAL_OPTIONS,
    *KEY_OPTIONS,
    *field_options(_reworded(CONNECTION)),
    *LEDGER_OPTIONS,
)


class RunCommand(Command):
    """A command that accepts --ray without a value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line; --ray without an address starts Ray here."""
        words = list(args)
        end = words.index("--") if "--" in words else len(words)
        for ray_index in reversed([ray_index for ray_index in range(end) if words[ray_index] == "--ray"]):
            following = words[ray_index + 1] if ray_index + 1 < end else ""
            if not ADDRESS.fullmatch(following):
                words.insert(ray_index + 1, LOCAL)
        return super().parse_args(ctx, words)


def add_to(root: typer.Typer) -> typer.Typer:
    """Add the group and return it."""
    group = typer.Typer(cls=default_group("run"))
    declare(
        *(group, "run", OWN, "bulk.run"),
        help=RUN,
        cls=RunCommand,
        everyday=EVERYDAY,
        fields=ROW_FIELDS,
        connection=REQUEST_SETTINGS,
        limits=LIMITS,
    )
    root.add_typer(group, name="bulk", help=HELP)
    return group
