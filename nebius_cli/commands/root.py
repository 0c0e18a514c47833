"""Builds the command tree: the shared flags, and every command in help order."""

import inspect
from importlib import import_module
from typing import Any

import typer

from nebius_cli.commands.declare_command import Group
from nebius_cli.commands.shared_flags import SHARED
from nebius_cli.commands.typer_parameters import Parameter, parameter
from nebius_cli.core.errors_and_exit_codes import ExitCode, Interrupted, UsageError

HELP = """Raw text completion with Nebius Token Factory or a model on this machine.

\b
Examples:
  nbx complete --local "The capital of France is" --max-tokens 8
  nbx auth login
  nbx complete -m MODEL "def fibonacci(n):" --stop $'\\n\\n'
  echo "Once upon a time" | nbx complete -s

nbx COMMAND --help has examples and all flags of a command. --local needs no API key; nbx auth login stores
the one for Token Factory.

\b
The API:
https://docs.tokenfactory.nebius.com/api-reference/inference/create-completion
"""

# Commands in help order → the module that declares each, and the modules that declare its subcommands.
MODULES = {
    "complete": ("complete",),
    "bulk": ("bulk", "bulk_merge", "bulk_export"),
    "view": ("view",),
    "score": ("score",),
    "rank": ("score",),
    "auth": ("auth",),
    "usage": ("usage",),
    "history": ("history",),
    "config": ("config",),
    "profile": ("profile",),
    "models": ("models",),
    "local": ("local",),
    "doctor": ("doctor",),
    "completion": ("completion",),
}

NEED_ALL = ("completion",)  # commands that need the whole tree

# Groups that show their help if no command is given.
GROUPS = ("", "auth", "completion", "config", "local", "profile")


class Root(Group):
    """The commands in help order; Typer would list groups after all other commands."""

    def __init__(self, *, commands: dict[str, Any], **settings: Any) -> None:
        in_order = {name: commands[name] for name in MODULES if name in commands}
        super().__init__(commands=in_order, **settings)


def build(columns: int = 80, only: str = "") -> typer.Typer:
    """Return the command tree, whose help is at most `columns` wide.

    `only` builds one command and its subcommands, which saves a tenth of the start-up time.
    """
    root = typer.Typer(
        cls=Root,
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "terminal_width": columns},
    )

    def callback(ctx: typer.Context, **flags: Any) -> None:
        flags.pop("version")
        ctx.obj.remember(flags)

    eager = typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    version = parameter("version", bool, eager, False)
    context = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    callback.__signature__ = inspect.Signature([context, version, *SHARED])  # type: ignore[attr-defined]
    root.callback(help=HELP)(callback)
    for first, *below in [MODULES[only]] if only else dict.fromkeys(MODULES.values()):
        group = import_module(f"nebius_cli.commands.{first}").add_to(root)
        for name in below:
            import_module(f"nebius_cli.commands.{name}").add_to(group)
    return root


def _version(ctx: typer.Context, *, wanted: bool) -> None:
    if wanted:
        ctx.obj.version()
        raise typer.Exit


def run(argv: list[str], invocation: Any, columns: int) -> ExitCode:
    """Parse `argv` and run the command; help is at most `columns` wide.

    `invocation` comes from main, and makes the App when the shared flags are known. Raises UsageError for a
    wrong command line.
    """
    only = argv[0] if argv and argv[0] in MODULES and argv[0] not in NEED_ALL else ""
    root = build(columns, only)
    try:
        code = root(
            args=[*argv, "--help"] if " ".join(argv) in GROUPS else argv,
            prog_name="nbx",
            obj=invocation,
            standalone_mode=False,
        )
    except (typer.TyperException, UsageError) as error:
        from nebius_cli.commands.command_line_errors import to_usage_error

        raise to_usage_error(error, argv, root) from None
    if code == ExitCode.INTERRUPTED:  # Typer returns it after a KeyboardInterrupt
        raise Interrupted
    return code if isinstance(code, ExitCode) else ExitCode.DONE  # --help and --version return 0
