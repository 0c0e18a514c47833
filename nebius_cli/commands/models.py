"""`nbx models`: its commands and their flags."""

import typer

from nebius_cli.commands.declare import declare, default_group
from nebius_cli.commands.parameters import argument, arguments, field_options, switch, text
from nebius_cli.commands.shared_options import CONNECTION, KEY_OPTIONS
from nebius_cli.request.field_table import BY_NAME

HELP = """List, search, show and choose models of your account.

\b
Examples:
  nbx models
  nbx models qwen --sort price
  nbx models show openai/gpt-oss-120b
  nbx models use openai/gpt-oss-120b

Without a command it lists; nbx models list --help shows the flags of that.

The list is cached for six hours, and works without a network too.
"""

LIST = """List models: those that hold every word of the query.

\b
Examples:
  nbx models list
  nbx models list qwen coder
  nbx models --sort price --json

A word may stand in the id, the name or the features, in upper or lower case.

In a pipe a line holds, with tabs between: id, context, USD per million tokens in and out, requests and
tokens per minute, status, features; - is unknown. A narrow terminal shows fewer of these columns.

--json is {models: [{id, name, context, price: {input, output, cached_input}, limits: {requests_per_minute,
tokens_per_minute}, features, modality, quantization, status, created, raw}], fetched_at, age_seconds,
cached}. Prices are numbers, USD per million tokens; null is unknown; raw is the server's own entry.
"""

SHOW = """Show everything that is known of one model.

\b
Examples:
  nbx models show openai/gpt-oss-120b
"""

USE = """Make a model the default, of all runs or of the chosen profile.

\b
Examples:
  nbx models use openai/gpt-oss-120b
  nbx models use my/own-deployment --force

An id that is not in the list is written only with --force, or where no list can be had.
"""

PROJECT = (BY_NAME["ai_project_id"],)
SETTINGS = (*PROJECT, *CONNECTION)
ASKING = (
    switch("refresh", "Ask the server, even if the list that is here is fresh."),
    *KEY_OPTIONS,
    *field_options(SETTINGS),
)


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(cls=default_group("list"), rich_markup_mode=root.rich_markup_mode)
    as_json = switch("json", "One JSON object.")
    name = argument("id", "Id of the model.", "MODEL")
    order = (
        text("sort", "Cheapest, largest context or newest first. Default id.", "id|context|price|created"),
        switch("reverse", "The other way round."),
    )
    query = arguments("query", "Words that the id holds, upper or lower case.", "QUERY...")
    declare(
        group, "list", (query, as_json, *order, *ASKING), "models.run_list", help=LIST, connection=SETTINGS
    )
    declare(group, "show", (name, as_json, *ASKING), "models.run_show", help=SHOW, connection=SETTINGS)
    force = switch("force", "Write an id that is not in the list.")
    declare(group, "use", (name, force, *ASKING), "models.run_use", help=USE, connection=SETTINGS)
    root.add_typer(group, name="models", help=HELP)
