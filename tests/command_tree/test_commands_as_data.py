"""Reading Typer's commands into plain data."""

from typing import Annotated, Any

import pytest
import typer

from nebius_cli.command_tree.commands_as_data import Command, Flag, ValueKind
from nebius_cli.command_tree.read_typer_commands import read_tree
from nebius_cli.config.settings_table import SETTINGS
from nebius_cli.gen.__main__ import command_tree
from nebius_cli.request.field_table import FIELDS
from nebius_cli.request.parse_and_check_values import Field, Kind

NBX = command_tree()
BY_NAME = {command.name: command for command in NBX.walk()}


def flags_of(name: str) -> dict[str, Flag]:
    return {flag.long: flag for flag in BY_NAME[name].flags}


def tree_of(**options: Any) -> Command:
    """Return the tree of a program with one command, `do`, that has one option."""
    app = typer.Typer(add_completion=False)

    def do(flag: Annotated[str, typer.Option("--flag", **options)] = "") -> None:
        raise AssertionError(flag)

    app.callback()(lambda: None)
    app.command("do")(do)
    return read_tree(typer.main.get_command(app), "nbx")


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: str(field.name))
def test_every_request_field_is_a_flag_of_complete(field: Field) -> None:
    flag = flags_of("nbx complete")[field.flag]
    assert flag.takes_value == (field.kind is not Kind.BOOLEAN)
    assert flag.choices == field.choices


@pytest.mark.parametrize("command", BY_NAME.values(), ids=BY_NAME)
def test_no_spelling_belongs_to_two_flags(command: Command) -> None:
    spelled = [name for flag in command.flags for name, _ in flag.spellings]
    assert len(spelled) == len(set(spelled))


@pytest.mark.parametrize("command", BY_NAME.values(), ids=BY_NAME)
def test_every_command_flag_and_argument_has_a_description(command: Command) -> None:
    assert command.summary
    assert all(flag.help for flag in command.flags)
    assert all(argument.help for argument in command.arguments)


@pytest.mark.parametrize("command", BY_NAME.values(), ids=BY_NAME)
def test_every_command_has_help(command: Command) -> None:
    assert flags_of(command.name)["--help"].names == ("-h", "--help")


def test_a_flag_knows_its_spellings_its_negation_and_its_panel() -> None:
    newline, model = flags_of("nbx complete")["--newline"], flags_of("nbx complete")["--model"]
    assert newline.names == ("--newline",)
    assert newline.negations == ("-N", "--no-newline")
    assert not newline.takes_value
    assert model.names == ("-m", "--model")
    assert model.panel == "Request"
    assert not model.repeatable
    assert flags_of("nbx complete")["--stop"].repeatable


@pytest.mark.parametrize(
    ("command", "flag", "values"),
    [
        ("nbx complete", "--file", ValueKind.FILE),
        ("nbx complete", "--extra-body", ValueKind.AT_FILE),
        ("nbx complete", "--logit-bias", ValueKind.AT_FILE),
        ("nbx complete", "--service-tier", ValueKind.CHOICES),
        ("nbx complete", "--max-tokens", ValueKind.NOTHING),
        ("nbx complete", "--json", ValueKind.NOTHING),
        ("nbx", "--color", ValueKind.CHOICES),
    ],
)
def test_the_metavar_determines_what_tab_offers(command: str, flag: str, values: ValueKind) -> None:
    assert flags_of(command)[flag].values is values


def test_choices_are_taken_from_the_metavar_and_from_the_tables() -> None:
    assert flags_of("nbx")["--color"].choices == ("auto", "always", "never")
    assert flags_of("nbx complete")["--unset"].choices == tuple(field.name for field in FIELDS)
    (setting,) = BY_NAME["nbx config get"].arguments
    assert setting.choices == tuple(setting.field.name for setting in SETTINGS)


def test_an_operand_that_repeats_is_marked_as_repeatable() -> None:
    (prompt,) = BY_NAME["nbx complete"].arguments
    assert (prompt.metavar, prompt.repeatable) == ("PROMPT", True)


def test_hidden_flags_are_left_out() -> None:
    assert [flag.long for flag in tree_of(hidden=True).subcommands[0].flags] == ["--help"]


def test_a_word_that_a_shell_would_read_differently_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'b\*' would have to be quoted"):
        tree_of(metavar="a|b*")
