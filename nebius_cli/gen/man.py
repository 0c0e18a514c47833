"""Generates a man page for each command from the command tree, in man(7) macros."""

from collections.abc import Iterable, Iterator

from nebius_cli import __version__
from nebius_cli.command_tree.commands_as_data import Command, Flag
from nebius_cli.config.settings_table import SETTINGS
from nebius_cli.core.errors_and_exit_codes import ExitCode
from nebius_cli.gen.markdown_tables import synopsis

FOLDER = "docs/man"
RELEASE_DATE = "2026-11-23"  # release date of __version__

# File name → the variable that sets its directory, the default base on Linux, and a description.
USER_FILES = {
    "config.toml": ("NBX_CONFIG_DIR", ".config", "Settings and profiles."),
    "ledger.db": ("NBX_DATA_DIR", ".local/share", "The usage ledger: tokens, time and cost of requests."),
    "weights": ("NBX_CACHE_DIR", ".cache", "Downloaded models; the cached model lists are beside it."),
}

# Characters with a meaning in roff, escaped. A plain hyphen would become a typographic one, which does not
# work when pasted into a shell.
_ESCAPES = str.maketrans(
    {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti", '"': "\\(dq"}
)


def pages(root: Command) -> dict[str, str]:
    """Return every page by its path in the repository."""
    return {f"{FOLDER}/{name(command)}.1": page(command, root) for command in root.walk()}


def name(command: Command) -> str:
    """Return the name of a page: `nbx-config-set` for `nbx config set`."""
    return "-".join(command.path)


def page(command: Command, root: Command) -> str:
    """Return the page of one command."""
    lines = [
        f'.TH "{name(command).upper()}" "1" "{RELEASE_DATE}" "nbx {__version__}" "User Commands"',
        ".SH NAME",
        f"{_text(name(command))} \\- {_text(command.summary.rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {_text(command.name)}",
        _text(synopsis(command).removeprefix(command.name).strip()),
        *_help(command),
        *_operands(command),
        *_options(command.flags),
        *_commands(command),
        ".SH EXIT STATUS",
        *_tagged((str(int(code)), code.meaning) for code in sorted(ExitCode)),
        *((*_environment(), *_files()) if command is root else ()),
        ".SH SEE ALSO",
        ",\n".join(f".BR {_text(other)} (1)" for other in _related(command, root)).replace("(1),", "(1) ,"),
    ]
    return "\n".join(lines) + "\n"


def _help(command: Command) -> Iterator[str]:
    """Yield the description; each paragraph of examples gets a section of its own."""
    _, *rest = command.help.split("\n\n")
    paragraphs = [part for part in rest if part.strip() and not part.startswith("\b")]
    yield ".SH DESCRIPTION"
    yield _text(command.summary)
    for part in paragraphs:
        yield ".PP"
        yield _text(part)
    for part in rest:
        if part.startswith("\b"):
            title, *lines = part.removeprefix("\b").strip("\n").split("\n")
            yield f".SH {_text(title.rstrip(':').upper())}"
            yield from (".nf", ".RS", *(_text(line.strip(), joined=False) for line in lines), ".RE", ".fi")


def _operands(command: Command) -> Iterator[str]:
    if command.arguments:
        yield ".SH OPERANDS"
        yield from _tagged((argument.metavar, argument.help) for argument in command.arguments)


def _options(flags: Iterable[Flag]) -> Iterator[str]:
    yield ".SH OPTIONS"
    by_panel: dict[str, list[Flag]] = {}
    for flag in flags:
        by_panel.setdefault(flag.panel, []).append(flag)
    for panel, listed in by_panel.items():
        if len(by_panel) > 1:
            yield f".SS {_text(panel)}"
        for flag in listed:
            names = ", ".join(f"\\fB{_text(spelled)}\\fR" for spelled in (*flag.names, *flag.negations))
            value = f" \\fI{_text(flag.metavar)}\\fR" if flag.takes_value else ""
            yield from (".TP", names + value, _text(flag.help))


def _commands(command: Command) -> Iterator[str]:
    if command.subcommands:
        yield ".SH COMMANDS"
        yield from _tagged((below.path[-1], below.summary) for below in command.subcommands)


def _environment() -> Iterator[str]:
    yield ".SH ENVIRONMENT"
    yield from _tagged((env, setting.field.help) for setting in SETTINGS for env in setting.env)
    yield from _tagged((env, f"The directory of {path}.") for path, (env, _, _) in USER_FILES.items())


def _files() -> Iterator[str]:
    yield ".SH FILES"
    yield from _tagged(
        (f"~/{base}/nbx/{path}", f"{what} Set {env} to use another directory.")
        for path, (env, base, what) in USER_FILES.items()
    )


def _related(command: Command, root: Command) -> list[str]:
    """Return the pages of the parent, sibling and child commands."""
    above = [other for other in root.walk() if command in other.subcommands]
    beside = [other for parent in above for other in parent.subcommands if other is not command]
    return [name(other) for other in (*above, *beside, *command.subcommands)]


def _tagged(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for tag, text in rows:
        yield from (".TP", f"\\fB{_text(tag)}\\fR", _text(text))


def _text(text: str, *, joined: bool = True) -> str:
    """Escape plain text for roff; `joined` puts it on one line."""
    escaped = (" ".join(text.split()) if joined else text).translate(_ESCAPES)
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
