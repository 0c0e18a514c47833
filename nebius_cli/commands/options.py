"""Makes Typer commands from tables: a command lists its flags as data, and gets an options object.

Typer sees only `str`, `list[str]` and `bool`. `Field.parse` reads the values in the action, so that flags,
configuration and data rows share one parser and one set of messages.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from nebius_cli.config.settings import BY_NAME, SETTINGS
from nebius_cli.core import hints
from nebius_cli.core.errors import ExitCode, NbxError
from nebius_cli.core.secret import Secret
from nebius_cli.request.field_table import FIELDS
from nebius_cli.request.fields import Field, Kind

CONNECTION = tuple(s.field for s in SETTINGS if s.field.panel == "Connection")
# The settings among the flags of commands that make requests.
REQUEST_SETTINGS = (*CONNECTION, BY_NAME["ledger"].field)

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
    # Bounds are shown only if there is an upper one: nobody expects a negative count.
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
    switch("verbose", "Show what goes over the wire.", "Messages", "-v"),
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

# Flags of the commands that build requests.
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
    switch("over_budget", "Continue even if a budget is spent.", "Ledger"),
)

T = TypeVar("T")

Flags = Mapping[str, Any]  # the flags that were given, by name: not given is not default
Body = Callable[[Flags, Any], ExitCode]  # flags and App → exit code; it imports its action when it is called


class DefaultGroup(TyperGroup):
    """A group that runs one of its commands if none is named: `nbx models qwen` lists."""

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
    """Add a command with its own flags, then the shared ones; `body` is called with those that were given."""
    parameters = (*own, *SHARED)

    def command(ctx: typer.Context, **flags: Any) -> ExitCode:
        shared = {parameter.name: flags.pop(parameter.name) for parameter in SHARED}
        app = ctx.obj.app(shared)
        try:
            return body(
                {key: value for key, value in flags.items() if value is not None and value != []}, app
            )
        except NbxError as error:
            if error.hint:
                error.hint = hints.fitting(error.hint, flags_of(ctx.command))
            raise

    context = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    command.__signature__ = inspect.Signature([context, *parameters])  # type: ignore[attr-defined]
    group.command(name, help=help, cls=cls)(command)


def flags_of(command: Any) -> set[str]:
    """Return every flag of a Typer command, negations too."""
    named = {flag for one in command.params for flag in (*one.opts, *one.secondary_opts)}
    return {*named, "--help"}


def options_of(kind: Callable[..., T], flags: Flags, **tables: Iterable[Field]) -> T:
    """Return the options object of an action, made of the flags that were given.

    Each of `tables` names an attribute that is a mapping: it gets the flags of that table of fields. All
    other flags are attributes themselves.
    """
    given = dict(flags)
    grouped = {
        name: {field.name: given.pop(field.name) for field in fields if field.name in given}
        for name, fields in tables.items()
    }
    return kind(**grouped, **{name: _frozen(name, value) for name, value in given.items()})


def _frozen(name: str, value: Any) -> Any:
    if name == "api_key":
        return Secret(value)
    return tuple(value) if isinstance(value, list) else value
