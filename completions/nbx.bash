# nbx completion for bash 3.2 and later.
# Made by `python -m nebius_cli.gen --write`; do not edit. Completion does not start Python or nbx.

# What may follow the command path $1: commands, flags, and which of the flags take a value.
_nbx_grammar() {
    commands='' flags='' valued=''
    case $1 in
        'nbx')
            commands='complete bulk view score rank auth usage history config profile models local doctor completion'
            flags='--version -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx complete')
            commands=''
            flags='-f --file --template-file --prompts --tokens -0 --null -s --strip-final-newline --encoding --invalid --allow-empty --continue --continue-from --choice --suffix --suffix-file --infill --infill-format -m --model --max-tokens --temperature --top-p -n --n --stop --presence-penalty --frequency-penalty --logit-bias --logprobs --echo --no-echo --stream --no-stream --stream-options --user --service-tier --ai-project-id --extra-body --param --unset --validate --no-validate --json --ndjson --view --export -o --output --newline -N --no-newline --usage --no-usage --fail-on --dry-run --curl --local --model-file --ledger --no-ledger --over-budget --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory -q --quiet -v --verbose --debug --color --profile --help-all -h --help'
            valued='-f --file --template-file --prompts --tokens --encoding --invalid --continue-from --choice --suffix --suffix-file --infill --infill-format -m --model --max-tokens --temperature --top-p -n --n --stop --presence-penalty --frequency-penalty --logit-bias --logprobs --stream-options --user --service-tier --ai-project-id --extra-body --param --unset --view --export -o --output --fail-on --model-file --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --color --profile'
            ;;
        'nbx bulk')
            commands='run merge export'
            flags='-h --help --format --template --template-file -0 --null --encoding --invalid --allow-empty --on-bad-row --shard --matrix -o --output --ray --output-format --restart --no-prompt --ordered --summary --estimate --json --dry-run --concurrency --rpm --tpm --group --max-total-tokens --max-cost --price -m --model --max-tokens --temperature --top-p -n --n --stop --presence-penalty --frequency-penalty --logit-bias --logprobs --echo --no-echo --user --service-tier --ai-project-id --extra-body --param --unset --validate --no-validate --local --model-file --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --ledger --no-ledger --over-budget -q --quiet -v --verbose --debug --color --profile --help-all'
            valued='--format --template --template-file --encoding --invalid --on-bad-row --shard --matrix -o --output --ray --output-format --summary --concurrency --rpm --tpm --group --max-total-tokens --max-cost --price -m --model --max-tokens --temperature --top-p -n --n --stop --presence-penalty --frequency-penalty --logit-bias --logprobs --user --service-tier --ai-project-id --extra-body --param --unset --model-file --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --color --profile'
            ;;
        'nbx bulk run')
            commands=''
            flags='--format --template --template-file -0 --null --encoding --invalid --allow-empty --on-bad-row --shard --matrix -o --output --ray --output-format --restart --no-prompt --ordered --summary --estimate --json --dry-run --concurrency --rpm --tpm --group --max-total-tokens --max-cost --price -m --model --max-tokens --temperature --top-p -n --n --stop --presence-penalty --frequency-penalty --logit-bias --logprobs --echo --no-echo --user --service-tier --ai-project-id --extra-body --param --unset --validate --no-validate --local --model-file --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --ledger --no-ledger --over-budget -q --quiet -v --verbose --debug --color --profile --help-all -h --help'
            valued='--format --template --template-file --encoding --invalid --on-bad-row --shard --matrix -o --output --ray --output-format --summary --concurrency --rpm --tpm --group --max-total-tokens --max-cost --price -m --model --max-tokens --temperature --top-p -n --n --stop --presence-penalty --frequency-penalty --logit-bias --logprobs --user --service-tier --ai-project-id --extra-body --param --unset --model-file --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --color --profile'
            ;;
        'nbx bulk merge')
            commands=''
            flags='-o --output --force --input --matrix --format -0 --null --encoding --invalid -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='-o --output --input --matrix --format --encoding --invalid --color --profile'
            ;;
        'nbx bulk export')
            commands=''
            flags='--text --csv --format --side-by-side --escape-formulas -0 --null --input --matrix -o --output --force -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--format --input --matrix -o --output --color --profile'
            ;;
        'nbx view')
            commands=''
            flags='--view --export -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--view --export --color --profile'
            ;;
        'nbx score')
            commands=''
            flags='-f --file --jsonl -s --strip-final-newline -c --context --context-file --json --max-tokens --against --against-local --against-file --stride --window --logprobs --tokens --format --encoding --invalid --on-bad-row --shard -o --output --restart --ordered --summary --estimate --dry-run --concurrency --rpm --tpm --group --max-total-tokens --max-cost --price -m --model --ai-project-id --param --local --model-file --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --ledger --no-ledger --over-budget -q --quiet -v --verbose --debug --color --profile --help-all -h --help'
            valued='-f --file --jsonl -c --context --context-file --max-tokens --against --against-file --stride --window --logprobs --format --encoding --invalid --on-bad-row --shard -o --output --summary --concurrency --rpm --tpm --group --max-total-tokens --max-cost --price -m --model --ai-project-id --param --model-file --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --color --profile'
            ;;
        'nbx rank')
            commands=''
            flags='-c --context --context-file --json --max-tokens --against --against-local --against-file --tokens -m --model --ai-project-id --param --local --model-file --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --ledger --no-ledger --over-budget -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='-c --context --context-file --max-tokens --against --against-file -m --model --ai-project-id --param --model-file --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --color --profile'
            ;;
        'nbx auth')
            commands='login logout status token'
            flags='-h --help'
            valued=''
            ;;
        'nbx auth login')
            commands=''
            flags='--with-token --verify --no-verify --keyring --no-keyring -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx auth logout')
            commands=''
            flags='--all -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx auth status')
            commands=''
            flags='--check --json --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --color --profile'
            ;;
        'nbx auth token')
            commands=''
            flags='--api-key-file --api-key -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--api-key-file --api-key --color --profile'
            ;;
        'nbx usage')
            commands='show plot export path'
            flags='-h --help --by --since --until --json -q --quiet -v --verbose --debug --color --profile'
            valued='--by --since --until --color --profile'
            ;;
        'nbx usage show')
            commands=''
            flags='--by --since --until --json -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--by --since --until --color --profile'
            ;;
        'nbx usage plot')
            commands=''
            flags='--of --since --until --export -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--of --since --until --export --color --profile'
            ;;
        'nbx usage export')
            commands=''
            flags='--csv --json --since --until --escape-formulas -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--since --until --color --profile'
            ;;
        'nbx usage path')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx history')
            commands='list search show rerun rm prune'
            flags='-h --help --limit --since --until --json -q --quiet -v --verbose --debug --color --profile'
            valued='--limit --since --until --color --profile'
            ;;
        'nbx history list')
            commands=''
            flags='--limit --since --until --json -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--limit --since --until --color --profile'
            ;;
        'nbx history search')
            commands=''
            flags='--limit --since --until --json -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--limit --since --until --color --profile'
            ;;
        'nbx history show')
            commands=''
            flags='--json -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx history rerun')
            commands=''
            flags='--json --ndjson -o --output --newline -N --no-newline --usage --no-usage --model-file --ledger --no-ledger --over-budget --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='-o --output --model-file --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --color --profile'
            ;;
        'nbx history rm')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx history prune')
            commands=''
            flags='--older-than -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--older-than --color --profile'
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
            flags='--all --json -q --quiet -v --verbose --debug --color --profile -h --help'
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
            flags='-h --help --json --sort --reverse --refresh --api-key-file --api-key --ai-project-id --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory -q --quiet -v --verbose --debug --color --profile'
            valued='--sort --api-key-file --api-key --ai-project-id --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --color --profile'
            ;;
        'nbx models list')
            commands=''
            flags='--json --sort --reverse --refresh --api-key-file --api-key --ai-project-id --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--sort --api-key-file --api-key --ai-project-id --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --color --profile'
            ;;
        'nbx models show')
            commands=''
            flags='--json --refresh --api-key-file --api-key --ai-project-id --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--api-key-file --api-key --ai-project-id --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --color --profile'
            ;;
        'nbx models use')
            commands=''
            flags='--force --refresh --api-key-file --api-key --ai-project-id --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--api-key-file --api-key --ai-project-id --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --color --profile'
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
        'nbx doctor')
            commands=''
            flags='--live --json -m --model --ai-project-id --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory -q --quiet -v --verbose --debug --color --profile -h --help'
            valued='-m --model --ai-project-id --api-key-file --api-key --base-url --cacert --header --retries --connect-timeout --first-byte-timeout --stall-timeout --timeout --max-memory --color --profile'
            ;;
        'nbx completion')
            commands='install uninstall show'
            flags='-h --help'
            valued=''
            ;;
        'nbx completion install')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx completion uninstall')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
        'nbx completion show')
            commands=''
            flags='-q --quiet -v --verbose --debug --color --profile -h --help'
            valued='--color --profile'
            ;;
    esac
}

# What completes the value of $2, a flag or the number of an operand, after the command path $1.
_nbx_values() {
    words='' files='' names=''
    case "$1 $2" in
        'nbx --color' | 'nbx complete --color' | 'nbx bulk --color' | 'nbx bulk run --color' | 'nbx bulk merge --color' | 'nbx bulk export --color' | 'nbx view --color' | 'nbx score --color' | 'nbx rank --color' | 'nbx auth login --color' | 'nbx auth logout --color' | 'nbx auth status --color' | 'nbx auth token --color' | 'nbx usage --color' | 'nbx usage show --color' | 'nbx usage plot --color' | 'nbx usage export --color' | 'nbx usage path --color' | 'nbx history --color' | 'nbx history list --color' | 'nbx history search --color' | 'nbx history show --color' | 'nbx history rerun --color' | 'nbx history rm --color' | 'nbx history prune --color' | 'nbx config set --color' | 'nbx config get --color' | 'nbx config unset --color' | 'nbx config list --color' | 'nbx config edit --color' | 'nbx config path --color' | 'nbx profile list --color' | 'nbx profile use --color' | 'nbx profile add --color' | 'nbx profile rm --color' | 'nbx models --color' | 'nbx models list --color' | 'nbx models show --color' | 'nbx models use --color' | 'nbx local pull --color' | 'nbx local list --color' | 'nbx local rm --color' | 'nbx local serve --color' | 'nbx doctor --color' | 'nbx completion install --color' | 'nbx completion uninstall --color' | 'nbx completion show --color')
            words='auto always never' ;;
        'nbx --profile' | 'nbx complete --profile' | 'nbx bulk --profile' | 'nbx bulk run --profile' | 'nbx bulk merge --profile' | 'nbx bulk export --profile' | 'nbx view --profile' | 'nbx score --profile' | 'nbx rank --profile' | 'nbx auth login --profile' | 'nbx auth logout --profile' | 'nbx auth status --profile' | 'nbx auth token --profile' | 'nbx usage --profile' | 'nbx usage show --profile' | 'nbx usage plot --profile' | 'nbx usage export --profile' | 'nbx usage path --profile' | 'nbx history --profile' | 'nbx history list --profile' | 'nbx history search --profile' | 'nbx history show --profile' | 'nbx history rerun --profile' | 'nbx history rm --profile' | 'nbx history prune --profile' | 'nbx config set --profile' | 'nbx config get --profile' | 'nbx config unset --profile' | 'nbx config list --profile' | 'nbx config edit --profile' | 'nbx config path --profile' | 'nbx profile list --profile' | 'nbx profile use --profile' | 'nbx profile use 1' | 'nbx profile add --profile' | 'nbx profile rm --profile' | 'nbx profile rm 1' | 'nbx models --profile' | 'nbx models list --profile' | 'nbx models show --profile' | 'nbx models use --profile' | 'nbx local pull --profile' | 'nbx local list --profile' | 'nbx local rm --profile' | 'nbx local serve --profile' | 'nbx doctor --profile' | 'nbx completion install --profile' | 'nbx completion uninstall --profile' | 'nbx completion show --profile')
            names='profile_names' ;;
        'nbx complete -f' | 'nbx complete --file' | 'nbx complete --template-file' | 'nbx complete --prompts' | 'nbx complete --suffix-file' | 'nbx complete --infill' | 'nbx complete --export' | 'nbx complete -o' | 'nbx complete --output' | 'nbx complete --model-file' | 'nbx complete --api-key-file' | 'nbx complete --cacert' | 'nbx bulk --template-file' | 'nbx bulk -o' | 'nbx bulk --output' | 'nbx bulk --summary' | 'nbx bulk --model-file' | 'nbx bulk --api-key-file' | 'nbx bulk --cacert' | 'nbx bulk '[1-9]* | 'nbx bulk run --template-file' | 'nbx bulk run -o' | 'nbx bulk run --output' | 'nbx bulk run --summary' | 'nbx bulk run --model-file' | 'nbx bulk run --api-key-file' | 'nbx bulk run --cacert' | 'nbx bulk run '[1-9]* | 'nbx bulk merge -o' | 'nbx bulk merge --output' | 'nbx bulk merge --input' | 'nbx bulk merge '[1-9]* | 'nbx bulk export --input' | 'nbx bulk export -o' | 'nbx bulk export --output' | 'nbx bulk export 1' | 'nbx view --export' | 'nbx view 1' | 'nbx score -f' | 'nbx score --file' | 'nbx score --jsonl' | 'nbx score --context-file' | 'nbx score --against-file' | 'nbx score -o' | 'nbx score --output' | 'nbx score --summary' | 'nbx score --model-file' | 'nbx score --api-key-file' | 'nbx score --cacert' | 'nbx rank --context-file' | 'nbx rank --against-file' | 'nbx rank --model-file' | 'nbx rank --api-key-file' | 'nbx rank --cacert' | 'nbx auth status --api-key-file' | 'nbx auth status --cacert' | 'nbx auth token --api-key-file' | 'nbx usage plot --export' | 'nbx history rerun -o' | 'nbx history rerun --output' | 'nbx history rerun --model-file' | 'nbx history rerun --api-key-file' | 'nbx history rerun --cacert' | 'nbx models --api-key-file' | 'nbx models --cacert' | 'nbx models list --api-key-file' | 'nbx models list --cacert' | 'nbx models show --api-key-file' | 'nbx models show --cacert' | 'nbx models use --api-key-file' | 'nbx models use --cacert' | 'nbx local serve --model-file' | 'nbx doctor --api-key-file' | 'nbx doctor --cacert')
            files='any' ;;
        'nbx complete --tokens' | 'nbx complete --logit-bias' | 'nbx complete --stream-options' | 'nbx complete --extra-body' | 'nbx bulk --logit-bias' | 'nbx bulk --extra-body' | 'nbx bulk run --logit-bias' | 'nbx bulk run --extra-body')
            files='at' ;;
        'nbx complete --invalid' | 'nbx bulk --invalid' | 'nbx bulk run --invalid' | 'nbx bulk merge --invalid' | 'nbx score --invalid')
            words='strict replace' ;;
        'nbx complete --infill-format')
            words='qwen deepseek starcoder2 starcoder codellama codegemma codestral granite4 granite' ;;
        'nbx complete -m' | 'nbx complete --model' | 'nbx bulk -m' | 'nbx bulk --model' | 'nbx bulk run -m' | 'nbx bulk run --model' | 'nbx score --against' | 'nbx score -m' | 'nbx score --model' | 'nbx rank --against' | 'nbx rank -m' | 'nbx rank --model' | 'nbx models show 1' | 'nbx models use 1' | 'nbx doctor -m' | 'nbx doctor --model')
            names='model_ids' ;;
        'nbx complete --service-tier' | 'nbx bulk --service-tier' | 'nbx bulk run --service-tier')
            words='auto default over-limit flex no-limit' ;;
        'nbx complete --unset' | 'nbx bulk --unset' | 'nbx bulk run --unset')
            words='model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body' ;;
        'nbx complete --view' | 'nbx view --view')
            words='heat table' ;;
        'nbx complete --fail-on')
            words='stop length content_filter abort' ;;
        'nbx bulk --format' | 'nbx bulk run --format' | 'nbx bulk merge --format' | 'nbx score --format')
            words='jsonl csv tsv text parquet' ;;
        'nbx bulk --on-bad-row' | 'nbx bulk run --on-bad-row' | 'nbx score --on-bad-row')
            words='fail skip' ;;
        'nbx bulk --output-format' | 'nbx bulk run --output-format')
            words='parquet jsonl' ;;
        'nbx bulk export --format')
            words='text csv tsv parquet html' ;;
        'nbx score --max-tokens' | 'nbx rank --max-tokens')
            words='0 1' ;;
        'nbx usage --by' | 'nbx usage show --by')
            words='day model profile run' ;;
        'nbx usage plot --of')
            words='cost tokens requests' ;;
        'nbx config set 1' | 'nbx config get 1' | 'nbx config unset 1')
            words='api_key api_key_command api_key_keyring base_url cacert headers retries connect_timeout first_byte_timeout stall_timeout timeout max_memory model max_tokens temperature top_p n stop presence_penalty frequency_penalty logit_bias logprobs echo stream stream_options user service_tier ai_project_id extra_body ledger history.text budget.daily budget.monthly use_profile project_file' ;;
        'nbx models --sort' | 'nbx models list --sort')
            words='id context price created' ;;
        'nbx completion install 1' | 'nbx completion uninstall 1' | 'nbx completion show 1')
            words='bash zsh fish powershell' ;;
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
        words+=" $(sed -n 's/^[[:space:]]*\[profile\.\([A-Za-z0-9_][A-Za-z0-9_-]*\)\][[:space:]]*\(#.*\)\{0,1\}$/\1/p' "$folder/config.toml")"
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
