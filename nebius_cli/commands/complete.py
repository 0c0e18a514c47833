"""`nbx complete`: its flags."""

from typing import Any

import typer

from nebius_cli.commands.declare import Flags, declare, options_of
from nebius_cli.commands.parameters import arguments, negatable, switch, text, texts
from nebius_cli.commands.shared_options import (
    ANY_FIELD_OPTIONS,
    CONNECTION_OPTIONS,
    FIELD_OPTIONS,
    KEY_OPTIONS,
    LEDGER_OPTIONS,
    REQUEST_SETTINGS,
)
from nebius_cli.core.errors import ExitCode
from nebius_cli.request.field_table import FIELDS

HELP = """Complete a prompt: sent as it is, printed as it arrives.

\b
Examples:
  nbx complete "The capital of France is" --max-tokens 8
  nbx complete --local "Once upon a time" --max-tokens 50
  git diff | nbx complete "Diff: {stdin} Summary:"
  nbx complete --prompts questions.txt --json
  nbx complete --infill app.py:12:5 -m Qwen/Qwen2.5-Coder-7B
  nbx complete --local "The capital of France is" --view heat

Without a prompt, all of standard input is the prompt, byte for byte.

With a prompt, stdin is read only where - or {stdin} stands.

Only the fields that you set are sent; the server has its own defaults for all others.
"""

PROMPT = "Prompt"
INFILL = "Infill"
SHOW = "Output"

OWN = (
    arguments(
        "prompt",
        "The prompt; several are one request. - is stdin, {stdin} its text; --file takes both as they are.",
        "PROMPT...",
    ),
    texts("file", "A file as a prompt, whole; repeat for more. - is stdin.", "FILE", PROMPT, "-f"),
    texts("prompts", "A file of prompts, one a line; - is stdin.", "FILE", PROMPT),
    text("tokens", "Token ids as the prompt: [1,2,3], [[1,2],[3]] or @file.", "JSON", PROMPT),
    switch("null", "NUL instead of newline: between --prompts, and between printed choices.", PROMPT, "-0"),
    switch("strip_final_newline", "Drop the newline at the end of stdin and files.", PROMPT),
    text("encoding", "Encoding of stdin and files. Default utf-8.", "NAME", PROMPT),
    text("invalid", "What to do with bytes that are not text. Default strict.", "strict|replace", PROMPT),
    switch("allow_empty", "Send a prompt with nothing in it.", PROMPT),
    text(
        "suffix",
        "Write the text between the prompt and TEXT; for models that fill in the middle.",
        "TEXT",
        INFILL,
    ),
    text("suffix_file", "A file as the suffix, whole; - is stdin.", "FILE", INFILL),
    text(
        "infill",
        "Write at this position of a file. LINE and COL count from 1; without COL, at the start of the line.",
        "FILE:LINE:COL",
        INFILL,
    ),
    text("infill_format", "The model's infill markers; by default found by its id.", "FORMAT", INFILL),
    *FIELD_OPTIONS,
    *ANY_FIELD_OPTIONS,
    switch("json", "The API's response as one JSON object; not streamed unless --stream is given.", SHOW),
    switch("ndjson", "Each object of the stream on a line, as it arrives.", SHOW),
    text(
        "view",
        "Show each token's probability; asks for --logprobs 5 unless that is set. In a pipe: TSV.",
        "heat|table",
        SHOW,
    ),
    text("export", "Also write the heat view to a .svg or .html file; asks as --view does.", "FILE", SHOW),
    text("output", "Write the answer to a file: replaces FILE when it is complete.", "FILE", SHOW, "-o"),
    negatable(
        "newline",
        "--newline/--no-newline, /-N",
        "End the output with a newline (default); -N gives exactly the answer.",
        SHOW,
    ),
    negatable(
        "usage", "--usage/--no-usage", "Token usage and timing on stderr. Default on a terminal.", SHOW
    ),
    texts(
        "fail_on",
        "Exit 8 when finish_reason is this: length means that max_tokens cut the answer.",
        "REASON",
        SHOW,
    ),
    switch("dry_run", "Print the request's body and send nothing.", SHOW),
    switch("curl", "Print the request as a curl command and send nothing.", SHOW),
    switch(
        "local",
        "Run the embedded model on this machine: no key, no network, 256 tokens by default.",
        "Connection",
    ),
    text("model_file", "Run this GGUF file instead; means --local.", "FILE", "Connection"),
    *LEDGER_OPTIONS,
    *KEY_OPTIONS,
    *CONNECTION_OPTIONS,
)


def add_to(root: typer.Typer) -> None:
    """Add the command."""
    declare(root, "complete", OWN, _complete, help=HELP)


def _complete(flags: Flags, app: Any) -> ExitCode:
    from nebius_cli.actions import complete
    from nebius_cli.request.prompt_options import PromptOptions

    about_prompt = {name: flags[name] for name in PromptOptions._fields if name in flags}
    others = {name: flags[name] for name in flags if name not in about_prompt}
    options = options_of(complete.CompleteOptions, others, fields=FIELDS, connection=REQUEST_SETTINGS)
    return complete.run(options._replace(prompt=options_of(PromptOptions, about_prompt)), app)
