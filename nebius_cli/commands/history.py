"""Declares the commands and flags of `nbx history`."""

import typer

from nebius_cli.commands.declare_command import declare, default_group
from nebius_cli.commands.shared_flags import CONNECTION_OPTIONS, KEY_OPTIONS, LEDGER_OPTIONS, REQUEST_SETTINGS
from nebius_cli.commands.typer_parameters import argument, arguments, negatable, switch, text

HELP = """List, search and repeat requests and their stored texts.

\b
Examples:
  nbx config set history.text true
  nbx history
  nbx history search paris
  nbx history rerun 42

Without a command, nbx lists the last requests; nbx history list --help describes the flags.

nbx stores prompts and answers only after nbx config set history.text true. They stay on this machine, in a
file that only you can read.
"""

LIST = """List the last requests, newest first.

\b
Examples:
  nbx history list
  nbx history --limit 100 --since 7d

In a pipe, each line has these columns, separated by tabs: id, time (UTC), model, prompt and completion
tokens, cost in USD, seconds, exit code, finish_reason, the beginning of the text; - if unknown.
"""

SHOW = """Show everything stored about one request.

\b
Examples:
  nbx history show 42
  nbx history show 42 --json
"""

SEARCH = """List requests whose texts contain every word.

\b
Examples:
  nbx history search paris france
  nbx history search 東京

The search ignores case and also finds words inside longer ones. No character has a special meaning.
"""

RERUN = """Send a stored request again, byte for byte.

\b
Examples:
  nbx history rerun 42
  nbx history rerun 42 --json

nbx uses the server and key of the current configuration. A request that ran on this machine runs here again.
"""

REMOVE = """Delete requests and all traces of their texts.

\b
Examples:
  nbx history rm 41 42
"""

PRUNE = """Delete old requests and all traces of their texts.

\b
Examples:
  nbx history prune --older-than 30d
"""


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(cls=default_group("list"))
    number = argument("id", "ID of the request; nbx history lists the IDs.", "ID")
    numbers = arguments("ids", "IDs of the requests; nbx history lists them.", "ID...")
    words = arguments("words", "Words to find in prompt or answer.", "WORD...")
    as_json = switch("json", "Print one JSON object.")
    which = (
        text("limit", "List at most N requests. Default 20.", "N"),
        text(
            "since",
            "First day: today, 7d, 4w or 2026-11-01; or 24h for exactly 24 hours. Default all.",
            "WHEN",
        ),
        text("until", "Last day, in the same forms.", "WHEN"),
        as_json,
    )
    declare(group, "list", which, "history.run_list", help=LIST)
    declare(group, "search", (words, *which), "history.run_search", help=SEARCH)
    declare(group, "show", (number, as_json), "history.run_show", help=SHOW)
    rerun = (
        number,
        as_json,
        switch("ndjson", "Print each object of the stream on its own line, as it arrives."),
        text("output", "Write the answer to FILE once it is complete.", "FILE", None, "-o"),
        negatable(
            "newline", "--newline/--no-newline, /-N", "End piped output with a newline (default), or not."
        ),
        negatable(
            "usage", "--usage/--no-usage", "Show token usage and timing on stderr. Default on a terminal."
        ),
        text("model_file", "Run this GGUF file on this machine.", "FILE"),
        *LEDGER_OPTIONS,
        *KEY_OPTIONS,
        *CONNECTION_OPTIONS,
    )
    declare(group, "rerun", rerun, "complete.run_rerun", help=RERUN, connection=REQUEST_SETTINGS)
    declare(group, "rm", (numbers,), "history.run_rm", help=REMOVE)
    older = text("older_than", "Delete requests older than this: 12h, 30d, 8w.", "SPAN")
    declare(group, "prune", (older,), "history.run_prune", help=PRUNE)
    root.add_typer(group, name="history", help=HELP)
