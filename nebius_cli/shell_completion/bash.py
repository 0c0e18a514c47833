"""Generates the completion script for bash, `completions/nbx.bash`.

It works in bash 3.2, which macOS ships, and without the bash-completion package. The data are `case`
branches, because bash 3.2 has no associative arrays.
"""

from collections.abc import Iterable

from nebius_cli.command_tree.commands_as_data import Argument, Command, Flag, ValueKind

# A sed command that prints the name in a line of the config file such as [profile.work].
PROFILE_NAME_SED = (
    r"s/^[[:space:]]*\[profile\.\([A-Za-z0-9_][A-Za-z0-9_-]*\)\][[:space:]]*\(#.*\)\{0,1\}$/\1/p"
)

SCRIPT = r"""# nbx completion for bash 3.2 and later.
# Made by `python -m nebius_cli.gen --write`; do not edit. Completion does not start Python or nbx.

# What may follow the command path $1: commands, flags, and which of the flags take a value.
_nbx_grammar() {
    commands='' flags='' valued=''
    case $1 in
@GRAMMAR@
    esac
}

# What completes the value of $2, a flag or the number of an operand, after the command path $1.
_nbx_values() {
    words='' files='' names=''
    case "$1 $2" in
@VALUES@
    esac
}

# Sets `typed` to the words up to the cursor. Bash also splits words at `=`, `:` and `@`; the white
# space in the line shows which pieces belong together.
_nbx_split() {
    local rest=${COMP_LINE:0:COMP_POINT} bare piece index
    typed=()
    for ((index = 0; index <= COMP_CWORD; index++)); do
        bare=${rest#"${rest%%[![:space:]]*}"}
        piece=${COMP_WORDS[index]}
        piece=${bare:0:${#piece}}
        if ((index)) && [[ -n $piece && $bare == "$rest" ]]; then
            typed[${#typed[@]}-1]+=$piece
        else
            typed[${#typed[@]}]=$piece
        fi
        rest=${bare:${#piece}}
    done
}

# Follows the words in front of the cursor: sets `path`, `operand` (the number of the next one), `ended`
# (-- was given), and `flag` if the next word is its value.
_nbx_follow() {
    local word letters index
    path=nbx operand=1 ended='' flag=''
    _nbx_grammar "$path"
    for ((index = 1; index < ${#typed[@]} - 1; index++)); do
        word=${typed[index]}
        if [[ -n $flag ]]; then
            flag=''
        elif [[ -z $ended && $word == -- ]]; then
            ended=1
        elif [[ -z $ended && $word == --* ]]; then
            [[ " $valued " == *" $word "* ]] && flag=$word
        elif [[ -z $ended && $word == -?* ]]; then
            letters=${word#-}
            while [[ -n $letters ]]; do
                if [[ " $valued " == *" -${letters:0:1} "* ]]; then
                    [[ ${#letters} -eq 1 ]] && flag=-$letters
                    break
                fi
                letters=${letters:1}
            done
        elif [[ " $commands " == *" $word "* ]]; then
            path="$path $word" operand=1 ended=
            _nbx_grammar "$path"
        else
            ((operand++))
        fi
    done
}

# Adds the ids of the models that `nbx models` listed last to `words`. The file is read, never executed;
# lines with characters that are special in a shell are left out.
_nbx_model_ids() {
    local folder id places=("$HOME/.cache/nbx" "$HOME/Library/Caches/nbx" "$LOCALAPPDATA/nbx/Cache")
    [[ $XDG_CACHE_HOME == /* ]] && places=("$XDG_CACHE_HOME/nbx")
    [[ -n $NBX_CACHE_DIR ]] && places=("$NBX_CACHE_DIR")
    for folder in "${places[@]}"; do
        [[ -f $folder/models/ids.txt && -r $folder/models/ids.txt ]] || continue
        while IFS= read -r id; do
            [[ $id == [A-Za-z0-9]* && $id != *[!A-Za-z0-9._/:@+-]* ]] && words+=" $id"
        done < "$folder/models/ids.txt"
        return
    done
}

# Adds the names of the profiles in the config file to `words`. The shell sees no other text of that file.
_nbx_profile_names() {
    local folder places=("$HOME/.config/nbx" "$HOME/Library/Application Support/nbx" "$LOCALAPPDATA/nbx")
    [[ $XDG_CONFIG_HOME == /* ]] && places=("$XDG_CONFIG_HOME/nbx")
    [[ -n $NBX_CONFIG_DIR ]] && places=("$NBX_CONFIG_DIR")
    for folder in "${places[@]}"; do
        [[ -f $folder/config.toml && -r $folder/config.toml ]] || continue
        words+=" $(sed -n '@PROFILE@' "$folder/config.toml")"
        return
    done
}

# Offers the files after an @. Readline's own file completion treats the @ as a part of the name.
_nbx_at_file() {
    local name=${current#"$lead"}
    [[ $name == @* ]] || return
    compopt -o filenames 2>/dev/null
    name=${name#@}
    while IFS= read -r word; do
        if [[ -d $word ]]; then
            word+=/
            compopt -o nospace 2>/dev/null
        fi
        word=$lead@$word
        COMPREPLY[${#COMPREPLY[@]}]=${word#"$start"}
    done < <(compgen -f -- "${name//\\/}")
}

_nbx() {
    local IFS=$' \t\n' typed path operand ended flag commands flags valued words files names word
    local lead='' start
    _nbx_split
    _nbx_follow
    local current=${typed[${#typed[@]}-1]}
    current=${current#[\"\']}
    # Readline replaces only the text after the last of its break characters, which is $2.
    start=${current%"$2"}

    if [[ -n $flag ]]; then
        _nbx_values "$path" "$flag"
    elif [[ -z $ended && $current == --*=* ]]; then
        lead=${current%%=*}
        _nbx_values "$path" "$lead"
        lead+='='
    elif [[ -z $ended && $current == -* ]]; then
        words=$flags files='' names=''
    else
        _nbx_values "$path" "$operand"
        words="$commands $words"
    fi
    [[ -n $names ]] && "_nbx_$names"

    COMPREPLY=()
    for word in $words; do
        word=$lead$word
        [[ $word == "$current"* ]] && COMPREPLY[${#COMPREPLY[@]}]=${word#"$start"}
    done
    # Bash 3.2 has no compopt: it offers file names if there are no other completions.
    case $files in
        any) ;;
        dir) compopt +o default -o dirnames 2>/dev/null ;;
        at) compopt +o default 2>/dev/null; _nbx_at_file ;;
        *) compopt +o default 2>/dev/null ;;
    esac
    return 0
}

complete -o default -F _nbx nbx
"""


def script(root: Command) -> str:
    """Return the script for the command tree `root`."""
    grammar = "\n".join(line for command in root.walk() for line in _grammar(command))
    values = "\n".join(f"        {line}" for line in _values(root))
    filled = SCRIPT.replace("@GRAMMAR@", grammar).replace("@VALUES@", values)
    return filled.replace("@PROFILE@", PROFILE_NAME_SED)


def _grammar(command: Command) -> Iterable[str]:
    names = [name for flag in command.flags for name, _ in flag.spellings]
    valued = [name for flag in command.flags if flag.takes_value for name in flag.names]
    yield f"        '{command.name}')"
    yield f"            commands='{' '.join(below.path[-1] for below in command.subcommands)}'"
    yield f"            flags='{' '.join(names)}'"
    yield f"            valued='{' '.join(valued)}'"
    yield "            ;;"


def _values(root: Command) -> Iterable[str]:
    """Yield a `case` branch for each distinct kind of value, with every flag and operand that takes it."""
    by_action: dict[str, list[str]] = {}
    for command in root.walk():
        for flag in command.flags:
            for name in flag.names:
                by_action.setdefault(_action(flag), []).append(f"'{command.name} {name}'")
        for number, argument in enumerate(command.arguments, 1):
            pattern = f"'{command.name} '[1-9]*" if argument.repeatable else f"'{command.name} {number}'"
            by_action.setdefault(_action(argument), []).append(pattern)
    for action, patterns in by_action.items():
        if action:
            yield " | ".join(patterns) + ")"
            yield f"    {action} ;;"


def _action(taker: Flag | Argument) -> str:
    match taker.values:
        case ValueKind.CHOICES:
            return f"words='{' '.join(taker.choices)}'"
        case ValueKind.FILE:
            return "files='any'"
        case ValueKind.DIRECTORY:
            return "files='dir'"
        case ValueKind.AT_FILE:
            return "files='at'"
        case ValueKind.MODEL:
            return "names='model_ids'"
        case ValueKind.PROFILE:
            return "names='profile_names'"
        case ValueKind.NOTHING:
            return ""
