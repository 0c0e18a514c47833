# nbx completion for bash 3.2 and later.
# Made by `python -m nebius_cli.gen --write`; do not edit. TAB starts neither Python nor nbx.

# What may follow the command path $1: commands, flags, and which of the flags take a value.
_nbx_grammar() {
    commands='' flags='' valued=''
    case $1 in
        'nbx')
            commands='complete doctor auth config profile models local'
            flags='--version -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx complete')
            commands=''
            flags='-f --file --prompts --tokens -0 --null --strip-final-newline --encoding --invalid --allow-empty -m --model --max-tokens --temperature --top-p -n --n --stop --presence-penalty --frequency-penalty --logit-bias --logprobs --echo --no-echo --stream --no-stream --stream-options --user --service-tier --ai-project-id --extra-body --param --unset --validate --no-validate --json --ndjson -o --output --newline -N --no-newline --usage --no-usage --fail-on --dry-run --curl --local --model-file --api-key-file --api-key --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='-f --file --prompts --tokens --encoding --invalid -m --model --max-tokens --temperature --top-p -n --n --stop --presence-penalty --frequency-penalty --logit-bias --logprobs --stream-options --user --service-tier --ai-project-id --extra-body --param --unset -o --output --fail-on --model-file --api-key-file --api-key --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --color --profile'
            ;;
        'nbx doctor')
            commands=''
            flags='--live --json -m --model --ai-project-id --api-key-file --api-key --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='-m --model --ai-project-id --api-key-file --api-key --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --color --profile'
            ;;
        'nbx auth')
            commands='login logout status token'
            flags='-h --help'
            valued=''
            ;;
        'nbx auth login')
            commands=''
            flags='--with-token --keyring --no-keyring -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx auth logout')
            commands=''
            flags='--all -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx auth status')
            commands=''
            flags='--check --json --api-key-file --api-key --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--api-key-file --api-key --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --color --profile'
            ;;
        'nbx auth token')
            commands=''
            flags='--api-key-file --api-key -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--api-key-file --api-key --color --profile'
            ;;
        'nbx config')
            commands='set get unset list edit path'
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
            flags='--show-origin -q --quiet -v --verbose --debug --color --profile -h --help'
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
        'nbx config edit')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx config path')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx profile')
            commands='list use add rm'
            flags='-h --help'
            valued=''
            ;;
        'nbx profile list')
            commands=''
            flags='--json -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx profile use')
            commands=''
            flags='--none -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx profile add')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx profile rm')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx models')
            commands='list show use'
            flags='-h --help --json --sort --reverse --refresh --api-key-file --api-key --ai-project-id --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout -q --quiet -v --verbose --debug --color --profile'
            valued='--sort --api-key-file --api-key --ai-project-id --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --color --profile'
            ;;
        'nbx models list')
            commands=''
            flags='--json --sort --reverse --refresh --api-key-file --api-key --ai-project-id --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--sort --api-key-file --api-key --ai-project-id --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --color --profile'
            ;;
        'nbx models show')
            commands=''
            flags='--json --refresh --api-key-file --api-key --ai-project-id --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--api-key-file --api-key --ai-project-id --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --color --profile'
            ;;
        'nbx models use')
            commands=''
            flags='--force --refresh --api-key-file --api-key --ai-project-id --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--api-key-file --api-key --ai-project-id --base-url --cacert --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --color --profile'
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
    words='' files='' models=''
    case "$1 $2" in
        'nbx --color' | 'nbx complete --color' | 'nbx doctor --color' | 'nbx auth login --color' | 'nbx auth logout --color' | 'nbx auth status --color' | 'nbx auth token --color' | 'nbx config set --color' | 'nbx config get --color' | 'nbx config unset --color' | 'nbx config list --color' | 'nbx config edit --color' | 'nbx config path --color' | 'nbx profile list --color' | 'nbx profile use --color' | 'nbx profile add --color' | 'nbx profile rm --color' | 'nbx models --color' | 'nbx models list --color' | 'nbx models show --color' | 'nbx models use --color' | 'nbx local pull --color' | 'nbx local list --color' | 'nbx local rm --color' | 'nbx local serve --color')
            words='auto always never' ;;
        'nbx complete -f' | 'nbx complete --file' | 'nbx complete --prompts' | 'nbx complete -o' | 'nbx complete --output' | 'nbx complete --model-file' | 'nbx complete --api-key-file' | 'nbx complete --cacert' | 'nbx doctor --api-key-file' | 'nbx doctor --cacert' | 'nbx auth status --api-key-file' | 'nbx auth status --cacert' | 'nbx auth token --api-key-file' | 'nbx models --api-key-file' | 'nbx models --cacert' | 'nbx models list --api-key-file' | 'nbx models list --cacert' | 'nbx models show --api-key-file' | 'nbx models show --cacert' | 'nbx models use --api-key-file' | 'nbx models use --cacert' | 'nbx local serve --model-file')
            files='any' ;;
        'nbx complete --tokens' | 'nbx complete --logit-bias' | 'nbx complete --stream-options' | 'nbx complete --extra-body')
            files='at' ;;
        'nbx complete --invalid')
            words='strict replace' ;;
        'nbx complete -m' | 'nbx complete --model' | 'nbx doctor -m' | 'nbx doctor --model' | 'nbx models show 1' | 'nbx models use 1')
            models=1 ;;
        'nbx complete --service-tier')
            words='auto default over-limit flex no-limit' ;;
        'nbx complete --unset')
            words='model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body' ;;
        'nbx config set 1' | 'nbx config get 1' | 'nbx config unset 1')
            words='api_key api_key_command api_key_keyring base_url cacert retries connect_timeout first_byte_timeout stall_timeout timeout model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body use_profile project_file' ;;
        'nbx models --sort' | 'nbx models list --sort')
            words='id context price created' ;;
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

# Adds the ids of the models that `nbx models` listed last to `words`. The file is read and never run, and a
# line that could mean anything to a shell is left out.
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
    local IFS=$' \t\n' typed path operand ended flag commands flags valued words files models word
    local lead='' start
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
        words=$flags files='' models=''
    else
        _nbx_values "$path" "$operand"
        words="$commands $words"
    fi
    [[ -n $models ]] && _nbx_model_ids

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
