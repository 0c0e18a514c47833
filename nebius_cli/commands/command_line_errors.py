"""Turns the parser's errors into ours, with a hint at what was probably meant."""

import re
from typing import Any

import typer

from nebius_cli.core.errors import UsageError
from nebius_cli.core.suggest import nearest

# What vLLM and llama.cpp read at the top level of the body; the API reference does not list it.
ENGINE_PARAMS = ("seed", "top_k", "min_p", "repetition_penalty", "min_tokens", "ignore_eos", "guided_json")

# What these flags are called in other programs.
USUAL = {"help": "--help", "version": "--version", "-V": "--version"}

# Commands whose operands are texts, which may begin with a dash.
TEXT_OPERANDS = {"complete": "prompt", "score": "text", "rank": "candidate", "search": "text"}
NO_FLAG = "no such flag:"
# A word that begins like a flag and has blanks where a flag has none.
_DASHED_TEXT = re.compile(r"-+[^=\s]*\s")


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


def usage_error(error: typer.TyperException, argv: list[str], tree: Any) -> UsageError:
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


def with_dashes_hint(error: UsageError, argv: list[str]) -> UsageError:
    """Return a usage error with the way to give a text that begins with a dash, if that may be its cause."""
    words = argv[: argv.index("--")] if "--" in argv else argv
    noun = next((TEXT_OPERANDS[word] for word in words if word in TEXT_OPERANDS), "")
    if noun and (error.what.startswith(NO_FLAG) or any(map(_DASHED_TEXT.match, words))):
        way = f"put -- before a {noun} that begins with -"
        error.hint = f"{way}; {error.hint}" if error.hint else way
    return error
