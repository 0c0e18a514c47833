"""Lays out the help of a command as text: usage, examples, operands, flags by group, subcommands."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from nebius_cli.command_tree.commands_as_data import Command, Flag

MAX_COLUMNS = 100  # longer lines are hard to read
MIN_TWO_COLUMNS = 60  # in a narrower window, a description is below its flag
MAX_FLAG_COLUMNS = 30  # a longer flag has its description on the next line
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"  # removed from output without colour

EVERYDAY = "Common flags"
_WORDS = re.compile(r"""(?:"[^"]*"|'[^']*'|\\.|\S)+""")  # words of a command line; a quoted text is one word

Row = tuple[str, str]


def page(command: Command, columns: int, everyday: Sequence[str] = (), *, complete: bool = False) -> str:
    """Return the help of a command, in lines of at most `columns`, unless a word is longer.

    If the command has `everyday` flags, only these are described and the others are listed by name, unless
    the page is `complete`.
    """
    columns = min(columns, MAX_COLUMNS)
    parts = [_usage(command, columns), *(_paragraph(text, columns) for text in command.help.split("\n\n"))]
    if command.subcommands:
        below = [(one.path[-1], one.summary) for one in command.subcommands]
        parts += _section("Commands", below, columns)
    else:
        operands = [(_operand(a.metavar, repeat=a.repeatable), a.help) for a in command.arguments]
        parts += _section("Arguments", operands, columns)
    flags = _everyday_flags if everyday and not complete else _all_flags
    parts += flags(command, columns, everyday)
    return "\n\n".join(filter(None, parts))


def _usage(command: Command, columns: int) -> str:
    operands = [f"[{_operand(a.metavar, repeat=a.repeatable)}]" for a in command.arguments]
    words = ["[OPTIONS]", *(["COMMAND", "[ARGS]..."] if command.subcommands else operands)]
    return _filled(" ".join([command.name, *words]), columns, "Usage: ")


def _operand(metavar: str, *, repeat: bool) -> str:
    return f"{metavar}..." if repeat else metavar


def _paragraph(text: str, columns: int) -> str:
    """Return a paragraph; a backspace character at its start keeps the line breaks."""
    if not text.startswith("\b"):
        return _filled(" ".join(text.split()), columns)
    title, *lines = text.removeprefix("\b").strip("\n").split("\n")
    shown = (wrapped for line in lines for wrapped in _command_line(line.strip(), columns - 2))
    return "\n".join([f"{BOLD}{title}{PLAIN}", *(f"  {line}" for line in shown)])


def _command_line(line: str, columns: int) -> Iterator[str]:
    """Yield a command line in lines that fit; backslashes join them again when they are pasted."""
    piece = ""
    for word in _WORDS.findall(line):
        if piece and len(piece) + 1 + len(word) > columns - 2:
            yield f"{piece} \\"
            piece = f"  {word}"
        else:
            piece = f"{piece} {word}" if piece else word
    yield piece if len(line) > columns else line


def _all_flags(command: Command, columns: int, everyday: Sequence[str]) -> Iterator[str]:
    """Yield every flag with its description, by group."""
    # A group with a default command accepts its flags, but only that command's help describes them.
    flags = [flag for flag in command.flags if not command.default or flag.panel == "Options"]
    panels = {flag.panel: [f for f in flags if f.panel == flag.panel] for flag in flags}
    if everyday:
        panels = {EVERYDAY: _chosen(command, everyday)} | {
            panel: [f for f in listed if f.long not in everyday] for panel, listed in panels.items()
        }
    for panel, listed in panels.items():
        yield from _section(panel, [(_spelled(flag), flag.help) for flag in listed], columns)


def _everyday_flags(command: Command, columns: int, everyday: Sequence[str]) -> Iterator[str]:
    """Yield the everyday flags with their descriptions, then the names of the others by group."""
    yield from _section(
        EVERYDAY, [(_spelled(flag), flag.help) for flag in _chosen(command, everyday)], columns
    )
    others: dict[str, list[str]] = {}
    for flag in command.flags:
        if flag.long not in everyday:
            panel = "Help" if flag.panel == "Options" else flag.panel
            others.setdefault(panel, []).append("/".join((*flag.names, *flag.negations)))
    rows = [(panel, ", ".join(names)) for panel, names in others.items()]
    yield from _section(f"Other flags ({command.name} --help-all describes them)", rows, columns)


def _chosen(command: Command, everyday: Sequence[str]) -> list[Flag]:
    by_name = {flag.long: flag for flag in command.flags}
    return [by_name[name] for name in everyday]


def _spelled(flag: Flag) -> str:
    value = f" {flag.metavar}" if flag.takes_value else ""
    names = " / ".join(", ".join(group) for group in (flag.names, flag.negations) if group) + value
    return names if not names.startswith("--") else f"    {names}"


def _section(title: str, rows: Sequence[Row], columns: int) -> Iterator[str]:
    """Yield a heading with its rows, or nothing if there are none."""
    if rows:
        heading = _filled(f"{title}:", columns)
        yield "\n".join([f"{BOLD}{heading}{PLAIN}", *_listed(rows, columns)])


def _listed(rows: Sequence[Row], columns: int) -> Iterator[str]:
    widths = [len(first) for first, _ in rows if len(first) <= MAX_FLAG_COLUMNS]
    left = 6 if columns < MIN_TWO_COLUMNS else 4 + max(widths, default=4)
    for first, second in rows:
        beside = len(first) + 4 <= left
        if not beside:
            yield from _wrapped_flag(first if columns >= MIN_TWO_COLUMNS else first.strip(), columns)
        start = f"  {first}".ljust(left) if beside else " " * left
        yield _filled(second, columns, start, " " * left)


def _wrapped_flag(flag: str, columns: int) -> Iterable[str]:
    """Return a flag in lines that fit; a list of choices may be broken after each `|`."""
    if len(flag) + 2 <= columns:
        return [f"  {flag}"]
    words = flag.replace("|", "| ")
    return [line.replace("| ", "|") for line in _filled(words, columns, "  ", "    ").split("\n")]


def _filled(text: str, columns: int, first: str = "", rest: str | None = None) -> str:
    return textwrap.fill(
        text,
        columns,
        initial_indent=first,
        subsequent_indent=" " * len(first) if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
