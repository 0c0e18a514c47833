"""Tables → Typer options. A command lists its flags as data; these functions make its signature.

Only `str`, `list[str]` and `bool` reach Typer, and values are read by `Field.parse` in the action, so that
flags, configuration and data rows share one parser and one set of messages.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from nebius_cli.config.settings import SETTINGS
from nebius_cli.core.errors import ExitCode
from nebius_cli.core.secret import Secret
from nebius_cli.request.field_table import FIELDS
from nebius_cli.request.fields import Field, Kind

CONNECTION = tuple(s.field for s in SETTINGS if s.field.panel == "Connection")

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
    """Return a flag that is yes, no, or not given; `declared` is its spellings, `--x/--no-x, /-X`."""
    info = typer.Option(*declared.split(","), help=help, rich_help_panel=panel, show_default=False)
    return parameter(name, bool | None, info)


def field_options(fields: Iterable[Field]) -> tuple[Parameter, ...]:
    """Return the options that a table of fields stands for."""
    return tuple(_field_option(field) for field in fields)


def _field_option(field: Field) -> Parameter:
    short = (field.short,) if field.short else ()
    # Both bounds are news; that a count is not negative is none.
    help_text = f"{field.help} {field.bounds.capitalize()}." if field.high is not None else field.help
    if field.kind is Kind.BOOLEAN:
        declared = f"{field.flag}/{field.flag.replace('--', '--no-', 1)}"
        return negatable(field.name, declared, field.help, field.panel)
    metavar = "|".join(field.choices) or field.metavar
    make = texts if field.kind in (Kind.TEXTS, Kind.BIASES) else text
    return make(field.name, help_text, metavar, field.panel, *short)


def _option(name: str, help: str, panel: str | None, short: tuple[str, ...], **more: Any) -> Any:  # noqa: A002
    flag = "--" + name.replace("_", "-")
    return typer.Option(flag, *short, help=help, rich_help_panel=panel, show_default=False, **more)


SHARED = (
    switch("quiet", "Nothing on stderr but errors.", "Messages", "-q"),
    switch("verbose", "Say what goes over the wire.", "Messages", "-v"),
    switch("debug", "Like --verbose, with a traceback for a bug.", "Messages"),
    text("color", "When to use colour. Default auto.", "auto|always|never", "Messages"),
    text("profile", "Profile of the config file to use.", "NAME", "Connection"),
)

FIELD_OPTIONS = field_options(FIELDS)
CONNECTION_OPTIONS = field_options(CONNECTION)
KEY_OPTIONS = (
    text("api_key_file", "Read the API key from a file; - is stdin.", "FILE", "Connection"),
    text("api_key", "The API key itself, which ps and the shell's history show.", "KEY", "Connection"),
)

# Of the commands that make requests from flags.
ANY_FIELD_OPTIONS = (
    texts(
        "param", "Any other top-level member, for the engine: top_k=40. Repeatable.", "KEY=JSON", "Any field"
    ),
    texts("unset", "Leave out a field that the configuration sets.", "FIELD", "Any field"),
    negatable(
        "validate", "--validate/--no-validate", "Check values against their documented bounds.", "Any field"
    ),
)

LEDGER_OPTIONS = (
    negatable(
        "ledger", "--ledger/--no-ledger", "Keep this run in the usage ledger (default), or not.", "Ledger"
    ),
    switch("over_budget", "Go on where a budget is spent.", "Ledger"),
)

Body = Callable[[Any, dict[str, Any]], ExitCode]


class DefaultGroup(TyperGroup):
    """A group that runs one of its commands where none is named: `nbx models qwen` lists."""

    default_command: str

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line of the group."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [self.default_command, *args]
        return super().parse_args(ctx, args)


def declare(
    group: typer.Typer,
    name: str,
    own: Iterable[Parameter],
    body: Body,
    *,
    help: str,  # noqa: A002
    cls: type[TyperCommand] | None = None,
) -> None:
    """Add a command: its own flags, then the shared ones. `body` gets the App and the flags that were given.

    A flag that was not given is not in the mapping: not given is not default.
    """
    parameters = (*own, *SHARED)

    def command(ctx: typer.Context, **flags: Any) -> ExitCode:
        shared = {parameter.name: flags.pop(parameter.name) for parameter in SHARED}
        app = ctx.obj.app(shared)
        return body(app, {key: value for key, value in flags.items() if value is not None and value != []})

    context = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    command.__signature__ = inspect.Signature([context, *parameters])  # type: ignore[attr-defined]
    group.command(name, help=help, cls=cls)(command)


def runs(action: str, function: str) -> Body:
    """Return the body that hands its flags to a function of an action, which is loaded then."""

    def body(app: Any, flags: dict[str, Any]) -> ExitCode:
        module = import_module(f"nebius_cli.actions.{action}")
        code: ExitCode = getattr(module, function)(app, **frozen(flags))
        return code

    return body


def take(flags: dict[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
    """Move the flags of a field table out of `flags` into a mapping of their own."""
    return {field.name: flags.pop(field.name) for field in fields if field.name in flags}


def take_connection(flags: dict[str, Any]) -> dict[str, str]:
    """Move the flags that are settings out of `flags` into a mapping of their own."""
    ledger = {"ledger": str(flags.pop("ledger")).lower()} if "ledger" in flags else {}
    return {**take(flags, CONNECTION), **ledger}


def frozen(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return flags as the attributes of an options object: repeated ones as tuples, a key out of sight."""
    return {name: _frozen(name, value) for name, value in flags.items()}


def _frozen(name: str, value: Any) -> Any:
    if name == "api_key":
        return Secret(value)
    return tuple(value) if isinstance(value, list) else value
