"""Declares the flags of `nbx complete`."""

from typing import Any

import typer

from nebius_cli.commands.declare_command import Flags, declare, options_of
from nebius_cli.commands.shared_flags import (
    ANY_FIELD_OPTIONS,
    CONNECTION_OPTIONS,
    FIELD_OPTIONS,
    KEY_OPTIONS,
    LEDGER_OPTIONS,
    LOCAL_OPTIONS,
    REQUEST_SETTINGS,
)
from nebius_cli.commands.typer_parameters import arguments, negatable, switch, text, texts
from nebius_cli.core.errors_and_exit_codes import ExitCode
from nebius_cli.request.field_table import FIELDS

HELP = """Complete a prompt and print the answer as it arrives.

\b
Examples:
  nbx complete "The capital of France is" --max-tokens 8
  nbx complete --local "Once upon a time" --max-tokens 50
  echo "Once upon a time" | nbx complete -s
  git diff | nbx complete "Diff: {stdin} Summary:"
  nbx complete --infill app.py:12:5 -m Qwen/Qwen2.5-Coder-7B
  nbx complete --local "The capital of France is" --view heat

Without a prompt, nbx reads it from stdin, unchanged; -s drops the newline that echo adds. With a prompt, nbx
reads stdin only for - and {stdin}. If the prompt starts with -, put it last, after --. Only fields that you
set are sent; the server has its own defaults for the others.
"""

EVERYDAY = (
    "--model",
    "--max-tokens",
    "--temperature",
    "--stop",
    "--n",
    "--file",
    "--strip-final-newline",
    "--json",
    "--output",
    "--local",
)

PROMPT = "Prompt"
INFILL = "Infill"
SHOW = "Output"

OWN = (
    arguments("prompt", "The prompt; several are sent in one request. - is stdin.", "PROMPT..."),
    texts("file", "Use a file as a prompt, unchanged. - is stdin.", "FILE", PROMPT, "-f"),
    text(
        "template_file",
        "Use a file as the prompt, and insert stdin where the file contains {stdin}.",
        "FILE",
        PROMPT,
    ),
    texts("prompts", "Read one prompt per line from a file; - is stdin.", "FILE", PROMPT),
    text("tokens", "Token IDs as the prompt: [1,2,3], [[1,2],[3]] or @file.", "JSON", PROMPT),
    switch(
        "null",
        "Use NUL instead of newline between the prompts of --prompts, and between answers.",
        PROMPT,
        "-0",
    ),
    switch("strip_final_newline", "Drop the final newline of stdin and files.", PROMPT, "-s"),
    text("encoding", "Encoding of stdin and files. Default utf-8.", "NAME", PROMPT),
    text(
        "invalid",
        "What to do with invalid bytes: fail (strict, the default) or insert U+FFFD (replace).",
        "strict|replace",
        PROMPT,
    ),
    switch("allow_empty", "Allow an empty prompt.", PROMPT),
    negatable(
        "continue_last",
        "--continue",
        "Continue the last answer with its model and sampling (needs history.text); -n 1 unless you set it.",
        PROMPT,
    ),
    text(
        "continue_from", "Continue the answer of an earlier request; nbx history lists the IDs.", "ID", PROMPT
    ),
    text("choice", "Which of several answers to continue, counted from 1.", "N", PROMPT),
    text(
        "suffix",
        "Generate the text between the prompt and TEXT; the model must be trained for infill.",
        "TEXT",
        INFILL,
    ),
    text("suffix_file", "Use a whole file as the suffix; - is stdin.", "FILE", INFILL),
    text(
        "infill",
        "Generate the text at this position of a file. LINE and COL count from 1; COL defaults to 1.",
        "FILE:LINE:COL",
        INFILL,
    ),
    text("infill_format", "Format of the infill markers. Default: chosen by model ID.", "FORMAT", INFILL),
    *FIELD_OPTIONS,
    *ANY_FIELD_OPTIONS,
    switch("json", "Print the API response as one JSON object.", SHOW),
    switch("ndjson", "Print each object of the stream on its own line, as it arrives.", SHOW),
    text(
        "view",
        "Show the probability of each token (implies --logprobs 5). In a pipe: TSV; see nbx view --help.",
        "heat|table",
        SHOW,
    ),
    text("export", "Also write the heat view to a .svg or .html file (implies --logprobs 5).", "FILE", SHOW),
    text(
        "output",
        "Write to FILE; if incomplete, to FILE.partial.",
        "FILE",
        SHOW,
        "-o",
    ),
    negatable(
        "newline",
        "--newline/--no-newline, /-N",
        "End the output with a newline (default), or print exactly the answer.",
        SHOW,
    ),
    negatable(
        "usage", "--usage/--no-usage", "Show token usage and timing on stderr. Default on a terminal.", SHOW
    ),
    texts(
        "fail_on",
        "Exit 8 if the finish reason is REASON; length means that max_tokens cut off the answer.",
        "REASON",
        SHOW,
    ),
    switch("dry_run", "Print the request body and send nothing.", SHOW),
    switch("curl", "Print the request as a curl command and send nothing.", SHOW),
    *LOCAL_OPTIONS,
    *LEDGER_OPTIONS,
    *KEY_OPTIONS,
    *CONNECTION_OPTIONS,
)


def add_to(root: typer.Typer) -> None:
    """Add the command."""
    declare(root, "complete", OWN, _complete, help=HELP, everyday=EVERYDAY)


def _complete(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import complete
    from nebius_cli.request.prompt_options import PromptOptions

    about_prompt = {name: flags[name] for name in PromptOptions._fields if name in flags}
    others = {name: flags[name] for name in flags if name not in about_prompt}
    options = options_of(complete.CompleteOptions, others, fields=FIELDS, connection=REQUEST_SETTINGS)
    return complete.run(options._replace(prompt=options_of(PromptOptions, about_prompt)), app)
