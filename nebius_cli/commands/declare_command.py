"""Declares commands from tables of flags: Typer parses them, an action gets them as one options object."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from nebius_cli.commands.shared_flags import SHARED
from nebius_cli.commands.typer_parameters import Parameter, parameter
from nebius_cli.core.errors import HINTS, ExitCode, NbxError
from nebius_cli.core.secret import Secret
from nebius_cli.request.field_validation import Field

T = TypeVar("T")
Flags = Mapping[str, Any]  # the flags that were given, by name: not given is not default
CommandFunction = Callable[[Flags, Any], ExitCode]  # flags and App → exit code


class Helped:
    """Mixed into Typer's classes: shows our own help page."""

    everyday: Sequence[str] = ()

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page."""
        formatter.write(_page(self, ctx, self.everyday))


def _page(command: Any, ctx: Any, everyday: Sequence[str], *, complete: bool = False) -> str:
    from nebius_cli.shell_completion import help_page
    from nebius_cli.shell_completion.read_command_tree import read_tree

    tree = read_tree(command, ctx.command_path, ctx.parent)
    return help_page.page(tree, ctx.terminal_width or help_page.MAX_COLUMNS, everyday, complete=complete)


def _show_all(ctx: typer.Context, *, wanted: bool) -> None:
    if wanted:
        everyday = ctx.command.everyday  # type: ignore[attr-defined]
        typer.echo(_page(ctx.command, ctx, everyday, complete=True), color=ctx.color)
        raise typer.Exit


HELP_ALL = parameter(
    "help_all",
    bool,
    typer.Option("--help-all", help="Describe every flag and exit.", is_eager=True, callback=_show_all),
    default=False,
)


class Command(Helped, TyperCommand):
    """A command with our help."""


class Group(Helped, TyperGroup):
    """A group of commands with our help."""


class DefaultGroup(Group):
    """A group that runs its `default_command` if none is named: `nbx models qwen` lists."""

    default_command: str

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line of the group."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [self.default_command, *args]
        return super().parse_args(ctx, args)


def default_group(command: str) -> type[DefaultGroup]:
    """Return the class of a group that runs this command if none is named."""
    return type("Group", (DefaultGroup,), {"default_command": command})


def declare(
    group: typer.Typer,
    name: str,
    own: Iterable[Parameter],
    action: str | CommandFunction,
    *,
    help: str,  # noqa: A002
    cls: type[Command] = Command,
    everyday: Sequence[str] = (),
    **tables: Iterable[Field],
) -> None:
    """Add a command with its own flags, then the shared ones.

    `action` names a function in `actions/`, such as `usage.run_show`, which is imported when the command runs
    and gets the flags that were given as `options_of` makes them with `tables`.
    A `CommandFunction` makes them itself. A command with many flags names the long ones of `everyday` use:
    its help describes only these, and --help-all describes all.
    """
    parameters = (*own, *SHARED, *([HELP_ALL] if everyday else ()))
    if everyday:
        cls = type(cls.__name__, (cls,), {"everyday": everyday})
    body = functools.partial(_run_action, action, tables) if isinstance(action, str) else action

    def command(ctx: typer.Context, **flags: Any) -> ExitCode:
        shared = {parameter.name: flags.pop(parameter.name) for parameter in SHARED}
        flags.pop(HELP_ALL.name, None)
        app = ctx.obj.app(shared)
        given = {key: value for key, value in flags.items() if value is not None and value != []}
        try:
            _check_files(given)
            return body(given, app)
        except NbxError as error:
            if error.hint:
                from nebius_cli.core import hints_for_command

                if app.key_place is not None and (better := app.key_place.replace_hint):
                    error.hint = error.hint.replace(HINTS[401], better)
                error.hint = hints_for_command.fitting(error.hint, flags_of(ctx.command))
            raise

    context = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    command.__signature__ = inspect.Signature([context, *parameters])  # type: ignore[attr-defined]
    group.command(name, help=help, cls=cls)(command)


def _check_files(flags: Flags) -> None:
    """Raise UsageError if a file is written by one of the flags, and read or written by another."""
    if "output" in flags or "export" in flags or "summary" in flags:
        from nebius_cli.request import files_of_flags
        from nebius_cli.system.check_output_paths import check_targets

        check_targets(files_of_flags.files_written(flags), files_of_flags.files_read(flags))


def flags_of(command: Any) -> set[str]:
    """Return every flag of a Typer command, negations too."""
    named = {flag for one in command.params for flag in (*one.opts, *one.secondary_opts)}
    return {*named, "--help"}


def _run_action(action: str, tables: Mapping[str, Iterable[Field]], flags: Flags, app: Any) -> ExitCode:
    module, _, name = action.partition(".")
    run = getattr(import_module(f"nebius_cli.actions.{module}"), name)
    return run(options_of(run.__annotations__["options"], flags, **tables), app)  # type: ignore[no-any-return]


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
