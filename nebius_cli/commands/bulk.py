"""`nbx bulk`: its commands and their flags."""

from collections.abc import Iterable

import typer

from nebius_cli.bulk.limit_flags import LIMITS, MONEY, SPEED
from nebius_cli.commands.declare import declare, default_group
from nebius_cli.commands.parameters import argument, field_options, switch, text
from nebius_cli.commands.shared_options import (
    ANY_FIELD_OPTIONS,
    CONNECTION,
    KEY_OPTIONS,
    LEDGER_OPTIONS,
    REQUEST_SETTINGS,
)
from nebius_cli.request.field_table import FIELDS
from nebius_cli.request.fields import Field

HELP = """Complete a file of prompts, each row exactly once.

\b
Examples:
  nbx bulk prompts.jsonl -o answers.jsonl
  nbx bulk prompts.jsonl --estimate --max-tokens 64
  nbx bulk merge answers-*.jsonl -o all.jsonl
  nbx bulk export all.jsonl --csv -o all.csv

nbx bulk FILE is nbx bulk run FILE; nbx bulk run --help shows its flags.
"""

RUN = """Complete every row of a file; resume where a run stopped.

\b
Examples:
  nbx bulk prompts.jsonl -o answers.jsonl --max-tokens 64
  nbx bulk questions.csv --template "Q: {question}\\nA:" -o answers.jsonl
  nbx bulk prompts.txt -o answers.jsonl --max-cost 5 --max-tokens 200
  nbx bulk prompts.jsonl -o answers.jsonl --local

A row is a JSON string, {"prompt"}, {"id", "prompt", any request field}, or a line of a batch file; or a line
of CSV, TSV, text or Parquet, by the file's suffix (.gz and .zst too) or --format. A row's field beats a flag.

Each answer is written to -o FILE as a line when it arrives. The same command again sends only the rows that
have no answer yet.

Exit 0 says that every row has its answer, 9 that some failed; answers.failed.jsonl has
those of answers.jsonl, as rows for another run.
"""

INPUT = "Input"
SHOW = "Output"
# An answer is written as one line when it is complete, so there is nothing to stream.
_HERE = {  # help texts that differ from those of other commands
    "logprobs": "Log probabilities of the N most likely tokens at each position, in the response.",
    "timeout": "Longest time for one request, each try by itself; 0 is no limit.",
}


def _reworded(fields: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(field._replace(help=_HERE.get(field.name, field.help)) for field in fields)


ROW_FIELDS = _reworded(field for field in FIELDS if field.name not in ("stream", "stream_options"))

OWN = (
    argument("input", "The rows; - is stdin.", "FILE"),
    text(
        "format",
        "What the input is. Default by its suffix; of stdin, jsonl.",
        "jsonl|csv|tsv|text|parquet",
        INPUT,
    ),
    text(
        "template", "Prompt of each row, its columns in braces; \\n, \\t and \\\\ are escapes.", "TEXT", INPUT
    ),
    text("template_file", "A file with the template, as it is: nothing in it is an escape.", "FILE", INPUT),
    switch("null", "Of text input: NUL instead of newline ends a prompt.", INPUT, "-0"),
    text("encoding", "Encoding of the input. Default utf-8.", "NAME", INPUT),
    text("invalid", "What to do with bytes that are not text. Default strict.", "strict|replace", INPUT),
    switch("allow_empty", "Send prompts with nothing in them.", INPUT),
    text(
        "on_bad_row",
        "A row that cannot be sent: fail sends nothing at all, skip leaves it out. Default fail.",
        "fail|skip",
        INPUT,
    ),
    text(
        "shard",
        "Only every N-th row, starting with the I-th; limits and caps are divided by N.",
        "I/N",
        INPUT,
    ),
    text(
        "output",
        "Write the answers to FILE; a run that writes to stdout cannot be resumed.",
        "FILE",
        SHOW,
        "-o",
    ),
    switch("restart", "Start over; the output so far is kept as FILE.old.", SHOW),
    switch("no_prompt", "Leave the prompts out of the output.", SHOW),
    switch(
        "ordered",
        "Answers in the order of the input, by index: where a row stood when it was answered.",
        SHOW,
    ),
    text("summary", "Write a summary of the run, as JSON.", "FILE", SHOW),
    switch("estimate", "Print what the run would take: rows, tokens, cost, time. Send nothing.", SHOW),
    switch("json", "With --estimate: one JSON object.", SHOW),
    switch("dry_run", "Print the body of the first row's request, and send nothing.", SHOW),
    *field_options(field for field in LIMITS if field.panel == SPEED),
    *field_options(field for field in LIMITS if field.panel == MONEY),
    text("max_cost", "Stop before more than this is spent.", "USD", MONEY),
    text(
        "price",
        "USD per million prompt and completion tokens, where the model list has none.",
        "IN/OUT",
        MONEY,
    ),
    *field_options(ROW_FIELDS),
    *ANY_FIELD_OPTIONS,
    switch(
        "local",
        "Run the embedded model on this machine: no key, no network, 256 tokens a row by default.",
        "Connection",
    ),
    text("model_file", "Run this GGUF file instead; means --local.", "FILE", "Connection"),
    *KEY_OPTIONS,
    *field_options(_reworded(CONNECTION)),
    *LEDGER_OPTIONS,
)


def add_to(root: typer.Typer) -> typer.Typer:
    """Add the group and return it."""
    group = typer.Typer(cls=default_group("run"), rich_markup_mode=root.rich_markup_mode)
    declare(
        *(group, "run", OWN, "bulk.run"),
        help=RUN,
        fields=ROW_FIELDS,
        connection=REQUEST_SETTINGS,
        limits=LIMITS,
    )
    root.add_typer(group, name="bulk", help=HELP)
    return group
