"""Declares commands from tables of flags; Typer parses them, and an action gets one options object."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from nebius_cli.commands.shared_flags import SHARED
from nebius_cli.commands.typer_parameters import Parameter, parameter
from nebius_cli.core.errors_and_exit_codes import HINTS, ExitCode, NbxError, UsageError
from nebius_cli.core.secret import Secret
from nebius_cli.request.parse_and_check_values import Field

T = TypeVar("T")
FLAGS_AFTER_DASHES = "nbx.flags_after_dashes"  # key in a context's `meta` for flags typed after --
Flags = Mapping[str, Any]  # by name, only the flags that were given
CommandFunction = Callable[[Flags, Any], ExitCode]  # flags and App → exit code


class NbxCommandMixin:
    """A mixin for Typer's classes: shows nbx's help page, and never parses a flag as another's value."""

    everyday: Sequence[str] = ()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line. Raises UsageError for a flag whose value is missing."""
        ctx.meta[FLAGS_AFTER_DASHES] = _check_values(self, ctx, args)
        return super().parse_args(ctx, args)  # type: ignore[misc, no-any-return]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page of nbx."""
        formatter.write(_page(self, ctx, self.everyday))


def _check_values(command: Any, ctx: Any, args: list[str]) -> list[str]:
    """Return the words after `--` that would be flags in front of it.

    Raises UsageError if a flag is followed by another flag instead of its value.
    """
    options = {flag: one for one in command.params for flag in (*one.opts, *one.secondary_opts)}
    flags = flags_of(command)
    words = iter(args)
    for word in words:
        if word == "--":
            return [after for after in words if after in flags]
        if not word.startswith("-"):
            if not ctx.allow_interspersed_args:
                break  # the rest is for a subcommand
            continue
        option = options.get(word) or _last_of_cluster(word, options)
        if option is not None and not option.is_flag and (value := next(words, "")) in flags:
            long = option.opts[0]
            raise UsageError(
                f"{word} needs a value", f"{value} is a flag", f"to use it as the value: {long}={value}"
            )
    return []


def _last_of_cluster(word: str, options: Mapping[str, Any]) -> Any:
    """Return the last flag of a word such as `-sm`, if the value of that flag is the next word."""
    if word.startswith("--"):
        return None
    found = [options.get(f"-{letter}") for letter in word[1:]]
    switches_first = all(option is not None and option.is_flag for option in found[:-1])
    return found[-1] if found and switches_first else None


def _page(command: Any, ctx: Any, everyday: Sequence[str], *, complete: bool = False) -> str:
    from nebius_cli.command_tree import help_page
    from nebius_cli.command_tree.read_typer_commands import read_tree

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


class Command(NbxCommandMixin, TyperCommand):
    """A command of nbx."""


class Group(NbxCommandMixin, TyperGroup):
    """A group of commands."""


class DefaultGroup(Group):
    """A group that runs its `default_command` if none is named: `nbx models qwen` lists models."""

    default_command: str

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line of the group."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [self.default_command, *args]
        return super().parse_args(ctx, args)


def default_group(command: str) -> type[DefaultGroup]:
    """Return a class for a group that runs this command if none is named."""
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
    and gets the options object that `options_of` makes of the given flags and `tables`. A `CommandFunction`
    gets the flags themselves. A command with many flags lists the most common long ones in `everyday`: its
    help describes only these, and --help-all describes all.
    """
    parameters = (*own, *SHARED, *([HELP_ALL] if everyday else ()))
    if everyday:
        cls = type(cls.__name__, (cls,), {"everyday": everyday})
    body = functools.partial(_run_action, action, tables) if isinstance(action, str) else action

    def command(ctx: typer.Context, **flags: Any) -> ExitCode:
        shared = {parameter.name: flags.pop(parameter.name) for parameter in SHARED}
        flags.pop(HELP_ALL.name, None)
        app = ctx.obj.app(shared)
        for word in ctx.meta.get(FLAGS_AFTER_DASHES, ()):
            app.note(f"{word} after -- is not a flag; put flags before --")
        given = {key: value for key, value in flags.items() if value is not None and value != []}
        here = given.keys() & {"local", "model_file"} and "against" not in given
        if here and "base_url" in given:
            app.warn("--base-url is ignored: --local runs the model on this machine")
        try:
            _check_files(given)
            return body(given, app)
        except NbxError as error:
            if error.hint:
                from nebius_cli.core import fit_hints_to_flags

                if app.key_source is not None and (better := app.key_source.replace_hint):
                    error.hint = error.hint.replace(HINTS[401], better)
                if "base_url" in given:
                    error.hint = fit_hints_to_flags.with_base_url_flag(error.hint)
                error.hint = fit_hints_to_flags.without_unknown_flags(error.hint, flags_of(ctx.command))
            raise

    context = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    command.__signature__ = inspect.Signature([context, *parameters])  # type: ignore[attr-defined]
    group.command(name, help=help, cls=cls)(command)


def _check_files(flags: Flags) -> None:
    """Raise UsageError if a file is written by one of the flags, and read or written by another."""
    if "output" in flags or "export" in flags or "summary" in flags:
        from nebius_cli.request import files_named_by_flags
        from nebius_cli.system.check_output_paths import check_targets

        check_targets(files_named_by_flags.files_written(flags), files_named_by_flags.files_read(flags))


def flags_of(command: Any) -> set[str]:
    """Return every flag of a Typer command, negations too."""
    options = (one for one in command.params if one.param_type_name == "option")
    return {"--help", "-h", *(flag for one in options for flag in (*one.opts, *one.secondary_opts))}


def _run_action(action: str, tables: Mapping[str, Iterable[Field]], flags: Flags, app: Any) -> ExitCode:
    module, _, name = action.partition(".")
    run = getattr(import_module(f"nebius_cli.actions.{module}"), name)
    return run(options_of(run.__annotations__["options"], flags, **tables), app)  # type: ignore[no-any-return]


def options_of(kind: Callable[..., T], flags: Flags, **tables: Iterable[Field]) -> T:
    """Return the options object of an action, made of the flags that were given.

    Each name in `tables` is an attribute that is a mapping: it gets the flags of that table of fields. Every
    other flag is an attribute of its own.
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
