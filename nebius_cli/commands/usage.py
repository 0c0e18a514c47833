"""`nbx usage`: its commands and their flags."""

import typer

from nebius_cli.commands.declare import declare, default_group
from nebius_cli.commands.parameters import switch, text

HELP = """Tokens, time and cost of your requests, from a local ledger.

\b
Examples:
  nbx usage
  nbx usage --by model --since 7d
  nbx usage plot
  nbx usage export --csv > usage.csv

Without a command it shows the last 30 days; nbx usage show --help shows the flags of that.

The ledger has tokens, cost, time and exit code of each request, and no text. nbx config set ledger false
keeps none.
"""

PATH = """Print where the ledger is.

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

Days are those of the local time zone; 7d is seven of them with today. Costs come from the prices that nbx
models had kept when the request was sent. A cost that is unknown is never counted as 0: ≥ says that it is
missing in a sum.

In a pipe a line holds, with tabs between: the group, requests, failed ones, prompt, completion, cached and
reasoning tokens, cost in USD (- is unknown), and how many requests have an unknown cost.

--json is {by, since, until, rows: [{group, requests, failed, prompt_tokens, completion_tokens, cached_tokens,
reasoning_tokens, cost, unknown_cost}], total}; a cost is a text, so that no digit is lost, or null.
"""

PLOT = """Plot cost, tokens or requests of each day.

\b
Examples:
  nbx usage plot
  nbx usage plot --of tokens --since 2026-01-01
  nbx usage plot --export usage.svg

On a terminal it needs plotille: pip install 'nebius-cli[plot]'.
"""

EXPORT = """Print every request in the ledger, oldest first.

\b
Examples:
  nbx usage export > usage.csv
  nbx usage export --json --since 7d

Times are UTC; costs and prices are USD and USD per token, exact; what is unknown is empty, or null.
Values are exact: for a spreadsheet, add --escape-formulas.
"""

FORMS = "today, 7d, 4w, 2026-11-01, all, or 24h to the second"
SINCE = text("since", f"First day: {FORMS}. Default 30d.", "WHEN")
FROM_ANY = text("since", f"First day: {FORMS}. Default all.", "WHEN")
UNTIL = text("until", "Last day, in the same forms.", "WHEN")


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(cls=default_group("show"), rich_markup_mode=root.rich_markup_mode)
    by = text("by", "What to sum up by. Default day.", "day|model|profile|run")
    as_json = switch("json", "One JSON object.")
    declare(group, "show", (by, SINCE, UNTIL, as_json), "usage.run_show", help=SHOW)
    of = text("of", "What to plot. Default cost, or tokens where no cost is known.", "cost|tokens|requests")
    picture = text("export", "Write a picture instead, as SVG.", "FILE")
    declare(group, "plot", (of, SINCE, UNTIL, picture), "usage.run_plot", help=PLOT)
    as_csv = switch("csv", "Comma-separated, with a header (default).")
    formulas = "With CSV: put ' before texts that a spreadsheet takes for formulas."
    own = (as_csv, as_json, FROM_ANY, UNTIL, switch("escape_formulas", formulas))
    declare(group, "export", own, "usage.run_export", help=EXPORT)
    declare(group, "path", (), "usage.run_path", help=PATH)
    root.add_typer(group, name="usage", help=HELP)
