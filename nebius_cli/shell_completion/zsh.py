"""Generates the completion script for zsh, `completions/_nbx`, which uses zsh's `_arguments`."""

from collections.abc import Iterator

from nebius_cli.command_tree.commands_as_data import Argument, Command, Flag, ValueKind
from nebius_cli.shell_completion.bash import PROFILE_NAME_SED

HEAD = """#compdef nbx
# nbx completion for zsh: put this file into a directory of $fpath, or source it after compinit.
# Made by `python -m nebius_cli.gen --write`; do not edit. Completion does not start Python or nbx.

# A value, or @ and the name of a file that contains it.
_nbx_at_file() {
    if compset -P @; then
        _files
    else
        _message "$1, or @file"
    fi
}

# The id of a model that `nbx models` listed last. The file is read, never executed; lines with
# characters that are special in a shell are left out.
_nbx_model_ids() {
    local folder expl
    local -a places ids
    places=($HOME/.cache/nbx $HOME/Library/Caches/nbx $LOCALAPPDATA/nbx/Cache)
    [[ $XDG_CACHE_HOME == /* ]] && places=($XDG_CACHE_HOME/nbx)
    [[ -n $NBX_CACHE_DIR ]] && places=($NBX_CACHE_DIR)
    for folder in $places; do
        [[ -f $folder/models/ids.txt && -r $folder/models/ids.txt ]] || continue
        ids=("${(@f)$(<$folder/models/ids.txt)}")
        ids=(${(M)${ids:#*[^A-Za-z0-9._/:@+-]*}:#[A-Za-z0-9]*})
        break
    done
    if (( $#ids )); then
        _wanted models expl model compadd -a ids
    else
        _message 'model, as listed by nbx models'
    fi
}

# The name of a profile in the config file. The shell sees no other text of that file.
_nbx_profile_names() {
    local folder expl
    local -a places names
    places=($HOME/.config/nbx "$HOME/Library/Application Support/nbx" $LOCALAPPDATA/nbx)
    [[ $XDG_CONFIG_HOME == /* ]] && places=($XDG_CONFIG_HOME/nbx)
    [[ -n $NBX_CONFIG_DIR ]] && places=($NBX_CONFIG_DIR)
    for folder in $places; do
        [[ -f $folder/config.toml && -r $folder/config.toml ]] || continue
        names=($(sed -n '@PROFILE@' $folder/config.toml))
        break
    done
    if (( $#names )); then
        _wanted profiles expl profile compadd -a names
    else
        _message 'profile, as listed by nbx profile list'
    fi
}

# An operand without completions. If the word begins with -, a message would prevent completing a flag.
_nbx_operand() {
    [[ $PREFIX == -* ]] || _message "$1"
}
"""

TAIL = """
# If autoloaded, this file is the body of _nbx; if sourced, it defines _nbx.
if [[ $funcstack[1] == _nbx ]]; then
    _nbx "$@"
else
    compdef _nbx nbx
fi
"""


def script(root: Command) -> str:
    """Return the script for the command tree `root`."""
    head = HEAD.replace("@PROFILE@", PROFILE_NAME_SED)
    return head + "".join(_function(command) for command in root.walk()) + TAIL


def _function(command: Command) -> str:
    flags = [line for flag in command.flags for line in _flag(flag)]
    if not command.subcommands:
        specs = [*flags, *_arguments(command)]
        return f"\n{_name(command)}() {{\n    _arguments -s -S : {_lines(specs)}\n}}\n"
    described = [
        _quoted(_colons(below.path[-1]) + ":" + _escaped(below.summary)) for below in command.subcommands
    ]
    branches = [f"        {below.path[-1]}) {_name(below)} && found=0 ;;" for below in command.subcommands]
    branches += [
        f"        *) {_name(c)} && found=0 ;;" for c in command.subcommands if c.path[-1] == command.default
    ]
    specs = [*flags, "'1: :->command'", "'*:: :->rest'"]
    files = ["_files"] if command.arguments[:1] and command.arguments[0].values is ValueKind.FILE else []
    return "\n".join(
        [
            f"\n{_name(command)}() {{",
            "    local curcontext=$curcontext state line found=1",
            "    typeset -A opt_args",
            "    local -a commands",
            "    commands=(",
            *(f"        {line}" for line in described),
            "    )",
            f"    _arguments -C -s -S -A '-*' : {_lines(specs)} && found=0",
            "    case $state in",
            "    command)",
            "        _describe -t commands command commands && found=0",
            *(f"        {line} && found=0" for line in files),
            "        ;;",
            "    rest)",
            "        curcontext=${curcontext%:*:*}:" + "-".join(command.path) + "-$words[1]:",
            "        case $words[1] in",
            *branches,
            "        esac",
            "        ;;",
            "    esac",
            "    return found",
            "}\n",
        ]
    )


def _flag(flag: Flag) -> Iterator[str]:
    """Yield a spec for each spelling; one excludes the others unless the flag may be repeated."""
    names = [name for name, _ in flag.spellings]
    others = "*" if flag.repeatable else f"({' '.join(names)})" if len(names) > 1 else ""
    for name, help_text in flag.spellings:
        value = ""
        if flag.takes_value:
            # `=`: the value follows an equals sign or is the next word; `+`: in the same or the next word.
            value = ("=" if name.startswith("--") else "+") + f"[{_brackets(help_text)}]" + _value_spec(flag)
        yield _quoted(others + name + (value or f"[{_brackets(help_text)}]"))


def _arguments(command: Command) -> Iterator[str]:
    for number, argument in enumerate(command.arguments, 1):
        nothing = f":{_colons(argument.metavar)}:{{_nbx_operand {_colons(argument.metavar)}}}"
        spec = nothing if argument.values is ValueKind.NOTHING else _value_spec(argument)
        yield _quoted(("*" if argument.repeatable else str(number)) + spec)


def _value_spec(taker: Flag | Argument) -> str:
    message = _colons(taker.long[2:] if isinstance(taker, Flag) and taker.choices else taker.metavar)
    match taker.values:
        case ValueKind.CHOICES:
            return f":{message}:({' '.join(_colons(choice) for choice in taker.choices)})"
        case ValueKind.FILE:
            return f":{message}:_files"
        case ValueKind.DIRECTORY:
            return f":{message}:_path_files -/"
        case ValueKind.AT_FILE:
            return f":{message}:{{_nbx_at_file {message}}}"
        case ValueKind.MODEL:
            return f":{message}:_nbx_model_ids"
        case ValueKind.PROFILE:
            return f":{message}:_nbx_profile_names"
        case ValueKind.NOTHING:
            return f":{message}: "


def _name(command: Command) -> str:
    return "_" + "_".join(command.path).replace("-", "_")


def _lines(words: list[str]) -> str:
    return "".join(f"\\\n        {word} " for word in words).rstrip()


def _brackets(text: str) -> str:
    """Escape the characters that would end the description of a flag."""
    return _colons(text).replace("[", "\\[").replace("]", "\\]")


def _colons(text: str) -> str:
    return _escaped(text).replace(":", "\\:")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
