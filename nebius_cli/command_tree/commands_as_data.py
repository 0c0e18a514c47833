"""Describes the commands of nbx as plain data, from which scripts, man pages and docs are generated."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto


class ValueKind(Enum):
    """What TAB completes as the value of a flag or operand."""

    NOTHING = auto()
    CHOICES = auto()
    FILE = auto()
    DIRECTORY = auto()
    AT_FILE = auto()  # a literal value, or @ and a file name
    MODEL = auto()  # a model id, from the list that `nbx models` caches
    PROFILE = auto()  # the name of a profile in the config file


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag: its names and negations, short ones first, and the value it takes."""

    names: tuple[str, ...]
    negations: tuple[str, ...]
    metavar: str
    help: str
    values: ValueKind
    choices: tuple[str, ...]
    repeatable: bool
    panel: str

    @property
    def long(self) -> str:
        """The long name."""
        return next(name for name in self.names if name.startswith("--"))

    @property
    def takes_value(self) -> bool:
        """Whether a value follows."""
        return bool(self.metavar)

    @property
    def negation_help(self) -> str:
        """The help text of the negation."""
        return f"The opposite of {self.long}."

    @property
    def spellings(self) -> tuple[tuple[str, str], ...]:
        """Every name with its help text, negations last."""
        positive = tuple((name, self.help) for name in self.names)
        return positive + tuple((name, self.negation_help) for name in self.negations)


@dataclass(frozen=True, slots=True)
class Argument:
    """An operand of a command."""

    metavar: str
    help: str
    values: ValueKind
    choices: tuple[str, ...]
    repeatable: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its path from `nbx` on, its help, flags, operands and subcommands."""

    path: tuple[str, ...]
    summary: str
    help: str
    flags: tuple[Flag, ...]
    arguments: tuple[Argument, ...]
    subcommands: "tuple[Command, ...]"
    default: str = ""  # the subcommand that runs if none is named

    @property
    def name(self) -> str:
        """The path as typed, such as `nbx config set`."""
        return " ".join(self.path)

    def walk(self) -> "Iterator[Command]":
        """Yield this command and all its subcommands, in help order."""
        yield self
        for command in self.subcommands:
            yield from command.walk()
