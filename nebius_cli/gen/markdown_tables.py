"""Generates the tables in README.md and docs/*.md from fields, settings, commands and modules."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from nebius_cli.command_tree.commands_as_data import Command, Flag
from nebius_cli.config.settings_table import SETTINGS, Setting
from nebius_cli.core.errors_and_exit_codes import ExitCode
from nebius_cli.request.field_table import FIELDS
from nebius_cli.request.infill_formats import FORMATS
from nebius_cli.request.parse_and_check_values import Field, Kind

KIND_LABELS = {
    Kind.TEXT: "text",
    Kind.INTEGER: "integer",
    Kind.NUMBER: "number",
    Kind.SECONDS: "number",
    Kind.BOOLEAN: "yes or no",
    Kind.CHOICE: "one of",
    Kind.TEXTS: "text, repeatable",
    Kind.BIASES: "`TOKEN=BIAS`, repeatable; JSON object or `@file`",
    Kind.OBJECT: "JSON object or `@file`",
}


def fields_table(_root: Command) -> str:
    """Return the table of request fields."""
    return _table(("Flag", "Request field", "Value", "Meaning"), (_field_row(field) for field in FIELDS))


def _field_row(field: Field) -> Sequence[str]:
    flags = [f"`{field.short}`"] if field.short else []
    flags.append(f"`{field.flag}`")
    if field.kind is Kind.BOOLEAN:
        flags.append(f"`{field.flag.replace('--', '--no-', 1)}`")
    wire = f"`{field.name}`" + (" (in the URL)" if field.in_query else "")
    return ", ".join(flags), wire, _value_words(field), _text(field.help)


def _value_words(field: Field) -> str:
    words = KIND_LABELS[field.kind]
    if field.choices:
        words += " " + ", ".join(f"`{choice}`" for choice in field.choices)
    return f"{words}, {field.bounds}" if field.bounds else words


def settings_table(_root: Command) -> str:
    """Return the table of settings that are not request fields or have an environment variable."""
    listed = [setting for setting in SETTINGS if setting.env or setting.field not in FIELDS]
    table = _table(("Setting", "Environment", "Default", "Meaning"), (_setting_row(s) for s in listed))
    return f"{table}\n\nEvery request field is also a setting with the same name: `temperature = 0.2`."


def _setting_row(setting: Setting) -> Sequence[str]:
    env = ", ".join(f"`{name}`" for name in setting.env)
    value = str(setting.default).lower() if isinstance(setting.default, bool) else setting.default
    default = "" if value is None else f"`{value}`"
    return f"`{setting.field.name}`", env, default, _text(setting.field.help)


def exit_codes_table(_root: Command) -> str:
    """Return the table of exit codes."""
    rows = ((str(int(code)), code.meaning.replace("|", "\\|")) for code in sorted(ExitCode))
    return _table(("Code", "Meaning"), rows)


def infill_formats_table(_root: Command) -> str:
    """Return the table of infill formats."""
    rows = (
        (f"`{one.name}`", one.family, _code(one.template), ", ".join(map(_code, one.stop)), one.source)
        for one in FORMATS
    )
    return _table(("Format", "Models", "Prompt", "Stop sequences", "Source"), rows)


def commands_reference(root: Command) -> str:
    """Return every command with its synopsis, help, operands, and flags by panel."""
    return "\n\n".join("\n\n".join(_command_parts(command)) for command in root.walk())


def modules_tables(purposes: Mapping[str, str]) -> str:
    """Return a table of modules for each folder; `purposes` maps paths to docstring lines."""
    folders: dict[str, list[Sequence[str]]] = {}
    for path, purpose in purposes.items():
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append((f"`{name}`", purpose.replace("|", "\\|")))
    return "\n\n".join(_table((f"`{folder}/`", "Purpose"), rows) for folder, rows in folders.items())


def _command_parts(command: Command) -> Iterable[str]:
    yield f"## {command.name}"
    yield f"```\n{synopsis(command)}\n```"
    yield from (_paragraph(part) for part in command.help.split("\n\n") if part.strip())
    if command.subcommands:
        rows = (
            (f"[`{c.path[-1]}`](#{c.name.replace(' ', '-')})", _text(c.summary)) for c in command.subcommands
        )
        yield _table(("Command", "Meaning"), rows)
    elif command.arguments:
        named = ((a.metavar.replace("|", "\\|"), a.help) for a in command.arguments)
        yield _table(("Operand", "Meaning"), ((f"`{name}`", _text(text)) for name, text in named))
    for panel in dict.fromkeys(flag.panel for flag in command.flags):
        rows = ((_spelled(flag), _text(flag.help)) for flag in command.flags if flag.panel == panel)
        yield _table((panel, "Meaning"), rows)


def synopsis(command: Command) -> str:
    """Return the synopsis of a command."""
    operands = [f"[{a.metavar}]" + ("..." if a.repeatable else "") for a in command.arguments]
    return " ".join([command.name, "[OPTIONS]", *(["COMMAND"] if command.subcommands else operands)])


def _spelled(flag: Flag) -> str:
    value = f" {flag.metavar}" if flag.takes_value else ""
    names = [*flag.names[:-1], flag.names[-1] + value, *flag.negations]
    return ", ".join(f"`{name}`" for name in names).replace("|", "\\|")


def _paragraph(text: str) -> str:
    """Return a paragraph of help; a backspace character at its start makes the lines a code block."""
    if not text.startswith("\b"):
        return _text(text)
    title, *lines = text.removeprefix("\b").strip("\n").split("\n")
    return f"{_text(title)}\n\n```sh\n" + "\n".join(line.strip() for line in lines) + "\n```"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _code(text: str) -> str:
    """Format a text in a table as code."""
    return "`" + text.replace("|", "\\|") + "`"


def _text(text: str) -> str:
    """Escape plain text for Markdown, on one line."""
    return re.sub(r"([\\`*<|\[\]])", r"\\\1", " ".join(text.split()))


BLOCKS: dict[str, Callable[[Command], str]] = {
    "fields": fields_table,
    "settings": settings_table,
    "exit-codes": exit_codes_table,
    "commands": commands_reference,
    "infill-formats": infill_formats_table,
}
TARGETS = (
    ("docs/configuration.md", "fields"),
    ("README.md", "exit-codes"),
    ("docs/configuration.md", "settings"),
    ("docs/reference.md", "commands"),
    ("docs/infill.md", "infill-formats"),
)
