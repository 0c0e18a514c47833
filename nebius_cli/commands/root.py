"""The command tree: the shared flags, and every command in help order."""

import inspect
import re
from importlib import import_module
from typing import Any, Protocol

import typer
from typer.core import TyperGroup

from nebius_cli.commands.options import SHARED, Parameter, parameter
from nebius_cli.core.errors import ExitCode, Interrupted, UsageError
from nebius_cli.core.suggest import nearest

HELP = """Raw text completion on Nebius Token Factory, from a shell.

\b
Examples:
  nbx complete --local "The capital of France is" --max-tokens 8
  nbx complete -m MODEL "def fibonacci(n):" --stop $'\\n\\n'
  echo "Once upon a time" | nbx complete

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

# Without a command, these show their help.
GROUPS = ("", "auth", "completion", "config", "local", "profile")

# What vLLM and llama.cpp read at the top level of the body; the API reference does not list it.
ENGINE_PARAMS = ("seed", "top_k", "min_p", "repetition_penalty", "min_tokens", "ignore_eos", "guided_json")

# What these flags are called in other programs.
USUAL = {"help": "--help", "version": "--version", "-V": "--version"}

# Commands whose operands are texts, which may begin with a dash.
TEXT_OPERANDS = {"complete": "prompt", "score": "text", "rank": "candidate", "search": "text"}
NO_FLAG = "no such flag:"
# A word that begins like a flag and has blanks where a flag has none.
_DASHED_TEXT = re.compile(r"-+[^=\s]*\s")

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Invocation(Protocol):
    """What `main` puts on the context: it makes the App when the shared flags are known."""

    def app(self, flags: dict[str, Any]) -> Any:
        """Return the App for these shared flags."""

    def remember(self, flags: dict[str, Any]) -> None:
        """Keep the shared flags that were given before the command."""

    def version(self) -> None:
        """Print the version."""


class Root(TyperGroup):
    """The commands in help order; Typer would list groups after all other commands."""

    def __init__(self, *, commands: dict[str, Any], **settings: Any) -> None:
        in_order = {name: commands[name] for name in MODULES if name in commands}
        super().__init__(commands=in_order, **settings)


def build(*, drawn: bool, only: str = "") -> typer.Typer:
    """Return the command tree; `drawn` if its help goes to a terminal.

    `only` builds one command and its subcommands, which saves a tenth of the start-up time.
    """
    root = typer.Typer(
        cls=Root,
        rich_markup_mode="rich" if drawn else None,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings=CONTEXT,
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


def _named(argv: list[str], tree: Any) -> tuple[str, Any]:
    """Return the innermost command that a command line names, and Typer's object for it."""
    path = "nbx"
    for word in argv:
        commands = getattr(tree, "commands", {})
        if word in commands:
            path, tree = f"{path} {word}", commands[word]
    return path, tree


def _elsewhere(argv: list[str], tree: Any) -> str:
    """Return a hint for a subcommand that was typed without its group, else nothing."""
    for word in argv:
        for name, group in tree.commands.items():
            if word in getattr(group, "commands", {}):
                return f"did you mean nbx {name} {word}?"
    return ""


def _mistyped(argv: list[str], tree: Any) -> str:
    """Return a hint for a mistyped subcommand that was taken for an operand of the default one."""
    path, group = _named(argv, tree)
    names = tuple(getattr(group, "commands", ()))
    words = (word for word in argv if not word.startswith("-") and word not in path.split())
    close = next(filter(None, (nearest(word, names) for word in words)), "")
    return f"did you mean {path} {close}?" if close else ""


def _usual(argv: list[str], tree: Any) -> str:
    """Return a hint for a word such as `help` that is a flag here."""
    flag = USUAL.get(argv[0]) if argv else None
    path = _named(argv[1:], tree)[0] if flag == "--help" else "nbx"
    return f"did you mean {path} {flag}?" if flag else ""


def _usage_error(error: typer.TyperException, argv: list[str], tree: Any) -> UsageError:
    """Return Typer's error as a UsageError, with a hint at what was probably meant."""
    context = getattr(error, "ctx", None)
    # The error for a flag without its value has no context.
    command, inner = (context.command_path, context.command) if context else _named(argv, tree)
    hint = f"{command} --help shows every {'command' if hasattr(inner, 'commands') else 'flag'}"
    typed = getattr(error, "option_name", "")
    if not hasattr(error, "possibilities"):  # only the error for an unknown flag has it
        what = error.format_message()
        why = _usual(argv, tree) or _elsewhere(argv, tree) if command == "nbx" else ""
        why = _mistyped(argv, tree) if "unexpected extra argument" in what else why
        return UsageError(what, why, hint)
    name = typed.lstrip("-").replace("-", "_")
    if name in ENGINE_PARAMS:
        return UsageError(
            f"{NO_FLAG} {typed}", "it is not in the API; engines read it", f"--param {name}=VALUE"
        )
    flags = [flag for parameter in context.command.params for flag in parameter.opts] if context else []
    meant = [flag for flag in flags if len(typed) > 3 and flag.startswith(typed)]
    close = nearest(typed.lstrip("-"), [flag.lstrip("-") for flag in flags])
    meant = meant or ([f"--{close}"] if close else [])
    why = f"did you mean {' or '.join(meant)}?" if meant else ""
    return UsageError(f"{NO_FLAG} {typed}", why or _usual(argv, tree), hint)


def _with_dashes(error: UsageError, argv: list[str]) -> UsageError:
    """Return a usage error with the way to give a text that begins with a dash, if that may be its cause."""
    words = argv[: argv.index("--")] if "--" in argv else argv
    noun = next((TEXT_OPERANDS[word] for word in words if word in TEXT_OPERANDS), "")
    if noun and (error.what.startswith(NO_FLAG) or any(map(_DASHED_TEXT.match, words))):
        way = f"put -- before a {noun} that begins with -"
        error.hint = f"{way}; {error.hint}" if error.hint else way
    return error


def run(argv: list[str], invocation: Invocation, *, drawn: bool) -> ExitCode:
    """Parse `argv` and run the command. Raises UsageError for a wrong command line."""
    only = argv[0] if argv and argv[0] in MODULES and argv[0] not in NEED_ALL else ""
    root = build(drawn=drawn, only=only)
    try:
        code = root(
            args=[*argv, "--help"] if " ".join(argv) in GROUPS else argv,
            prog_name="nbx",
            obj=invocation,
            standalone_mode=False,
        )
    except typer.TyperException as error:
        raise _with_dashes(_usage_error(error, argv, typer.main.get_command(root)), argv) from None
    except UsageError as error:
        raise _with_dashes(error, argv) from None
    if code == ExitCode.INTERRUPTED:  # what Typer makes of a KeyboardInterrupt
        raise Interrupted
    return code if isinstance(code, ExitCode) else ExitCode.DONE  # --help and --version leave early
