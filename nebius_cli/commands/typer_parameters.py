"""Turns the flags and operands of commands into parameters for Typer.

Typer sees only `str`, `list[str]` and `bool`. `Field.parse` reads the values in the action, so that flags,
configuration and data rows share one parser and one set of messages.
"""

import inspect
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from nebius_cli.config.settings_table import MAX_TIMEOUT_S
from nebius_cli.request.parse_and_check_values import Field, Kind

Parameter = inspect.Parameter


def parameter(name: str, kind: Any, info: Any, default: Any = None) -> Parameter:
    """Return a keyword parameter that Typer reads as an option or argument."""
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, info])


def argument(name: str, help: str, metavar: str) -> Parameter:  # noqa: A002 - Typer's own word
    """Return an operand that may be left out."""
    return parameter(name, str | None, typer.Argument(help=help, metavar=metavar, show_default=False))


def arguments(name: str, help: str, metavar: str) -> Parameter:  # noqa: A002
    """Return an operand that may be repeated."""
    return parameter(name, list[str] | None, typer.Argument(help=help, metavar=metavar, show_default=False))


def text(name: str, help: str, metavar: str, panel: str | None = None, *short: str) -> Parameter:  # noqa: A002
    """Return a flag with a value."""
    return parameter(name, str | None, _option(name, help, panel, short, metavar=metavar))


def texts(name: str, help: str, metavar: str, panel: str | None = None, *short: str) -> Parameter:  # noqa: A002
    """Return a flag with a value that may be repeated."""
    return parameter(name, list[str] | None, _option(name, help, panel, short, metavar=metavar))


def switch(name: str, help: str, panel: str | None = None, *short: str) -> Parameter:  # noqa: A002
    """Return a flag without a value."""
    return parameter(name, bool | None, _option(name, help, panel, short))


def negatable(name: str, declared: str, help: str, panel: str | None = None) -> Parameter:  # noqa: A002
    """Return a flag that is on, off or not given; `declared` lists its spellings: `--x/--no-x, /-X`."""
    info = typer.Option(*declared.split(","), help=help, rich_help_panel=panel, show_default=False)
    return parameter(name, bool | None, info)


def field_options(fields: Iterable[Field]) -> tuple[Parameter, ...]:
    """Return an option for each of the fields."""
    return tuple(_field_option(field) for field in fields)


def _field_option(field: Field) -> Parameter:
    short = (field.short,) if field.short else ()
    help_text = field.help
    if field.high not in (None, MAX_TIMEOUT_S):  # a minimum of 0 or a limit of a week is not shown
        help_text = f"{field.help.removesuffix('.')}, {field.low:g} to {field.high:g}."
    if field.kind is Kind.BOOLEAN:
        declared = f"{field.flag}/{field.flag.replace('--', '--no-', 1)}"
        return negatable(field.name, declared, field.help, field.panel)
    metavar = "|".join(field.choices) or field.metavar
    kind = list[str] if field.kind in (Kind.TEXTS, Kind.BIASES) else str
    option = _option(field.flag_name or field.name, help_text, field.panel, short, metavar=metavar)
    return parameter(field.name, kind | None, option)


def _option(name: str, help: str, panel: str | None, short: tuple[str, ...], **more: Any) -> Any:  # noqa: A002
    flag = "--" + name.replace("_", "-")
    return typer.Option(flag, *short, help=help, rich_help_panel=panel, show_default=False, **more)
