# nbx completion for bash 3.2 and later.
# Made by `python -m nebius_cli.gen --write`; do not edit. TAB starts neither Python nor nbx.

# What may follow the command path $1: commands, flags, and which of the flags take a value.
_nbx_grammar() {
    commands='' flags='' valued=''
    case $1 in
        'nbx')
            commands='complete config local'
            flags='--version -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx complete')
            commands=''
            flags='-f --file --prompts --tokens -0 --null --strip-final-newline --encoding --invalid --allow-empty -m --model --max-tokens --temperature --top-p -n --n --stop --presence-penalty --frequency-penalty --logit-bias --logprobs --echo --no-echo --stream --no-stream --stream-options --user --service-tier --ai-project-id --extra-body --param --unset --validate --no-validate --json --ndjson -o --output --newline -N --no-newline --usage --no-usage --fail-on --dry-run --curl --local --model-file --api-key-file --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='-f --file --prompts --tokens --encoding --invalid -m --model --max-tokens --temperature --top-p -n --n --stop --presence-penalty --frequency-penalty --logit-bias --logprobs --stream-options --user --service-tier --ai-project-id --extra-body --param --unset -o --output --fail-on --model-file --api-key-file --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --color --profile'
            ;;
        'nbx config')
            commands='set get unset list path'
            flags='-h --help'
            valued=''
            ;;
        'nbx config set')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx config get')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx config unset')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx config list')
            commands=''
            flags='--json -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx config path')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx local')
            commands='pull list rm serve'
            flags='-h --help'
            valued=''
            ;;
        'nbx local pull')
            commands=''
            flags='--force -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx local list')
            commands=''
            flags='--json -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx local rm')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx local serve')
            commands=''
            flags='--port --model-file -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--port --model-file --color --profile'
            ;;
    esac
}

# What completes the value of $2, a flag or the number of an operand, after the command path $1.
_nbx_values() {
    words='' files=''
    case "$1 $2" in
        'nbx --color' | 'nbx complete --color' | 'nbx config set --color' | 'nbx config get --color' | 'nbx config unset --color' | 'nbx config list --color' | 'nbx config path --color' | 'nbx local pull --color' | 'nbx local list --color' | 'nbx local rm --color' | 'nbx local serve --color')
            words='auto always never' ;;
        'nbx complete -f' | 'nbx complete --file' | 'nbx complete --prompts' | 'nbx complete -o' | 'nbx complete --output' | 'nbx complete --model-file' | 'nbx complete --api-key-file' | 'nbx complete --cacert' | 'nbx local serve --model-file')
            files='any' ;;
        'nbx complete --tokens' | 'nbx complete --logit-bias' | 'nbx complete --stream-options' | 'nbx complete --extra-body')
            files='at' ;;
        'nbx complete --invalid')
            words='strict replace' ;;
        'nbx complete --service-tier')
            words='auto default over-limit flex no-limit' ;;
        'nbx complete --unset')
            words='model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body' ;;
        'nbx config set 1' | 'nbx config get 1' | 'nbx config unset 1')
            words='api_key base_url cacert retries connect_timeout first_byte_timeout stall_timeout timeout model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body' ;;
    esac
}

# Sets `typed` to the words up to the cursor. Bash has cut them at `=`, `:` and `@` as well, and only the
# white space in the line tells which pieces belong together.
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
# (-- was given), and `flag` when its value is what comes next.
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

# Offers the files behind an @. Readline takes the @ for a part of the name, so its own files are no use.
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
    local IFS=$' \t\n' typed path operand ended flag commands flags valued words files word lead='' start
    _nbx_split
    _nbx_follow
    local current=${typed[${#typed[@]}-1]}
    current=${current#[\"\']}
    # Readline replaces only what follows the last of its break characters, which is $2.
    start=${current%"$2"}

    if [[ -n $flag ]]; then
        _nbx_values "$path" "$flag"
    elif [[ -z $ended && $current == --*=* ]]; then
        lead=${current%%=*}
        _nbx_values "$path" "$lead"
        lead+='='
    elif [[ -z $ended && $current == -* ]]; then
        words=$flags files=''
    else
        _nbx_values "$path" "$operand"
        words="$commands $words"
    fi

    COMPREPLY=()
    for word in $words; do
        word=$lead$word
        [[ $word == "$current"* ]] && COMPREPLY[${#COMPREPLY[@]}]=${word#"$start"}
    done
    # Without compopt, which bash 3.2 lacks, file names are offered where nothing else is.
    case $files in
        any) ;;
        dir) compopt +o default -o dirnames 2>/dev/null ;;
        at) compopt +o default 2>/dev/null; _nbx_at_file ;;
        *) compopt +o default 2>/dev/null ;;
    esac
    return 0
}

complete -o default -F _nbx nbx
