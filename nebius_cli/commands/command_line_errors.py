"""Turns the parser's errors into UsageErrors, with a hint about what was probably meant."""

import re
from typing import Any

import typer

from nebius_cli.commands.declare_command import flags_of
from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.core.similar_names import nearest

# Members of the body that vLLM and llama.cpp read; the API reference does not list them.
ENGINE_PARAMS = ("seed", "top_k", "min_p", "repetition_penalty", "min_tokens", "ignore_eos", "guided_json")

# Names of commands in other programs → the command of nbx.
SYNONYMS = {
    **dict.fromkeys(("remove", "delete", "del", "uninstall"), "rm"),
    **dict.fromkeys(("create", "new"), "add"),
    **dict.fromkeys(("select", "switch", "choose"), "use"),
    **dict.fromkeys(("download", "fetch"), "pull"),
    **dict.fromkeys(("ls", "all"), "list"),
}

_SCORE = "nbx score computes perplexity and accuracy"
FOREIGN_COMMANDS = dict.fromkeys(("perplexity", "ppl", "eval", "evaluate", "logprobs"), _SCORE)

_NO_CHAT = "chat is not supported: write the instructions into the prompt"
_BUDGET = "nbx config set budget.daily USD limits the cost per day; nbx bulk has --max-cost"
_PICTURE_OF_SCORE = "save the output of --tokens --json, then run nbx view FILE"
_NO_PICTURE = "nbx complete --view and --export show the probabilities of tokens"
# Flags of other programs or commands → the hint, for commands whose path begins with the key.
FOREIGN_FLAGS = {
    "nbx complete": {
        "--template": "{stdin} in the prompt inserts stdin; for rows: nbx bulk FILE --template TEXT",
        "--prompt": 'the prompt needs no flag: nbx complete "PROMPT"',
        "--input": "--file FILE reads the prompt from a file",
        "--format": "did you mean --json?",
        "--jsonl": "did you mean --ndjson?",
        "--max-cost": _BUDGET,
        **dict.fromkeys(("--system", "--system-prompt", "--messages", "--chat", "--role"), _NO_CHAT),
    },
    "nbx bulk": {
        "--resume": "repeat the command to resume",
        "--input": "the input needs no flag: nbx bulk FILE",
    },
    "nbx score": dict.fromkeys(("--view", "--export", "--html"), _PICTURE_OF_SCORE),
    "nbx rank": {"--max-cost": _BUDGET, **dict.fromkeys(("--view", "--export", "--html"), _NO_PICTURE)},
}
# Names of flags in other programs → the flag of nbx, suggested if the command has it.
OTHER_NAMES = {
    "-t": "--temperature",
    "-c": "--concurrency",
    "-j": "--concurrency",
    "-p": "--profile",
    **dict.fromkeys(("--stop-sequence", "--stop-sequences"), "--stop"),
    **dict.fromkeys(("--prompt-file", "--from-file", "--input-file"), "--file"),
    **dict.fromkeys(("--server", "--url", "--api-base", "--base", "--endpoint", "--host"), "--base-url"),
    **dict.fromkeys(("--workers", "--jobs", "--parallel", "--threads"), "--concurrency"),
    **dict.fromkeys(("--out", "--output-file"), "--output"),
    **dict.fromkeys(("--num-predict", "--max-new-tokens", "--max-length"), "--max-tokens"),
}

# Words and flags of other programs → the flag of nbx.
WORDS_FOR_FLAGS = {"help": "--help", "version": "--version", "-V": "--version"}

# Commands whose operands are texts, which may begin with a dash.
TEXT_OPERANDS = {"complete": "prompt", "score": "text", "rank": "candidate", "search": "text"}
NO_FLAG = "no such flag:"
# A word that begins like a flag but has a blank, which a flag cannot have.
_DASHED_TEXT = re.compile(r"-+[^=\s]*\s")

_FLAG = re.compile(r"--[a-z][a-z0-9_-]*", re.ASCII)  # has several letters, so it is hardly a text


def _innermost(argv: list[str], tree: Any) -> tuple[str, Any]:
    """Return the innermost command that a command line names, and Typer's object for it."""
    path = "nbx"
    for word in argv:
        commands = getattr(tree, "commands", {})
        if word in commands:
            path, tree = f"{path} {word}", commands[word]
    return path, tree


def _group_hint(argv: list[str], tree: Any) -> str:
    """Return a hint for a subcommand that was typed without its group, else an empty text."""
    for word in argv:
        for name, group in tree.commands.items():
            if word in getattr(group, "commands", {}):
                return f"did you mean nbx {name} {word}?"
    return ""


def _typo_hint(argv: list[str], tree: Any) -> str:
    """Return a hint for a mistyped subcommand that was parsed as an operand of the default one."""
    path, group = _innermost(argv, tree)
    names = tuple(getattr(group, "commands", ()))
    words = (word for word in argv if not word.startswith("-") and word not in path.split())
    close = next(filter(None, (nearest(word, names) for word in words)), "")
    return f"did you mean {path} {close}?" if close else ""


def _word_hint(argv: list[str], tree: Any) -> str:
    """Return a hint for a word such as `help`, which is a flag in nbx."""
    flag = WORDS_FOR_FLAGS.get(argv[0]) if argv else None
    path = _innermost(argv[1:], tree)[0] if flag == "--help" else "nbx"
    return f"did you mean {path} {flag}?" if flag else ""


def _no_command(error: Any, argv: list[str], tree: Any) -> UsageError:
    """Return the error for a command that does not exist."""
    group = error.ctx.command
    path, names = error.ctx.command_path, tuple(group.commands)
    typed = next((word for word in argv if word not in path.split() and not word.startswith("-")), "")
    close = SYNONYMS.get(typed, "") if SYNONYMS.get(typed) in names else nearest(typed, names)
    why = f"did you mean {path} {close}?" if close else ""
    if path == "nbx":
        why = _word_hint(argv, tree) or _group_hint(argv, tree) or FOREIGN_COMMANDS.get(typed) or why
        if " " in typed.strip():
            why = f"to complete a prompt, run nbx complete {_quoted(typed)}"
    return UsageError(f"no such command: {typed}", why, f"{path} --help shows every command")


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text) if set('"$`\\!') & set(text) else f'"{text}"'


def to_usage_error(
    error: typer.TyperException | UsageError, argv: list[str], root: typer.Typer
) -> UsageError:
    """Return the error of a wrong command line as a UsageError, with a hint at what was probably meant."""
    tree = typer.main.get_command(root)
    if not isinstance(error, UsageError):
        error = usage_error(error, argv, tree)
    return with_dashes_hint(error, argv, tree)


def usage_error(error: typer.TyperException, argv: list[str], tree: Any) -> UsageError:
    """Return Typer's error as a UsageError, with a hint at what was probably meant."""
    context = getattr(error, "ctx", None)
    what = error.format_message()
    if what.startswith("No such command") and context:
        return _no_command(error, argv, tree)
    # The error for a flag without its value has no context.
    command, inner = (context.command_path, context.command) if context else _innermost(argv, tree)
    hint = f"{command} --help shows every {'command' if hasattr(inner, 'commands') else 'flag'}"
    typed = getattr(error, "option_name", "")
    if not hasattr(error, "possibilities"):  # only the error for an unknown flag has it
        if "unexpected extra argument" in what:
            extra = what.partition("(s) (" if "(s)" in what else " (")[2].rstrip(").")
            operands = [parameter for parameter in inner.params if parameter.param_type_name == "argument"]
            takes_text = any(operand.name == "text" for operand in operands)
            quote = "put quotes around a text that contains spaces" if takes_text else ""
            return UsageError(f"unexpected argument: {extra}", _typo_hint(argv, tree) or quote, hint)
        if typed and "requires an argument" in what:
            return UsageError(f"{typed} needs a value", "", hint)
        return UsageError(what[:1].lower() + what[1:].removesuffix("."), "", hint)
    name = typed.lstrip("-").replace("-", "_")
    if name in ENGINE_PARAMS:
        return UsageError(
            f"{NO_FLAG} {typed}", "it is a parameter of the engine, not of the API", f"--param {name}=VALUE"
        )
    return UsageError(
        f"{NO_FLAG} {typed}", _flag_hint(typed, command, context, tree, argv) or _word_hint(argv, tree), hint
    )


def _flag_hint(typed: str, command: str, context: Any, tree: Any, argv: list[str]) -> str:
    """Return a hint at what was meant by an unknown flag, empty if there is no good guess."""
    for path, foreign in FOREIGN_FLAGS.items():
        if command.startswith(path) and typed in foreign:
            return foreign[typed]
    inner, named = _innermost(argv, tree)
    if command != inner and typed in flags_of(named):
        return f"put {typed} after the command: {inner} {typed}"
    if command in ("nbx profile add", "nbx config set") and (name := _setting_of(typed)):
        return f"write {name}=VALUE" if command == "nbx profile add" else f"write {name} VALUE"
    options = [one for one in (context.command.params if context else []) if one.param_type_name == "option"]
    flags = [flag for option in options for flag in option.opts]
    if OTHER_NAMES.get(typed) in flags:
        return f"did you mean {OTHER_NAMES[typed]}?"
    for option in options:  # --html for --format html
        if (name := typed.removeprefix("--")) in (option.metavar or "").split("|"):
            return f"did you mean {option.opts[0]} {name}?"
    meant = [flag for flag in flags if len(typed) > 3 and flag.startswith(typed)]
    close = nearest(typed.lstrip("-"), [flag.lstrip("-") for flag in flags if flag.startswith("--")])
    meant = meant or ([f"--{close}"] if close else [])
    return f"did you mean {' or '.join(meant)}?" if meant else ""


def _setting_of(flag: str) -> str:
    """Return the name of the setting that a flag sets, else an empty text."""
    from nebius_cli.config.settings_table import SETTINGS

    return next((one.field.name for one in SETTINGS if flag in (one.field.flag, one.field.short)), "")


def with_dashes_hint(error: UsageError, argv: list[str], tree: Any) -> UsageError:
    """Return the error, with a hint how to pass a text that begins with a dash if that may be the cause."""
    words = argv[: argv.index("--")] if "--" in argv else argv
    noun = next((TEXT_OPERANDS[word] for word in words if word in TEXT_OPERANDS), "")
    unknown = error.what.startswith(NO_FLAG) and not error.why
    unknown = unknown and not _FLAG.fullmatch(error.what.removeprefix(NO_FLAG).strip())
    if noun and (unknown or any(map(_DASHED_TEXT.match, words))):
        way = f'put -- and the {noun} last: {_innermost(words, tree)[0]} [OPTIONS] -- "{noun.upper()}"'
        error.hint = f"{way}; {error.hint}" if error.hint else way
    return error
