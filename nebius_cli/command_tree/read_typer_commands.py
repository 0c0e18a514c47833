"""Reads Typer's commands into a command tree.

It uses only a few attributes of Typer's objects (see the protocols below), so it need not import Typer.
"""

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from nebius_cli.command_tree.commands_as_data import Argument, Command, Flag, ValueKind
from nebius_cli.config.settings_table import SETTINGS
from nebius_cli.request import infill_formats
from nebius_cli.request.field_table import FIELDS
from nebius_cli.response.check_complete import FINISH_REASONS

# Names and choices that need no quotes in any shell; others are refused.
_PLAIN = re.compile(r"[A-Za-z0-9_./-][A-Za-z0-9_./:=@%+,-]*")

# A metavar decides what TAB completes; `a|b|c` lists choices.
METAVAR_KINDS = {
    "FILE": ValueKind.FILE,
    "ANSWERS": ValueKind.FILE,
    "FILE:LINE:COL": ValueKind.FILE,
    "DIR": ValueKind.DIRECTORY,
    "JSON": ValueKind.AT_FILE,
    "TOKEN=BIAS": ValueKind.AT_FILE,
    "MODEL": ValueKind.MODEL,
    "PROFILE": ValueKind.PROFILE,
}

METAVAR_CHOICES = {
    "FORMAT": tuple(infill_formats.BY_NAME),
    "REASON": FINISH_REASONS,
    "FIELD": tuple(field.name for field in FIELDS),
    "SETTING": tuple(setting.field.name for setting in SETTINGS),
}


class TyperParameterLike(Protocol):
    """The attributes used of a Typer option or argument; only options have `multiple` and those below it."""

    param_type_name: str
    name: str
    opts: list[str]
    secondary_opts: list[str]
    metavar: str | None
    help: str | None
    nargs: int
    multiple: bool
    is_flag: bool
    rich_help_panel: str | None


class TyperCommandLike(Protocol):
    """The attributes used of a Typer command; groups also have `commands`."""

    help: str | None
    hidden: bool
    context_settings: Any
    context_class: Any

    def get_params(self, ctx: Any, /) -> Sequence[Any]:
        """Return all options and arguments, including --help."""
        ...


def read_tree(source: TyperCommandLike, name: str, parent: Any = None) -> Command:
    """Return the tree of `source`, the command called `name`, such as `nbx config`.

    `parent` is the context of the command above it, whose settings it inherits. Raises ValueError for unsafe
    names.
    """
    return _command(source, tuple(map(_plain, name.split())), parent)


def _command(source: TyperCommandLike, path: tuple[str, ...], parent: Any) -> Command:
    context = source.context_class(source, info_name=path[-1], parent=parent, **source.context_settings)
    parameters: list[TyperParameterLike] = [
        p for p in source.get_params(context) if not getattr(p, "hidden", False)
    ]
    below: Mapping[str, TyperCommandLike] = getattr(source, "commands", {})
    help_text = inspect.cleandoc(source.help or "")
    subcommands = tuple(
        _command(command, (*path, _plain(name)), context)
        for name, command in below.items()
        if not command.hidden
    )
    flags = tuple(_flag(p) for p in parameters if p.param_type_name == "option")
    # A group with a default command also accepts the flags and operands of that command.
    default = getattr(source, "default_command", "")
    defaults = [command for command in subcommands if command.path[-1] == default]
    implied = (flag for command in defaults for flag in command.flags)
    own = {flag.long for flag in flags}
    arguments = [_argument(p) for p in parameters if p.param_type_name == "argument"]
    arguments += [argument for command in defaults for argument in command.arguments]
    return Command(
        path,
        summary=_one_line(help_text.split("\n\n")[0]),
        help=help_text,
        flags=flags + tuple(flag for flag in implied if flag.long not in own),
        arguments=tuple(arguments),
        subcommands=subcommands,
        default=default,
    )


def _flag(option: TyperParameterLike) -> Flag:
    metavar = "" if option.is_flag else option.metavar or "VALUE"
    values, choices = _value_kind(metavar)
    return Flag(
        names=tuple(sorted((_plain(name) for name in option.opts), key=_shortest_first)),
        negations=tuple(sorted((_plain(name) for name in option.secondary_opts), key=_shortest_first)),
        metavar=metavar,
        help=_one_line(option.help or ""),
        values=values,
        choices=choices,
        repeatable=bool(option.multiple),
        panel=option.rich_help_panel or "Options",
    )


def _argument(argument: TyperParameterLike) -> Argument:
    metavar = (argument.metavar or argument.name.upper()).removesuffix("...")
    values, choices = _value_kind(metavar)
    return Argument(metavar, _one_line(argument.help or ""), values, choices, repeatable=argument.nargs == -1)


def _value_kind(metavar: str) -> tuple[ValueKind, tuple[str, ...]]:
    words = tuple(_plain(word) for word in metavar.split("|") if metavar)
    choices = METAVAR_CHOICES.get(metavar, words if len(words) > 1 else ())
    return ValueKind.CHOICES if choices else METAVAR_KINDS.get(metavar, ValueKind.NOTHING), choices


def _shortest_first(name: str) -> bool:
    return name.startswith("--")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _plain(word: str) -> str:
    if not _PLAIN.fullmatch(word):
        raise ValueError(f"{word!r} would have to be quoted in a completion script; choose a plainer word")
    return word
