"""Hints name only flags that the command has, in every text of the package and in runs on real files."""

import ast
import json
import re
from pathlib import Path

import pytest
import typer

from nebius_cli.commands.declare_command import flags_of
from nebius_cli.commands.root import build
from nebius_cli.core import fit_hints_to_flags
from tests.support.run import Runner
from tests.support.sources import MODULES


def _leaves(command: object, path: str) -> dict[str, set[str]]:
    """Return the flags of a command and of all commands below it, by path."""
    below = getattr(command, "commands", {})
    found = {} if below else {path: flags_of(command)}
    for name, inner in below.items():
        found |= _leaves(inner, f"{path} {name}")
    default = getattr(command, "default_command", None)
    return {**found, path: found[f"{path} {default}"]} if default else found


COMMANDS = _leaves(typer.main.get_command(build()), "nbx")
EVERY = set().union(*COMMANDS.values())
MESSAGE = re.compile(r"\w*Error|warn|note")
HINT_NAME = re.compile(r"\w*(HINT\w*|hint|HOW|NO_VALIDATE)")


def _texts(module: str) -> list[str]:
    """Return the texts of a module's messages, with X for each value that is filled in."""
    found: list[ast.AST] = []
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            found += [*node.args, *node.keywords] if MESSAGE.fullmatch(name) else []
        elif isinstance(node, ast.Assign) and node.value:
            names = [getattr(target, "id", getattr(target, "attr", "")) for target in node.targets]
            found += [node.value] if any(map(HINT_NAME.fullmatch, names)) else []
    inner = [node for top in found for node in ast.walk(top)]
    parts = {id(value) for node in inner if isinstance(node, ast.JoinedStr) for value in node.values}
    texts = []
    for node in inner:
        if isinstance(node, ast.JoinedStr):
            texts.append("".join(str(v.value) if isinstance(v, ast.Constant) else "X" for v in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            texts.append(node.value)
    return [text for text in dict.fromkeys(texts) if "--" in text]


TEXTS = {(module, text) for module in MODULES for text in _texts(module)}


def test_every_flag_in_a_message_is_a_flag_of_some_command() -> None:
    assert len(TEXTS) > 100
    wrong = {(module, text): fit_hints_to_flags.flags_in(text) - EVERY for module, text in TEXTS}
    assert {place: flags for place, flags in wrong.items() if flags} == {}


def test_a_command_line_in_a_message_has_flags_of_its_command() -> None:
    wrong = []
    for module, text in sorted(TEXTS):
        for found in re.finditer(r"\bnbx((?: [a-z]+)+)([^,;]*)", text):
            words = found[1].split()
            paths = ("nbx " + " ".join(words[:count]) for count in range(len(words), 0, -1))
            path = next(filter(COMMANDS.__contains__, paths), "")
            flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", found[2].partition(" or ")[0]))
            if flags and not flags <= COMMANDS.get(path, set()):
                wrong.append((module, found[0], flags))
    assert wrong == []


def test_messages_of_an_action_name_only_flags_of_its_commands() -> None:
    for module, text in TEXTS:
        folder, _, name = module.partition(".")
        own = [flags for path, flags in COMMANDS.items() if path.split()[1:2] == [name.partition("_")[0]]]
        if folder == "actions" and own:
            assert fit_hints_to_flags.flags_in(text) <= set().union(*own), (module, text)


@pytest.mark.parametrize("path", COMMANDS)
def test_clauses_about_flags_that_a_command_lacks_are_removed_from_a_hint(path: str) -> None:
    for _, text in TEXTS:
        shown = fit_hints_to_flags.without_unknown_flags(text, COMMANDS[path])
        assert fit_hints_to_flags.flags_in(shown) <= COMMANDS[path]
        assert set(fit_hints_to_flags.clauses(shown)) - {""} <= set(fit_hints_to_flags.clauses(text))


FITTED = [
    ("--encoding NAME reads it; iconv converts it", "iconv converts it"),
    ("--json; --view", "--json"),
    ("--n N asks for N answers; --json", "--json"),
    ("nbx doctor --live checks it; --no-ledger goes without", "nbx doctor --live checks it"),
    ("to resume: nbx bulk a --template 'x; --y'", "to resume: nbx bulk a --template 'x; --y'"),
    (
        "to resume: nbx bulk 'it'\"'\"'s; --y' $'\\'; --z'",
        "to resume: nbx bulk 'it'\"'\"'s; --y' $'\\'; --z'",
    ),
    ("the user's own; --view; the server's", "the user's own; the server's"),
    ("an editor such as 'code --wait'", "an editor such as 'code --wait'"),
    ("--json-lines; a--b; ---", "a--b; ---"),
    ("", ""),
]


@pytest.mark.parametrize(("hint", "shown"), FITTED)
def test_a_clause_is_removed_together_with_its_flag(hint: str, shown: str) -> None:
    assert fit_hints_to_flags.without_unknown_flags(hint, {"--json"}) == shown


LATIN = "caf\xe9"
READERS = [
    ("view", "u16"),
    ("score", "-m", "m", "-f", "text"),
    ("score", "-m", "m", "--jsonl", "jsonl"),
    ("score", "-m", "m", "x", "--context-file", "text"),
    ("rank", "-m", "m", "--context-file", "text", "a", "b"),
    ("bulk", "run", "-m", "m", "jsonl", "--format", "jsonl"),
    ("bulk", "run", "-m", "m", "good", "--format", "jsonl", "--template-file", "text"),
    ("bulk", "export", "jsonl", "--text"),
    ("bulk", "merge", "jsonl"),
    ("complete", "-m", "m", "-f", "text"),
    ("complete", "-m", "m", "-f", "u16"),
    ("complete", "-m", "m", "--prompts", "zero"),
    ("complete", "-m", "m", "x", "--logit-bias", "@text"),
    ("complete", "-m", "m", "--tokens", "@text"),
    ("score", "-m", "m", "-f", "zero"),
    ("score", "-m", "m", "--max-tokens", "5", "x"),
    ("score", "-m", "m", "-f", "empty"),
]


@pytest.mark.parametrize("args", READERS, ids=" ".join)
def test_the_hint_for_an_unreadable_file_names_only_flags_of_the_command(
    nbx: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text").write_bytes(LATIN.encode("latin-1"))
    Path("u16").write_bytes(json.dumps({"choices": []}).encode("utf-16"))
    Path("jsonl").write_bytes(b'{"id":1,"text":"caf\xe9"}\n')
    Path("good").write_bytes(b'"a"\n')
    Path("zero").write_bytes(b"a\0b")
    Path("empty").write_bytes(b"")
    result = nbx(*args)
    assert result.code in (2, 65)
    path = "nbx " + " ".join(args[:2] if args[0] == "bulk" else args[:1])
    assert fit_hints_to_flags.flags_in(result.err.partition("\n")[2]) <= COMMANDS[path], result.err
    if "text" in args or "u16" in args:
        assert "iconv" in result.err or "--encoding" in result.err
