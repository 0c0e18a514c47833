"""nbx.ps1, checked by a parser: PowerShell cannot be installed where these tests must run."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
import tree_sitter
import tree_sitter_powershell

from nebius_cli.command_tree.commands_as_data import Command
from nebius_cli.gen.__main__ import command_tree
from nebius_cli.shell_completion import powershell
from tests.shell_completion.shells import COMPLETIONS
from tests.shell_completion.special_characters_tree import HELP, TREE

SCRIPT = (COMPLETIONS / "nbx.ps1").read_text("utf-8")
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def nodes(script: str) -> Iterator[tree_sitter.Node]:
    """Yield every node of a script's syntax tree."""
    left = [PARSER.parse(script.encode()).root_node]
    while left:
        node = left.pop()
        yield node
        left.extend(node.children)


def strings(script: str) -> list[str]:
    """Return the values of a script's quoted strings."""
    quoted = (node.text or b"" for node in nodes(script) if node.type == "verbatim_string_characters")
    return [text.decode()[1:-1].replace("''", "'") for text in quoted]


def entries(script: str) -> Counter[tuple[str, str]]:
    """Return how often each command path and name is in the script's table."""
    return Counter(re.findall(r"New-Entry '([^']*)' '([^']*)'", script))


def expected(root: Command) -> Counter[tuple[str, str]]:
    """Return the expected entries of the table."""
    counted: Counter[tuple[str, str]] = Counter()
    for command in root.walk():
        counted.update((command.name, below.path[-1]) for below in command.subcommands)
        counted.update((command.name, name) for flag in command.flags for name, _ in flag.spellings)
        operands = enumerate(command.arguments, 1)
        counted.update((command.name, "*" if operand.repeatable else str(n)) for n, operand in operands)
    return counted


@pytest.mark.parametrize("script", [SCRIPT, powershell.script(TREE)], ids=["nbx", "awkward words"])
def test_the_script_has_no_syntax_errors(script: str) -> None:
    faults = [node for node in nodes(script) if node.is_error or node.is_missing]
    assert faults == []


def test_every_command_flag_and_operand_is_in_the_table_exactly_once() -> None:
    found = entries(SCRIPT)
    assert found == expected(command_tree())
    assert set(found.values()) == {1}


def test_help_with_special_characters_is_quoted_unchanged() -> None:
    found = strings(powershell.script(TREE))
    assert f"{HELP} --kind" in found
    assert f"{HELP} two-words" in found


def test_typographic_quotes_which_end_a_string_in_powershell_are_doubled() -> None:
    root = Command(("nbx",), "Say \u2018hello\u2019.", "", (), (), ())
    script = powershell.script(Command(("nbx",), "", "", (), (), (root,)))
    assert "'Say \u2018\u2018hello\u2019\u2019.'" in script


def test_the_script_is_ascii_so_that_it_works_with_every_code_page() -> None:
    assert SCRIPT.isascii()
