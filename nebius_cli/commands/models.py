"""Declares the commands and flags of `nbx models`."""

import typer

from nebius_cli.commands.declare_command import declare, default_group
from nebius_cli.commands.shared_flags import CONNECTION, KEY_OPTIONS
from nebius_cli.commands.typer_parameters import argument, arguments, field_options, switch, text
from nebius_cli.request.field_table import BY_NAME

HELP = """List, search and choose the models of your account.

\b
Examples:
  nbx models
  nbx models qwen --sort price
  nbx models show openai/gpt-oss-120b
  nbx models use openai/gpt-oss-120b

Without a command, nbx lists models; nbx models list --help describes the flags.

nbx caches the list for six hours. An older list is used if there is no network.
"""

LIST = """List models, or those that match every word of the query.

\b
Examples:
  nbx models list
  nbx models list qwen coder
  nbx models --sort price --json

The query is matched against ID, name and features, ignoring case.

In a pipe, each line has these columns, separated by tabs: id, context, USD per million tokens in and out,
requests and tokens per minute, status, features; - if unknown. A narrow terminal shows fewer columns.

--json is {models: [{id, name, context, price: {input, output, cached_input}, limits: {requests_per_minute,
tokens_per_minute}, features, modality, quantization, status, created, raw}], fetched_at, age_seconds,
cached}. Prices are in USD per million tokens; null is unknown; raw is the entry as the server sent it.
"""

SHOW = """Show everything that is known about a model.

\b
Examples:
  nbx models show openai/gpt-oss-120b
"""

USE = """Set the default model, or that of the current profile.

\b
Examples:
  nbx models use openai/gpt-oss-120b
  nbx models use my/own-deployment --force

An ID that is not in the list needs --force, unless no list is available.
"""

PROJECT = (BY_NAME["ai_project_id"],)
SETTINGS = (*PROJECT, *CONNECTION)
ASKING = (
    switch("refresh", "Ask the server even if the cached list is fresh."),
    *KEY_OPTIONS,
    *field_options(SETTINGS),
)


def add_to(root: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(cls=default_group("list"))
    as_json = switch("json", "Print one JSON object.")
    name = argument("id", "Model ID.", "MODEL")
    order = (
        text(
            "sort",
            "Sort order: cheapest, largest context or newest first. Default id.",
            "id|context|price|created",
        ),
        switch("reverse", "Reverse the order."),
    )
    query = arguments("query", "Words to search for.", "QUERY...")
    declare(
        group, "list", (query, as_json, *order, *ASKING), "models.run_list", help=LIST, connection=SETTINGS
    )
    declare(group, "show", (name, as_json, *ASKING), "models.run_show", help=SHOW, connection=SETTINGS)
    force = switch("force", "Accept an ID that is not in the list.")
    declare(group, "use", (name, force, *ASKING), "models.run_use", help=USE, connection=SETTINGS)
    root.add_typer(group, name="models", help=HELP)
