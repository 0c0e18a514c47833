"""Generates the completion script for fish, `completions/nbx.fish`."""

from collections.abc import Iterator

from nebius_cli.command_tree.commands_as_data import Argument, Command, Flag, ValueKind

HEAD = r"""# nbx completion for fish 3.0 and later.
# Made by `python -m nebius_cli.gen --write`; do not edit. Completion does not start Python or nbx.

# True if the command line is at the command path $argv[1], and its next operand is number $argv[2].
function __nbx_at
    set -l commands @COMMANDS@
    set -l valued @VALUED@
    set -l path nbx
    set -l operand 1
    set -l ended no
    set -l skip no
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        if test $skip = yes
            set skip no
        else if test $ended = no -a "$word" = --
            set ended yes
        else if test $ended = no; and string match -qr '^--' -- $word
            contains -- "$path $word" $valued; and set skip yes
        else if test $ended = no; and string match -qr '^-.' -- $word
            # Short flags may be combined; the first that takes a value takes the rest of the word.
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for index in (seq (count $letters))
                if contains -- "$path -$letters[$index]" $valued
                    test $index -eq (count $letters); and set skip yes
                    break
                end
            end
        else if contains -- "$path $word" $commands
            set path "$path $word"
            set operand 1
            set ended no
        else
            set operand (math $operand + 1)
        end
    end
    test "$path" = "$argv[1]"; and begin
        test (count $argv) -lt 2; or test $operand -eq "$argv[2]"
    end
end

# Files after an @, for a value that is given directly or read from a file.
function __nbx_at_file
    set -l typed (string match -r '^(?:--[^=]*=)?@(.*)' -- (commandline -ct))[2]
    or return
    for path in $typed*
        test -d $path; and set path $path/
        echo @$path
    end
end

# The ids of the models that `nbx models` listed last. The file is read, never executed; lines with
# characters that are special in a shell are left out.
function __nbx_models
    set -l places ~/.cache/nbx ~/Library/Caches/nbx $LOCALAPPDATA/nbx/Cache
    string match -q '/*' -- "$XDG_CACHE_HOME"; and set places $XDG_CACHE_HOME/nbx
    test -n "$NBX_CACHE_DIR"; and set places $NBX_CACHE_DIR
    for folder in $places
        test -f $folder/models/ids.txt -a -r $folder/models/ids.txt; or continue
        string match -r '^[A-Za-z0-9][A-Za-z0-9._/:@+-]*$' < $folder/models/ids.txt
        return
    end
end

# The names of the profiles in the config file.
function __nbx_profile_names
    set -l places ~/.config/nbx "$HOME/Library/Application Support/nbx" $LOCALAPPDATA/nbx
    string match -q '/*' -- "$XDG_CONFIG_HOME"; and set places $XDG_CONFIG_HOME/nbx
    test -n "$NBX_CONFIG_DIR"; and set places $NBX_CONFIG_DIR
    for folder in $places
        test -f $folder/config.toml -a -r $folder/config.toml; or continue
        set -l heading '^\s*\[profile\.([A-Za-z0-9_][A-Za-z0-9_-]*)\]\s*(#.*)?$'
        string replace -fr $heading '$1' < $folder/config.toml
        return
    end
end

complete -c nbx -f
"""


def script(root: Command) -> str:
    """Return the script for the command tree `root`."""
    commands = [_quoted(below.name) for command in root.walk() for below in command.subcommands]
    valued = [
        _quoted(f"{command.name} {name}")
        for command in root.walk()
        for flag in command.flags
        if flag.takes_value
        for name in flag.names
    ]
    head = HEAD.replace("@COMMANDS@", _lines(commands)).replace("@VALUED@", _lines(valued))
    return head + "".join(_section(command) for command in root.walk())


def _section(command: Command) -> str:
    lines = [
        f"complete -c nbx -n {_at(command.name, 1)} -a {below.path[-1]} -d {_quoted(below.summary)}"
        for below in command.subcommands
    ]
    lines += [line for flag in command.flags for line in _flag(command, flag)]
    lines += _arguments(command)
    return f"\n# {command.name}\n" + "".join(f"{line}\n" for line in lines)


def _flag(command: Command, flag: Flag) -> Iterator[str]:
    start = f"complete -c nbx -n {_at(command.name)}"
    value = f" {_value_switches(flag)}" if flag.takes_value else ""
    yield f"{start} {_spelled(flag.names)}{value} -d {_quoted(flag.help)}"
    if flag.negations:
        yield f"{start} {_spelled(flag.negations)} -d {_quoted(flag.negation_help)}"


def _spelled(names: tuple[str, ...]) -> str:
    return " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in names)


def _arguments(command: Command) -> Iterator[str]:
    for number, argument in enumerate(command.arguments, 1):
        if argument.values is not ValueKind.NOTHING:
            at = _at(command.name) if argument.repeatable else _at(command.name, number)
            yield f"complete -c nbx -n {at} {_value_switches(argument)} -d {_quoted(argument.metavar)}"


def _value_switches(taker: Flag | Argument) -> str:
    """Return the switches for a value: -r requires one, -F offers files, -x requires one without files."""
    match taker.values:
        case ValueKind.CHOICES:
            return f"-x -a {_quoted(' '.join(taker.choices))}"
        case ValueKind.FILE:
            return "-r -F"
        case ValueKind.DIRECTORY:
            return "-x -a '(__fish_complete_directories)'"
        case ValueKind.AT_FILE:
            return "-x -a '(__nbx_at_file)'"
        case ValueKind.MODEL:
            return "-x -a '(__nbx_models)'"
        case ValueKind.PROFILE:
            return "-x -a '(__nbx_profile_names)'"
        case ValueKind.NOTHING:
            return "-x"


def _at(path: str, operand: int = 0) -> str:
    return _quoted(f'__nbx_at "{path}"' + (f" {operand}" if operand else ""))


def _lines(words: list[str]) -> str:
    return "".join(f" \\\n        {word}" for word in words).lstrip()


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
