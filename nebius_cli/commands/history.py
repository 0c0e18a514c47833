"""`nbx history`: its commands and their flags."""

import typer

from nebius_cli.commands.declare import declare, default_group
from nebius_cli.commands.parameters import argument, arguments, negatable, switch, text
from nebius_cli.commands.shared_options import (
    CONNECTION_OPTIONS,
    KEY_OPTIONS,
    LEDGER_OPTIONS,
    REQUEST_SETTINGS,
)

HELP = """The requests in the ledger, one by one, with stored texts.

\b
Examples:
  nbx config set history.text true
  nbx history
  nbx history search paris
  nbx history rerun 42

Without a command it lists the last requests; nbx history list --help shows the flags of that.

Texts are kept only once the first of these has been run. They stay on this machine, in a file that only you
can read.
"""

LIST = """List the last requests, newest first.

\b
Examples:
  nbx history list
  nbx history --limit 100 --since 7d

In a pipe a line holds, with tabs between: id, time (UTC), model, prompt and completion tokens, cost in USD,
seconds, exit code, finish_reason, the beginning of the text; - is unknown.
"""

SHOW = """Show everything that is kept of one request.

\b
Examples:
  nbx history show 42
  nbx history show 42 --json
"""

SEARCH = """List the requests whose texts hold every word.

\b
Examples:
  nbx history search paris france
  nbx history search 東京

A word is found inside of longer ones, too, upper or lower case; no sign in it has a meaning.
"""

RERUN = """Send a request again: the stored body, byte for byte.

\b
Examples:
  nbx history rerun 42
  nbx history rerun 42 --json

Server and key are those that are configured now. What ran in the embedded engine runs there again.
"""

REMOVE = """Delete requests, with every trace of their texts.

\b
Examples:
  nbx history rm 41 42
"""

PRUNE = """Delete old requests, with every trace of their texts.

\b
Examples:
  nbx history prune --older-than 30d
"""


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(cls=default_group("list"), rich_markup_mode=root.rich_markup_mode)
    number = argument("id", "Id of the request.", "ID")
    numbers = arguments("ids", "Ids of requests.", "ID...")
    words = arguments("words", "Words that prompt or answer hold.", "WORD...")
    as_json = switch("json", "One JSON object.")
    which = (
        text("limit", "Requests to list, at most. Default 20.", "N"),
        text("since", "First day: today, 7d, 4w, 2026-11-01, or 24h to the second. Default all.", "WHEN"),
        text("until", "Last day, in the same forms.", "WHEN"),
        as_json,
    )
    declare(group, "list", which, "history.run_list", help=LIST)
    declare(group, "search", (words, *which), "history.run_search", help=SEARCH)
    declare(group, "show", (number, as_json), "history.run_show", help=SHOW)
    rerun = (
        number,
        as_json,
        switch("ndjson", "Each object of a stream on a line, as it arrives."),
        text("output", "Write the answer to a file, which appears when it is complete.", "FILE", None, "-o"),
        negatable("newline", "--newline/--no-newline, /-N", "End piped output with a newline (default)."),
        negatable("usage", "--usage/--no-usage", "Token usage and timing on stderr. Default on a terminal."),
        text("model_file", "Run this GGUF file, on this machine.", "FILE"),
        *LEDGER_OPTIONS,
        *KEY_OPTIONS,
        *CONNECTION_OPTIONS,
    )
    declare(group, "rerun", rerun, "complete.run_rerun", help=RERUN, connection=REQUEST_SETTINGS)
    declare(group, "rm", (numbers,), "history.run_rm", help=REMOVE)
    older = text("older_than", "Delete what is older than this: 12h, 30d, 8w.", "SPAN")
    declare(group, "prune", (older,), "history.run_prune", help=PRUNE)
    root.add_typer(group, name="history", help=HELP)
