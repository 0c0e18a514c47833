"""Declares the commands and flags of `nbx usage`."""

import typer

from nebius_cli.commands.declare_command import declare, default_group
from nebius_cli.commands.typer_parameters import switch, text

HELP = """Tokens, time and cost of your requests, from a local ledger.

\b
Examples:
  nbx usage
  nbx usage --by model --since 7d
  nbx usage plot
  nbx usage export --csv > usage.csv

Without a command, nbx shows the last 30 days; nbx usage show --help describes the flags.

The ledger records tokens, cost, time and exit code of each request, but no text. To turn it off, run nbx
config set ledger false.
"""

PATH = """Print the path of the ledger.

\b
Examples:
  nbx usage path
  sqlite3 "$(nbx usage path)" .schema
"""

SHOW = """Show requests, tokens and cost by day, model, profile or bulk run.

\b
Examples:
  nbx usage show
  nbx usage --by model --since 7d
  nbx usage --since 2026-11-01 --until 2026-11-30 --json

Days are in local time; 7d means seven days including today. Costs use the prices that nbx models had cached
when the request was sent. ≥ before a sum means that the cost of some requests is unknown.

In a pipe, each line has these columns, separated by tabs: group, requests, failed requests, prompt,
completion, cached and reasoning tokens, cost in USD (- if unknown), requests of unknown cost.

--json is {by, since, until, rows: [{group, requests, failed, prompt_tokens, completion_tokens, cached_tokens,
reasoning_tokens, cost, unknown_cost}], total}; a cost is an exact decimal string, or null.
"""

PLOT = """Plot cost, tokens or requests per day.

\b
Examples:
  nbx usage plot
  nbx usage plot --of tokens --since 2026-01-01
  nbx usage plot --export usage.svg

On a terminal, this command needs the package plotille; if it is missing, nbx tells you how to install it.
--export needs no package.
"""

EXPORT = """Print every request in the ledger, oldest first.

\b
Examples:
  nbx usage export > usage.csv
  nbx usage export --json --since 7d

Times are in UTC, costs in USD, prices in USD per token. Unknown values are empty, or null in JSON.
Texts are exported unchanged; for a spreadsheet, add --escape-formulas.
"""

FORMS = "today, 7d, 4w, 2026-11-01 or all; or 24h for exactly 24 hours"
SINCE = text("since", f"First day: {FORMS}. Default 30d.", "WHEN")
FROM_ANY = text("since", f"First day: {FORMS}. Default all.", "WHEN")
UNTIL = text("until", "Last day, in the same forms.", "WHEN")


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(cls=default_group("show"))
    by = text("by", "What to group the requests by. Default day.", "day|model|profile|run")
    as_json = switch("json", "Print one JSON object.")
    declare(group, "show", (by, SINCE, UNTIL, as_json), "usage.run_show", help=SHOW)
    of = text("of", "What to plot. Default cost, or tokens if no cost is known.", "cost|tokens|requests")
    picture = text("export", "Write an SVG picture to FILE instead.", "FILE")
    declare(group, "plot", (of, SINCE, UNTIL, picture), "usage.run_plot", help=PLOT)
    as_csv = switch("csv", "Comma-separated, with a header (default).")
    formulas = "With CSV: put ' before texts that a spreadsheet would run as formulas."
    own = (as_csv, as_json, FROM_ANY, UNTIL, switch("escape_formulas", formulas))
    declare(group, "export", own, "usage.run_export", help=EXPORT)
    declare(group, "path", (), "usage.run_path", help=PATH)
    root.add_typer(group, name="usage", help=HELP)
